"""The gateway: takes requests, chooses a version, forwards, counts.

One ASGI application.  Predictions take the short way through this file, because starlette's routing costs as
much as forwarding does; every other page is starlette's (`pages.py`).  Bytes pass through untouched.

    POST /endpoints/<endpoint>/invocations                    MLflow's form
    POST /invocations                                         the same, where one endpoint is served
    POST /v2/models/<endpoint>[/versions/<version>]/infer     Open Inference Protocol v2
"""

import asyncio
import hmac
import time
from collections.abc import Mapping

import aiohttp
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regolo_git.serving.json_value import Json
from regolo_git.serving.local.gateway.forwarding import Forwarder, Prediction, Streamed, request_headers
from regolo_git.serving.local.gateway.gate import Gate, Headers, Load, header
from regolo_git.serving.local.gateway.refusal import Refusal, refuse
from regolo_git.serving.local.gateway.request_body import BodyReader
from regolo_git.serving.local.gateway.upstream import Upstream
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.metrics.counts import CLIENT_ERROR, DROPPED, ERROR, OK, TIMEOUT, Recorder
from regolo_git.serving.options import GatewayLimits
from regolo_git.serving.traffic.split import Table, Target

CLOSE = (b"connection", b"close")
OPEN_PAGES = ("/healthz", "/readyz")


