"""The gateway: accepts requests, chooses a version, forwards, counts.

One ASGI application.  Predictions are routed here, because starlette's routing costs as much as forwarding;
every other page uses starlette (`pages.py`).  Bodies pass through unchanged.

    POST /endpoints/<endpoint>/invocations                    MLflow's form
    POST /invocations                                         the same, where one endpoint is served
    POST /v2/models/<endpoint>[/versions/<version>]/infer     Open Inference Protocol v2
"""

import asyncio
import time
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regolo_git.records.canary import Watch
from regolo_git.serving.local.access import Access
from regolo_git.serving.local.gateway.entrance import Entrance, with_origin
from regolo_git.serving.local.gateway.exchange import Header, NoAnswer
from regolo_git.serving.local.gateway.forwarding import Forwarder, Prediction
from regolo_git.serving.local.gateway.headers import Headers, request_headers
from regolo_git.serving.local.gateway.http_protocol import PatientProtocol
from regolo_git.serving.local.gateway.live_route import LiveRoute
from regolo_git.serving.local.gateway.live_table import LiveTable
from regolo_git.serving.local.gateway.refusal import Refusal, refuse
from regolo_git.serving.local.gateway.request_body import BodyReader
from regolo_git.serving.local.gateway.shadows import Shadows
from regolo_git.serving.local.gateway.streamed import NoMore, Streamed
from regolo_git.serving.local.gateway.until_gone import UntilGone
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.metrics.counts import (
    ABANDONED,
    DROPPED,
    ERROR,
    TIMEOUT,
    Counts,
    Recorder,
    outcome_of,
)
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.routing_table import WeightedVersion

CLOSE = (b"connection", b"close")


