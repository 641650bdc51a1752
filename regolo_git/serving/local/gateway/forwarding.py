"""Forwarding a request to a worker of its version, and returning the answer.

A request is sent again whenever the model has not begun it: the worker could not be reached, or ended before
its turn came (`turn_log.py`).  If the model may have begun it, it is sent again up to the endpoint's `retry`
times, and only if the model may be called twice.  While no worker of the version is free, it waits in line
(`line.py`) until its timeout.  Once the head of a stream is there, nothing is sent again (`streamed.py`).
"""

import asyncio
import itertools
import secrets
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from regolo_git.serving.local.gateway.exchange import Header, NoAnswer, Unreachable, WorkerAnswer
from regolo_git.serving.local.gateway.headers import answer_headers, header
from regolo_git.serving.local.gateway.http_protocol import DOUBT_SECONDS
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.refusal import RETRY_AFTER
from regolo_git.serving.local.gateway.streamed import Streamed
from regolo_git.serving.local.gateway.upstream import Upstream
from regolo_git.serving.local.http_answer import HttpAnswer, error_answer, without_paths
from regolo_git.serving.traffic.routing_table import WeightedVersion

# An answer up to this size is read before it is sent on, so that the request can still be sent again.
WHOLE_BYTES = 1 << 20
# Python refuses to read a number of thousands of digits.
MOST_DIGITS = 18


class Caller(Protocol):
    """The connection of a caller."""

    @property
    def is_doubtful(self) -> bool:
        """Whether the caller may have left, which will be known in a moment."""
        ...


class Prediction(NamedTuple):
    """A request to forward, in MLflow's form or the V2 protocol's, and the connection of its caller."""

    endpoint: str
    headers: list[Header]
    body: bytes
    is_v2: bool
    caller: Caller

    def path_to(self, chosen: WeightedVersion) -> str:
        """The path on the worker."""
        return f"{chosen.model_path_in(self.endpoint)}/infer" if self.is_v2 else "/invocations"


