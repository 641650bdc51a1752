"""Forwarding a request to a worker of its version, and returning the answer.

A request is sent again whenever the worker could not be reached, since it cannot have seen the request; if
the connection broke, up to the endpoint's `retry` times and only if the model may be called twice.  While no
worker of the version is ready, the request waits for the next table until its timeout.
"""

import asyncio
from dataclasses import dataclass

import aiohttp
from starlette.types import Send

from regolo_git.serving.local.gateway.headers import answer_headers
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.refusal import RETRY_AFTER
from regolo_git.serving.local.gateway.upstream import Upstream, choose_upstream
from regolo_git.serving.local.http_answer import HttpAnswer, error_answer, without_paths
from regolo_git.serving.traffic.routing_table import WeightedVersion

# An answer up to this size is read before it is sent on, so that the request can still be sent again.
WHOLE_BYTES = 1 << 20
PIECE_BYTES = 64 << 10
LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Prediction:
    """A request to forward, in MLflow's form or the V2 protocol's."""

    endpoint: str
    headers: list[tuple[str, str]]
    body: bytes
    is_v2: bool

    def path_to(self, chosen: WeightedVersion) -> str:
        """The path on the worker."""
        return f"{chosen.model_path_in(self.endpoint)}/infer" if self.is_v2 else "/invocations"


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer that is too large to hold: its pieces are sent as they arrive.

    Its worker counts as busy until `send` ends; it must be called once.
    """

    response: aiohttp.ClientResponse
    headers: list[tuple[bytes, bytes]]
    upstream: Upstream

    @property
    def status(self) -> int:
        return self.response.status

    async def send(self, send: Send, *, seconds: float) -> None:
        """Sends the pieces.  Raises TimeoutError for a slow client or worker, aiohttp.ClientError."""
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
    """Forwards requests; every attempt uses the current table."""

    def __init__(self, table: LiveTable) -> None:
        self._table = table

    async def forward(self, prediction: Prediction, version: str) -> HttpAnswer | Streamed | None:
        """The worker's answer, or our own 502, 503 or 504.

        None if the version has left the table before a worker received the request.
        """
        seconds = self._table.routes[prediction.endpoint].routing.timeout_seconds
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
            live = self._table.routes.get(prediction.endpoint)
            chosen = live.route.versions.get(version) if live is not None else None
            if live is None or chosen is None:
                return None
            upstream = choose_upstream(live.upstreams[version], attempt.asked)
            if upstream is None or upstream in attempt.gone or upstream.may_be_dying:
                if upstream is None and live.route.problem is not None:
                    return error_answer(503, "NOT_READY", without_paths(live.route.problem), RETRY_AFTER)
                await self._wait_for_next_table()
                attempt.gone.clear()
                continue
            attempt.asked.append(upstream)
            try:
                return await self._ask(upstream, prediction.path_to(chosen), prediction, attempt)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                upstream.rest()
                attempt.sent = False
                attempt.gone.add(upstream)
            except (aiohttp.ClientError, OSError) as error:
                upstream.broke()
                attempt.gone.add(upstream)
                attempt.broken += 1
                if not chosen.idempotent or attempt.broken > live.routing.retry:
                    message = f"the worker did not answer: {type(error).__name__}"
                    return error_answer(502, "BAD_GATEWAY", message)

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

    async def _wait_for_next_table(self) -> None:
        try:
            async with asyncio.timeout(LOOK_AGAIN_SECONDS):
                await self._table.next_swap()
        except TimeoutError:
            return


class _Attempt:
    """The state of a request between attempts."""

    def __init__(self) -> None:
        self.asked: list[Upstream] = []
        # Not tried again before the next table, or for a moment.
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
