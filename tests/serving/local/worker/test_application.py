"""A worker's answers, without a process: both protocols, the model's mistakes and the callers'."""

import asyncio
import json
import mmap
from collections.abc import Callable

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.turn_log import SIZE, TurnLog
from regolo_git.serving.local.worker.application import WorkerApp
from regolo_git.serving.local.worker.call import Call, Signature, TensorType
from regolo_git.serving.local.worker.http_protocol import Request


class Model:
    """Answers by a function."""

    def __init__(self, function: Callable[[Call], object]) -> None:
        self._function = function

    def predict(self, call: Call) -> object:
        return self._function(call)

    def signature(self) -> Signature:
        return Signature("test")


def echo(call: Call) -> object:
    return call.plain()


def request(
    app: WorkerApp, method: str, path: str, body: bytes, *, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> tuple[int, dict[str, object]]:
    asked = Request(method, path, list(headers), body)
    answer = app.predict(asked) if app.is_prediction(asked) else app.page(path)
    if not isinstance(answer, HttpAnswer):
        answer = asyncio.run(answer)  # type: ignore[arg-type]
    return answer.status, json.loads(answer.body)


def app_of(model: Model, log: TurnLog | None = None) -> WorkerApp:
    return WorkerApp(model, log or TurnLog(mmap.mmap(-1, SIZE)))


def ask(function: Callable[[Call], object], method: str, path: str, body: bytes = b"", **given: object):
    return request(app_of(Model(function)), method, path, body, **given)  # type: ignore[arg-type]


def test_both_protocols_are_answered() -> None:
    assert ask(echo, "POST", "/invocations", b'{"inputs": [1]}') == (200, {"predictions": [1]})
    sent = b'{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
    status, answer = ask(lambda call: call.named["x"], "POST", "/v2/models/m/versions/1.0/infer", sent)  # type: ignore[index]
    assert (status, answer["model_version"], answer["outputs"][0]["data"]) == (200, "1.0", [5])


@pytest.mark.parametrize(
    "path",
    [
        "/ping",
        "/health",
        "/v2/health/live",
        "/v2/health/ready",
        "/v2/models/m/ready",
        "/v2/models/m/versions/1/ready",
    ],
)
def test_it_says_that_it_is_ready(path: str) -> None:
    assert ask(echo, "GET", path) == (200, {})


def test_it_says_what_it_holds() -> None:
    assert ask(echo, "GET", "/v2/models/m")[1]["versions"] == []
    assert ask(echo, "GET", "/v2/models/m/versions/1.0")[1]["versions"] == ["1.0"]
    assert ask(echo, "GET", "/v2/models/m/versions/1.0")[1]["platform"] == "test"
    assert ask(echo, "GET", "/v2/models/m/versions/1.0/config")[1]["platform"] == "test"


@pytest.mark.parametrize("path", ["/", "/invocations", "/v2/models/m/infer", "/v2/models/m/versions/1/x/y"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert ask(echo, "GET", path)[0] == 404


def test_a_models_failure_is_a_500_that_names_it_and_what_it_cannot_take_is_a_400() -> None:
    def fail(_: Call) -> object:
        raise KeyError("weights")

    def refuse(_: Call) -> object:
        raise InvalidInput("the model expects rows of 2 values")

    status, answer = ask(fail, "POST", "/invocations", b'{"inputs": [1]}')
    assert (status, answer["message"]) == (500, "the model failed: KeyError: 'weights'")
    status, answer = ask(refuse, "POST", "/invocations", b'{"inputs": [1]}')
    assert (status, answer["error"]) == (400, "the model expects rows of 2 values")
    assert ask(lambda _: object(), "POST", "/invocations", b'{"inputs": [1]}')[0] == 500


def test_a_failure_is_told_without_the_paths_of_the_server() -> None:
    def fail(_: Call) -> object:
        raise FileNotFoundError(2, "No such file", "/srv/models/words.txt")

    def refuse(_: Call) -> object:
        raise InvalidInput("rejected by /srv/models/words.txt")

    told = ask(fail, "POST", "/invocations", b'{"inputs": [1]}')[1]["message"]
    assert told == "the model failed: FileNotFoundError: [Errno 2] No such file: 'words.txt'"
    assert ask(refuse, "POST", "/invocations", b'{"inputs": [1]}')[1]["error"] == "rejected by words.txt"


def test_the_length_of_the_json_before_binary_tensors_is_one_number() -> None:
    sent = b'{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
    name, right = b"inference-header-content-length", b"%d" % len(sent)
    for lengths, status in (
        ((right,), 200),
        ((b"-1",), 400),
        ((b"x",), 400),
        ((b"9" * 5000,), 400),
        ((right, right), 400),
    ):
        headers = tuple((name, length) for length in lengths)
        assert ask(echo, "POST", "/v2/models/m/infer", sent, headers=headers)[0] == status


def test_an_output_that_the_model_does_not_have_is_refused_before_it_predicts() -> None:
    calls: list[Call] = []

    class Named(Model):
        def signature(self) -> Signature:
            return Signature("test", outputs=(TensorType("y", "INT64", (1,)),))

    entry = {"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}
    sent = json.dumps({"inputs": [entry], "outputs": [{"name": "z"}]}).encode()
    status, answer = request(app_of(Named(calls.append)), "POST", "/v2/models/m/infer", sent)
    assert (status, answer["error"], calls) == (400, "the model has no output 'z'; it has y", [])


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_a_model_cannot_end_its_worker(raised: BaseException) -> None:
    def leave(_: Call) -> object:
        raise raised

    async def leave_later(_: Call) -> object:
        raise raised

    assert ask(leave, "POST", "/invocations", b'{"inputs": [1]}')[0] == 500
    if not isinstance(raised, asyncio.CancelledError):
        assert ask(leave_later, "POST", "/invocations", b'{"inputs": [1]}')[0] == 500


def test_a_request_is_logged_before_the_model_is_called_and_not_predicted_once_taken_back() -> None:
    log, begun = TurnLog(mmap.mmap(-1, SIZE)), []

    def look(call: Call) -> object:
        begun.append((log.has_begun(7, 0), log.state().busy_seconds > 0))
        return call.plain()

    def send(number: int) -> tuple[int, dict[str, object]]:
        headers = ((b"x-regolo-request", b"%d" % number),)
        app = app_of(Model(look), log)
        return request(app, "POST", "/invocations", b'{"inputs": [1]}', headers=headers)

    assert send(7) == (200, {"predictions": [1]})
    assert begun == [(True, True)]
    assert log.state().busy_seconds == 0
    assert log.take_back(8, log.state().begun)
    assert send(8)[0] == 503
    assert len(begun) == 1


def test_a_model_that_turns_out_to_wait_for_others_is_noted() -> None:
    async def wait(call: Call) -> object:
        return call.plain()

    log = TurnLog(mmap.mmap(-1, SIZE))
    app = app_of(Model(wait), log)
    assert not log.state().awaits
    assert request(app, "POST", "/invocations", b'{"inputs": [1]}') == (200, {"predictions": [1]})
    assert log.state().awaits
