"""Requests that are one call of a loaded model, compared with each alone."""

import json
import mmap
from collections.abc import Sequence

from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.turn_log import SIZE, TurnLog
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.http_protocol import Request
from regolo_git.serving.local.worker.joined_call import Asked, JoinedCalls


def calls_of(predictor: Predictor) -> JoinedCalls:
    return JoinedCalls.of(WorkerApp(predictor, TurnLog(mmap.mmap(-1, SIZE))), 64)


def read(calls: JoinedCalls, body: object, path: str = "/invocations") -> Asked:
    asked = calls.read(Request("POST", path, [], json.dumps(body).encode()))
    assert isinstance(asked, Asked), asked
    return asked


def assert_joined(calls: JoinedCalls, bodies: Sequence[object], path: str = "/invocations") -> list[bytes]:
    """The answers of one call, which are those of each alone, byte for byte."""
    group = [read(calls, body, path) for body in bodies]
    assert len({asked.key for asked in group}) == 1
    assert group[0].key is not None
    together = calls.predict(group)
    assert together is not None
    answers = []
    for asked, answer in zip(group, together, strict=True):
        alone = calls.predict([asked])
        assert alone == [answer]
        assert isinstance(answer, HttpAnswer)
        assert answer.status == 200
        answers.append(answer.body)
    return answers