class Forwarder:
    """Forwards requests; every attempt uses the current table."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table
        # Two gateways send to the same workers while one replaces the other.
        self._numbers = itertools.count(secrets.randbits(62))

    async def forward(
        self, prediction: Prediction, version: str, *, whole_bytes: int = WHOLE_BYTES
    ) -> HttpAnswer | Streamed | None:
        """The worker's answer, or our own 502, 503 or 504; one of up to `whole_bytes` is read first.

        None if the version has left the table before a worker received the request.
        """
        seconds = self._table.routes[prediction.endpoint].routing.timeout_seconds
        attempt = _Attempt(prediction, self._numbers, whole_bytes)
        try:
            async with asyncio.timeout(seconds):
                return await self._until_answered(attempt, version)
        except TimeoutError:
            return self._too_late(attempt, version, seconds)

    async def _until_answered(self, attempt: "_Attempt", version: str) -> HttpAnswer | Streamed | None:
        has_waited = False
        while True:
            live = self._table.routes.get(attempt.prediction.endpoint)
            chosen = live.route.versions.get(version) if live is not None else None
            if live is None or chosen is None:
                return None
            line = live.lines[version]
            upstream = line.take(attempt.asked, has_waited=has_waited)
            if upstream is None:
                if live.route.problem is not None and not line.upstreams:
                    return error_answer(503, "NOT_READY", without_paths(live.route.problem), RETRY_AFTER)
                upstream, has_waited = await line.wait(), True
                if upstream is None:
                    continue
            if attempt.prediction.caller.is_doubtful:
                upstream.give_back()
                await asyncio.sleep(DOUBT_SECONDS)
                continue
            answer = await attempt.ask(upstream, chosen, live.routing.retry)
            if answer is not None:
                return answer

    def _too_late(self, attempt: "_Attempt", version: str, seconds: float) -> HttpAnswer:
        if attempt.is_sent:
            attempt.asked[-1].was_late()
            return error_answer(504, "TIMEOUT", f"no answer from the model within {seconds:g} seconds")
        live = self._table.routes.get(attempt.prediction.endpoint)
        if live is not None and version in live.lines and live.lines[version].upstreams:
            message = f"no worker of version '{version}' was free within {seconds:g} seconds"
            return error_answer(504, "TIMEOUT", message, RETRY_AFTER)
        return error_answer(503, "NOT_READY", f"version '{version}' has no worker that is ready", RETRY_AFTER)


class _Attempt:
    """A request and the workers that it was sent to, each time under another of the `numbers`."""

    __slots__ = (
        "_broken",
        "_is_taken_back",
        "_numbers",
        "_task",
        "_whole_bytes",
        "asked",
        "is_sent",
        "prediction",
    )

    def __init__(self, prediction: Prediction, numbers: Iterator[int], whole_bytes: int) -> None:
        self.prediction = prediction
        self._whole_bytes = whole_bytes
        self.asked: list[Upstream] = []
        self.is_sent = False
        self._numbers = numbers
        self._broken = 0
        self._is_taken_back = False
        task = asyncio.current_task()
        assert task is not None
        self._task = task

    async def ask(
        self, upstream: Upstream, chosen: WeightedVersion, retry: int
    ) -> HttpAnswer | Streamed | None:
        """Sends it to a worker that the caller holds; None if it is to be sent to another."""
        self.asked.append(upstream)
        self.is_sent, self._is_taken_back = True, False
        number = next(self._numbers)
        headers = [(b"x-regolo-request", b"%d" % number), *self.prediction.headers]
        if self._broken:
            # Of requests that are joined, one may have ended the worker that had begun all of them.
            headers.append((b"x-regolo-alone", b"1"))
        upstream.send(number, self._take_back)
        try:
            response = await upstream.post(self.prediction.path_to(chosen), self.prediction.body, headers)
            upstream.answered(number)
        except asyncio.CancelledError:
            upstream.abandon(number)
            # Both may have happened: it was taken back, and its caller left or its time is up.
            if not self._is_taken_back or self._task.uncancel():
                raise
        except Unreachable:
            upstream.failed(number)
        except NoAnswer as error:
            return self._again(error, chosen, retry, has_begun=upstream.failed(number))
        else:
            return await self._answer(upstream, response, chosen, retry)
        self.is_sent = False
        return None

    def _again(
        self, error: NoAnswer, chosen: WeightedVersion, retry: int, *, has_begun: bool
    ) -> HttpAnswer | None:
        """None if it may be sent again, which the model has perhaps begun."""
        self._broken += has_begun
        if self._broken and (not chosen.idempotent or self._broken > retry):
            return error_answer(502, "BAD_GATEWAY", f"the worker did not answer: {error}")
        self.is_sent = False
        return None

    def _take_back(self) -> None:
        self._is_taken_back = True
        self._task.cancel()

    async def _answer(
        self, upstream: Upstream, response: WorkerAnswer, chosen: WeightedVersion, retry: int
    ) -> HttpAnswer | Streamed | None:
        length = header(response.headers, b"content-length")
        if length is None:
            return Streamed(
                response, answer_headers(response.headers, with_length=False), upstream, is_stream=True
            )
        upstream.answering += 1
        upstream.give_back()
        if len(length) > MOST_DIGITS or int(length) > self._whole_bytes:
            return Streamed(
                response, answer_headers(response.headers, with_length=True), upstream, is_stream=False
            )
        try:
            body = await response.read()
        except NoAnswer as error:
            upstream.broke()
            return self._again(error, chosen, retry, has_begun=True)
        finally:
            upstream.answering -= 1
        if response.status == 503 and header(response.headers, b"x-regolo-taken-back") is not None:
            # A worker that began a request just when it was taken back says so, and has not predicted it.
            return None
        return _whole(response, body)


def _whole(response: WorkerAnswer, body: bytes) -> HttpAnswer:
    media_type, rest = b"application/octet-stream", []
    for name, value in answer_headers(response.headers, with_length=False):
        if name == b"content-type":
            media_type = value
        else:
            rest.append((name, value))
    return HttpAnswer(response.status, body, tuple(rest), media_type)