class Gateway:
    """The application, its routing table, and its counts."""

    def __init__(self, limits: GatewayLimits, token: str | None) -> None:
        self.gates: Mapping[str, Gate] = {}
        self.retiring = False
        self.pages: ASGIApp | None = None
        self._limits = limits
        self._token = token.encode() if token is not None else None
        self._serial = 0
        self._upstreams: dict[str, Upstream] = {}
        self._leaving: set[Upstream] = set()
        self._loads: dict[str, Load] = {}
        self._recorder = Recorder()
        self._bodies = BodyReader(most_held=limits.buffered_bytes, seconds=limits.body_seconds)
        self._changed = asyncio.Event()
        self._forwarder = Forwarder(lambda: self.gates, self._next_table)

    # -- the table ----------------------------------------------------------------------------------------

    async def swap(self, table: Table) -> None:
        """Puts a table in force.  Requests under way end with the workers that they have."""
        self._serial = table.serial
        targets = [target for route in table.routes.values() for target in route.targets.values()]
        replicas = {replica.name: replica for target in targets for replica in target.replicas}
        for name in self._upstreams.keys() - replicas.keys():
            self._leaving.add(self._upstreams.pop(name))
        for name in replicas.keys() - self._upstreams.keys():
            self._upstreams[name] = Upstream(replicas[name])
        gates = {}
        for name, route in table.routes.items():
            workers = {
                version: [self._upstreams[replica.name] for replica in target.replicas]
                for version, target in route.targets.items()
            }
            gates[name] = Gate(route, workers, self._loads.setdefault(name, Load()))
        self.gates = gates
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        await self._part()

    async def _next_table(self) -> None:
        # The event is another one after each table.
        await self._changed.wait()

    async def _part(self) -> None:
        """Closes the connections to workers that have left and are busy no more."""
        for upstream in [upstream for upstream in self._leaving if not upstream.in_flight]:
            self._leaving.discard(upstream)
            await upstream.close()

    async def close(self) -> None:
        """Closes every connection to a worker."""
        for upstream in (*self._upstreams.values(), *self._leaving):
            await upstream.close()

    async def report(self) -> dict[str, Json]:
        """What was counted since the last report, what is under way, and the workers still in use."""
        await self._part()
        return {
            "serial": self._serial,
            "counts": self._recorder.take().to_json(),
            "in_flight": [
                [endpoint, version, count]
                for endpoint, load in self._loads.items()
                for version, count in load.by_version.items()
            ],
            "using": [*self._upstreams, *(upstream.name for upstream in self._leaving)],
        }

    # -- requests -----------------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if self.retiring:
            send = _closing(send)
        try:
            self._check_token(scope)
            where = _locate(scope["path"]) if scope["method"] == "POST" else None
            if where is None:
                assert self.pages is not None
                await self.pages(scope, receive, send)
                return
            await self._predict(where, scope["headers"], receive, send)
        except Refusal as refusal:
            self._recorder.reject(refusal.reason)
            await refusal.answer.send(send)

    def _check_token(self, scope: Scope) -> None:
        if self._token is None or scope["path"] in OPEN_PAGES:
            return
        given = header(scope["headers"], b"authorization") or b""
        if not hmac.compare_digest(given, b"Bearer " + self._token):
            raise refuse("unauthorized", 401, "a bearer token is needed")

    async def _predict(
        self, where: tuple[str | None, str | None, bool], headers: Headers, receive: Receive, send: Send
    ) -> None:
        gate = self._gate(where[0])
        name, limit = gate.route.endpoint, gate.routing.max_body_bytes
        asked = where[1] if where[1] is not None else gate.asked_for(headers)
        _served(gate, asked)
        with self._bodies.holding(headers, limit):
            body = await self._bodies.read(headers, receive, limit)
            onward = request_headers(headers, keep_authorization=self._token is None)
            prediction = Prediction(name, onward, body, where[2])
            answer = None
            while answer is None:
                # A slow body may have outlived the table that the request came under, and a version may
                # leave the table while the request waits for a worker of it: then another one answers.
                gate = self._gate(name)
                target = _served(gate, asked) or gate.choose(headers, body)
                answer = await self._counted(gate, target.version, prediction)
        await self._send(answer, target.version, send)

    def _gate(self, endpoint: str | None) -> Gate:
        if endpoint is None and len(self.gates) == 1:
            return next(iter(self.gates.values()))
        gate = self.gates.get(endpoint or "")
        if gate is None:
            said = f"there is no endpoint '{endpoint}'" if endpoint else "more than one endpoint is served"
            raise refuse("unknown_endpoint", 404, said)
        return gate

    async def _counted(
        self, gate: Gate, version: str, prediction: Prediction
    ) -> HttpAnswer | Streamed | None:
        """Forwards within the endpoint's limit, and counts what came of it; None: the version has left."""
        name, load, begun = prediction.endpoint, gate.load, time.perf_counter()
        if load.total >= gate.routing.max_concurrency:
            self._recorder.record(name, version, DROPPED, 0.0)
            return refuse("overloaded", 503, f"endpoint '{name}' is busy").answer
        load.enter(version)
        try:
            answer = await self._forwarder.forward(prediction, version)
        finally:
            load.leave(version)
        if answer is not None:
            self._recorder.record(name, version, _outcome(answer.status), time.perf_counter() - begun)
        return answer

    async def _send(self, answer: HttpAnswer | Streamed, version: str, send: Send) -> None:
        said_by = (b"x-model-version", version.encode())
        if isinstance(answer, HttpAnswer):
            await HttpAnswer(answer.status, answer.body, (*answer.headers, said_by), answer.media_type).send(
                send
            )
            return
        answer.headers.append(said_by)
        try:
            await answer.send(send, seconds=self._limits.send_seconds)
        except (TimeoutError, aiohttp.ClientError, OSError):
            # The head has gone out; returning early makes the server hang up, so the client sees the break.
            self._recorder.reject("broken_answer")


def _served(gate: Gate, asked: str | None) -> Target | None:
    """The version that the caller asked for by name, if any.  Raises Refusal where it is not served."""
    if asked is None:
        return None
    target = gate.route.find(asked)
    if target is None:
        raise refuse("unknown_version", 404, f"endpoint '{gate.route.endpoint}' serves no version '{asked}'")
    return target


def _locate(path: str) -> tuple[str | None, str | None, bool] | None:
    """Endpoint, version and whether it is V2, of a path that predicts."""
    match path.split("/"):
        case ["", "endpoints", endpoint, "invocations"]:
            return endpoint, None, False
        case ["", "invocations"]:
            return None, None, False
        case ["", "v2", "models", endpoint, "infer"]:
            return endpoint, None, True
        case ["", "v2", "models", endpoint, "versions", version, "infer"]:
            return endpoint, version, True
    return None


def _outcome(status: int) -> int:
    if status < 400:
        return OK
    if status < 500:
        return CLIENT_ERROR
    return TIMEOUT if status == 504 else ERROR


def _closing(send: Send) -> Send:
    """Tells the client to come back on another connection, which the next gateway will take."""

    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], CLOSE]}
        await send(message)

    return closing
