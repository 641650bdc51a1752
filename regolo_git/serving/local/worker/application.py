"""A worker's application: MLflow's invocations and the Open Inference Protocol, for one model.

The model is called in the event loop itself: a worker predicts one request at a time, and a thread would cost
more than it gains.  Replicas are how a version does more at once.  A model whose `predict` is a coroutine is
awaited, so that it can wait for other services; it is cancelled when its caller leaves.

Requests wait in a queue, and between slow ones the loop reads its sockets.  Otherwise a worker with a long
queue would fail its health check, and would predict for callers who have left.
"""

import asyncio
import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.serving.local.http_answer import HttpAnswer, error_answer, without_paths
from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.inference_answer import (
    model_config,
    model_metadata,
    output_names,
    write_inference,
)
from regolo_git.serving.local.worker.inference_v2 import InferenceRequest, read_inference
from regolo_git.serving.local.worker.mlflow_form import read_invocation, write_predictions

MESSAGE_LENGTH = 500
# Python refuses to read a number of thousands of digits.
BYTE_COUNT = re.compile(rb"\d{1,18}")
TAKEN_BACK = (b"x-regolo-taken-back", b"1")
# Reading the sockets after each quick request would cost an echo model a tenth of its throughput.
QUICK_SECONDS = 0.005
# Accepting a connection, reading from it and answering take one iteration of the loop each.
ROUNDS = 10


class _TakenBack(Exception):
    """The gateway has taken the request back before its turn."""


class WorkerApp:
    """The ASGI application around one predictor; the `log` tells the gateways what it does."""

    def __init__(self, predictor: Predictor, log: TurnLog) -> None:
        self._predictor = predictor
        self._log = log
        if predictor.signature().awaits:
            log.allow_many()
        self._turn = asyncio.Lock()
        self._took = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        try:
            answer = await self._answer(scope, receive)
        except _TakenBack:
            answer = HttpAnswer(503, b"{}", (TAKEN_BACK,))
        except InvalidInput as error:
            answer = error_answer(400, "BAD_REQUEST", without_paths(error.message))
        except Exception as error:  # noqa: BLE001 - a model's code may raise anything; its caller gets a 500
            traceback.print_exc()
            cause = error.message if isinstance(error, RegoloError) else f"{type(error).__name__}: {error}"
            message = without_paths(f"the model failed: {cause}")[:MESSAGE_LENGTH]
            answer = error_answer(500, "INTERNAL_ERROR", message)
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> HttpAnswer:
        path: str = scope["path"]
        if scope["method"] == "POST":
            if path == "/invocations":
                async with self._in_turn():
                    body = await _body(receive)
                    self._begin(scope)
                    outputs = self._predictor.predict(read_invocation(body))
                outputs = await self._awaited(outputs, receive)
                return HttpAnswer(200, write_predictions(outputs))
            where = _locate(path)
            if where.verb == "infer":
                signature = self._predictor.signature()
                async with self._in_turn():
                    body = await _body(receive)
                    self._begin(scope)
                    request = _inference(body, scope, signature)
                    outputs = self._predictor.predict(request.call)
                outputs = await self._awaited(outputs, receive)
                return write_inference(where.model, where.version, request, outputs, signature)
        return self._page(path)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        # The body is read inside as well: if the caller has left in the meantime there is none.
        async with self._turn:
            for _ in range(ROUNDS if self._took > QUICK_SECONDS else 0):
                await asyncio.sleep(0)
            self._log.start_turn()
            try:
                yield
            finally:
                self._took = self._log.end_turn()

    async def predict(self, call: Call) -> object:
        """The model's answer to one call.  Raises InvalidInput, and the model's own exceptions."""
        outputs = self._predictor.predict(call)
        return await self._awaited(outputs, asyncio.Event().wait)

    def _begin(self, scope: Scope) -> None:
        for name, value in scope["headers"]:
            if name == b"x-regolo-request":
                if not self._log.begin(int(value)):
                    raise _TakenBack
                break

    async def _awaited(self, outputs: object, receive: Callable[[], Awaitable[object]]) -> object:
        """The outputs; a coroutine is awaited until its caller leaves."""
        if not isawaitable(outputs):
            return outputs
        self._log.allow_many()
        answer = asyncio.ensure_future(outputs)
        # After the whole body, the only message that is left to come.
        left = asyncio.ensure_future(receive())
        await asyncio.wait((answer, left), return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        if answer.done():
            return answer.result()
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        raise InvalidInput("the caller has left")

    def _page(self, path: str) -> HttpAnswer:
        if path in ("/v2/health/live", "/v2/health/ready", "/ping", "/health"):
            return HttpAnswer(200, b"{}")
        where = _locate(path)
        if where.verb == "ready":
            return HttpAnswer(200, b"{}")
        if where.verb == "":
            metadata = model_metadata(where.model, where.version, self._predictor.signature())
            return HttpAnswer(200, metadata)
        if where.verb == "config":
            return HttpAnswer(200, model_config(where.model, self._predictor.signature()))
        return error_answer(404, "ENDPOINT_NOT_FOUND", f"no such path: '{path}'")


class _Place(NamedTuple):
    """The parts of a path of the V2 protocol; the verb is empty for the model itself, None if unknown."""

    model: str
    version: str | None
    verb: str | None


def _locate(path: str) -> _Place:
    """Reads `/v2/models/MODEL[/versions/VERSION][/VERB]`."""
    match path.split("/")[1:]:
        case ["v2", "models", model]:
            return _Place(model, None, "")
        case ["v2", "models", model, "versions", version]:
            return _Place(model, version, "")
        case ["v2", "models", model, "versions", version, verb]:
            return _Place(model, version, verb)
        case ["v2", "models", model, verb]:
            return _Place(model, None, verb)
    return _Place("", None, None)


def _inference(body: bytes, scope: Scope, signature: Signature) -> InferenceRequest:
    """Decodes a request; an output that the model is known not to have is refused before it predicts."""
    lengths = [value for name, value in scope["headers"] if name == b"inference-header-content-length"]
    if len(lengths) > 1 or not all(BYTE_COUNT.fullmatch(length) for length in lengths):
        raise InvalidInput("the header Inference-Header-Content-Length is not a number of bytes")
    request = read_inference(body, int(lengths[0]) if lengths else None)
    names = output_names(signature)
    if names:
        request.wanted.check(names)
    return request


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput("the body ended early")
        parts.append(message["body"])
        if not message.get("more_body"):
            return b"".join(parts)