class Gateway:
    """The application around a routing table; while it is `retiring` it closes each connection it answers.

    Once it `is_cutting`, a caller who is gone was cut off by us.
    """

    def __init__(self, table: LiveTable, limits: GatewayLimits, access: Access) -> None:
        self.table = table
        self.retiring = self.is_cutting = False
        self.pages: ASGIApp | None = None
        self._limits = limits
        self._entrance = Entrance(access)
        self._keeps_authorization = access.token is None
        self._recorder = Recorder()
        self._bodies = BodyReader(most_held=limits.buffered_bytes, seconds=limits.body_seconds)
        self._forwarder = Forwarder(table)
        self.shadows = Shadows(table, self._forwarder, self._recorder)

    def take_counts(self) -> Counts:
        """The counts since the last call."""
        return self._recorder.take()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; a slash at the end of its path makes no difference."""
        if scope["path"][-1:] == "/":
            scope["path"] = scope["path"].rstrip("/") or "/"
        if self.retiring:
            send = _closing(send)
        origin = self._entrance.shared_with(scope["headers"])
        if origin is not None:
            send = with_origin(send, origin)
        try:
            answer = self._entrance.preflight(scope)
            if answer is not None:
                await answer.send(send)
                return
            self._entrance.check(scope)
            where = _locate(scope["path"]) if scope["method"] == "POST" else None
            if where is None:
                assert self.pages is not None
                await self.pages(scope, receive, send)
                return
            await self._predict(where, scope, receive, send)
        except Refusal as refusal:
            self._recorder.reject(refusal.reason)
            await refusal.answer.send(send)

    async def _predict(self, where: "_Place", scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = scope["headers"]
        live = self._route(where.endpoint)
        name, limit = live.route.endpoint, live.routing.max_body_bytes
        scope["served"] = name
        asked = where.version if where.version is not None else live.asked_for(headers)
        _served(live, asked)
        with self._bodies.holding(headers, limit) as holding:
            caller: PatientProtocol = scope["state"]["connection"]
            body = await self._bodies.read(headers, receive, limit, holding, is_here=caller.has_whole_body)
            onward = request_headers(headers, keep_authorization=self._keeps_authorization)
            prediction = Prediction(name, onward, body, where.is_v2, caller)
            with UntilGone(caller):
                answer = None
                while answer is None:
                    # The table may have been swapped while a slow body arrived, and a version may leave the
                    # table while the request waits for one of its workers: then another version answers.
                    live = self._route(name)
                    chosen = _served(live, asked) or live.choose(headers, body)
                    # Whoever asks for a version is not a fair sample of its callers.
                    watch = live.watch if asked is None else None
                    answer = await self._counted(live, chosen.version, prediction, watch, send)
                if isinstance(answer, HttpAnswer):
                    await answer.send(send, _served_by(chosen.version))

    def _route(self, endpoint: str | None) -> LiveRoute:
        if endpoint is None and len(self.table.routes) == 1:
            return next(iter(self.table.routes.values()))
        live = self.table.routes.get(endpoint or "")
        if live is None:
            message = f"there is no endpoint '{endpoint}'" if endpoint else "more than one endpoint is served"
            raise refuse("unknown_endpoint", 404, message)
        return live

    async def _counted(
        self, live: LiveRoute, version: str, prediction: Prediction, watch: Watch | None, send: Send
    ) -> HttpAnswer | Streamed | None:
        """Forwards within the endpoint's limit, and counts the outcome; None if the version has left.

        A stream is sent here: it counts as it ends, after the seconds in which it began.
        """
        name, in_flight, begun = prediction.endpoint, live.in_flight, time.perf_counter()
        if in_flight.total >= live.routing.max_concurrency:
            self._recorder.record(name, version, DROPPED, 0.0)
            if watch is not None:
                self._watched(live, watch, version, prediction, DROPPED, 0.0)
            message = f"endpoint '{name}' is busy with as many requests as its 'max_concurrency' allows"
            return refuse("overloaded", 503, message).answer
        in_flight.enter(version)
        try:
            answer = await self._forwarder.forward(prediction, version)
            if answer is None:
                return None
            outcome, seconds = outcome_of(answer.status), time.perf_counter() - begun
            if isinstance(answer, Streamed):
                outcome = await self._stream(answer, version, live.routing.timeout_seconds, send) or outcome
        except asyncio.CancelledError:
            outcome = DROPPED if self.is_cutting else ABANDONED
            self._recorder.record(name, version, outcome, 0.0)
            if watch is not None:
                self._watched(live, watch, version, prediction, outcome, time.perf_counter() - begun)
            raise
        finally:
            in_flight.leave(version)
        self._recorder.record(name, version, outcome, seconds)
        if watch is not None:
            self._watched(live, watch, version, prediction, outcome, seconds)
        if live.shadows:
            self.shadows.offer(live, prediction, version, answer)
        return answer

    def _watched(
        self,
        live: LiveRoute,
        watch: Watch,
        version: str,
        prediction: Prediction,
        outcome: int,
        seconds: float,
    ) -> None:
        """Counts a request for the comparison of two versions."""
        caller = live.sticky_key(prediction.headers, prediction.body)
        self._recorder.watch((prediction.endpoint, version), watch, outcome, seconds, caller)

    async def _stream(self, answer: Streamed, version: str, piece_seconds: float, send: Send) -> int | None:
        """Sends an answer as it arrives; returns how it ended if that was not its end."""
        answer.headers.append(_served_by(version))
        # Its head is sent: returning early makes the server close the connection, so the caller notices.
        try:
            await answer.send(send, piece_seconds=piece_seconds, send_seconds=self._limits.send_seconds)
        except NoMore:
            answer.upstream.was_late()
            ended = TIMEOUT
        except NoAnswer:
            ended = ERROR
        except OSError:
            ended = ABANDONED
        else:
            return None
        self._recorder.reject("broken_answer")
        return ended


def _served_by(version: str) -> Header:
    return (b"x-model-version", version.encode())


def _served(live: LiveRoute, asked: str | None) -> WeightedVersion | None:
    """The version that the caller asked for by name, if any.  Raises Refusal if it is not served."""
    if asked is None:
        return None
    chosen = live.route.find(asked)
    if chosen is None:
        raise refuse("unknown_version", 404, f"endpoint '{live.route.endpoint}' serves no version '{asked}'")
    return chosen


class _Place(NamedTuple):
    """The parts of a prediction's path, in MLflow's form or the V2 protocol's."""

    endpoint: str | None
    version: str | None
    is_v2: bool


def _locate(path: str) -> _Place | None:
    """The parts of a path; None if it is not that of a prediction."""
    match path.split("/"):
        case ["", "endpoints", endpoint, "invocations"]:
            return _Place(endpoint, None, is_v2=False)
        case ["", "invocations"]:
            return _Place(None, None, is_v2=False)
        case ["", "v2", "models", endpoint, "infer"]:
            return _Place(endpoint, None, is_v2=True)
        case ["", "v2", "models", endpoint, "versions", version, "infer"]:
            return _Place(endpoint, version, is_v2=True)
    return None


def _closing(send: Send) -> Send:
    """Has the client open another connection, which the next gateway accepts."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], CLOSE]}
        await send(message)

    return closing
