"""Forwarding a request to a worker of its version: where to, how often, how long, and the answer's way back.

Sent again: always, where the worker could not be reached, since then it cannot have seen the request; up to
the endpoint's `retry` where it went away in the middle and the model says that it may be called twice.  While
no worker of the version is ready the request waits for the next table, until its time is up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp
from starlette.types import Send

from regolo_git.serving.local.gateway.gate import Gate, Headers
from regolo_git.serving.local.gateway.refusal import RETRY_AFTER
from regolo_git.serving.local.gateway.upstream import Upstream, choose_upstream
from regolo_git.serving.local.http_answer import HttpAnswer, error_answer
from regolo_git.serving.traffic.split import Target

# Headers that speak of one connection, and those that we or the worker's client write anew.
OWN = frozenset(
    b"connection content-length expect host keep-alive proxy-authenticate proxy-authorization "
    b"proxy-connection te trailer transfer-encoding upgrade".split()
)
DROPPED_ANSWER = frozenset(
    b"connection content-length date keep-alive proxy-authenticate server trailer transfer-encoding upgrade "
    b"x-model-version".split()
)
# An answer up to this size is read before it is sent on, so that the request can still be sent again.
WHOLE_BYTES = 1 << 20
PIECE_BYTES = 64 << 10
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Prediction:
    """A request that is ready to be forwarded, in MLflow's form or the V2 protocol's."""

    endpoint: str
    headers: list[tuple[str, str]]
    body: bytes
    is_v2: bool

    def path_to(self, target: Target) -> str:
        """Where the worker takes it."""
        return f"{target.model_path_in(self.endpoint)}/infer" if self.is_v2 else "/invocations"


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is too large to hold: its pieces are sent as they come.

    Its worker stays busy until `send` ends, which has to be called once.
    """

    response: aiohttp.ClientResponse
    headers: list[tuple[bytes, bytes]]
    upstream: Upstream

    @property
    def status(self) -> int:
        """The answer's status."""
        return self.response.status

    async def send(self, send: Send, *, seconds: float) -> None:
        """Sends the pieces.  Raises TimeoutError for a slow end, aiohttp.ClientError for a broken one."""
        try:
            await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
            async for piece in self.response.content.iter_chunked(PIECE_BYTES):
                async with asyncio.timeout(seconds):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.response.close()
            self.upstream.in_flight -= 1


class Forwarder:
    """Forwards; `gates` is looked at anew at each attempt, and `changed` waits for the next table."""

    def __init__(
        self, gates: Callable[[], Mapping[str, Gate]], changed: Callable[[], Awaitable[None]]
    ) -> None:
        self._gates = gates
        self._changed = changed

    async def forward(self, prediction: Prediction, version: str) -> HttpAnswer | Streamed | None:
        """The worker's answer, or ours where there is none: 502, 503 or 504.

        None where the version has left the table and no worker of it has the request.
        """
        seconds = self._gates()[prediction.endpoint].routing.timeout_seconds
        attempt = _Attempt()
        try:
            async with asyncio.timeout(seconds):
                return await self._until_answered(prediction, version, attempt)
        except TimeoutError:
            for upstream in attempt.asked[-1:]:
                upstream.rest()
            if attempt.sent:
                return error_answer(504, "TIMEOUT", f"no answer from the model within {seconds:g} seconds")
            return error_answer(
                503, "NOT_READY", f"version '{version}' has no worker that is ready", RETRY_AFTER
            )

    async def _until_answered(
        self, prediction: Prediction, version: str, attempt: "_Attempt"
    ) -> HttpAnswer | Streamed | None:
        while True:
            gate = self._gates().get(prediction.endpoint)
            target = gate.route.targets.get(version) if gate is not None else None
            if gate is None or target is None:
                return None
            upstream = choose_upstream(gate.upstreams[version], attempt.asked)
            if upstream is None or upstream in attempt.gone or upstream.may_be_dying:
                if upstream is None and gate.route.problem is not None:
                    return error_answer(503, "NOT_READY", gate.route.problem, RETRY_AFTER)
                await self._next_table()
                attempt.gone.clear()
                continue
            attempt.asked.append(upstream)
            try:
                return await self._ask(upstream, prediction.path_to(target), prediction, attempt)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                upstream.rest()
                attempt.sent = False
                attempt.gone.add(upstream)
            except (aiohttp.ClientError, OSError) as error:
                upstream.broke()
                attempt.gone.add(upstream)
                attempt.broken += 1
                if not target.idempotent or attempt.broken > gate.routing.retry:
                    said = f"the worker did not answer: {type(error).__name__}"
                    return error_answer(502, "BAD_GATEWAY", said)

    async def _ask(
        self, upstream: Upstream, path: str, prediction: Prediction, attempt: "_Attempt"
    ) -> HttpAnswer | Streamed:
        upstream.in_flight += 1
        attempt.sent = True
        streamed = None
        try:
            response = await upstream.post(path, prediction.body, prediction.headers)
            if response.content_length is None or response.content_length > WHOLE_BYTES:
                streamed = Streamed(response, answer_headers(response, with_length=True), upstream)
                return streamed
            return _whole(response, await response.read())
        finally:
            if streamed is None:
                upstream.in_flight -= 1

    async def _next_table(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._changed()
        except TimeoutError:
            return


class _Attempt:
    """What became of a request so far."""

    def __init__(self) -> None:
        self.asked: list[Upstream] = []
        # Not asked again before there is another table, or a moment has passed.
        self.gone: set[Upstream] = set()
        self.broken = 0
        self.sent = False


def _whole(response: aiohttp.ClientResponse, body: bytes) -> HttpAnswer:
    media_type, rest = b"application/octet-stream", []
    for name, value in answer_headers(response, with_length=False):
        if name == b"content-type":
            media_type = value
        else:
            rest.append((name, value))
    return HttpAnswer(response.status, body, tuple(rest), media_type)


def answer_headers(response: aiohttp.ClientResponse, *, with_length: bool) -> list[tuple[bytes, bytes]]:
    """The headers that go back to the caller."""
    headers = [(name.lower(), value) for name, value in response.raw_headers]
    kept = [(name, value) for name, value in headers if name not in DROPPED_ANSWER]
    if with_length:
        kept += [(name, value) for name, value in headers if name == b"content-length"]
    return kept


def request_headers(headers: Headers, *, keep_authorization: bool) -> list[tuple[str, str]]:
    """The headers that go on to the worker; the gateway's own token does not."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in OWN and (keep_authorization or name != b"authorization")
    ]
