"""A worker's application: MLflow's invocations and the Open Inference Protocol, for one model.

A model whose `predict` is a coroutine is awaited, so that it can wait for other services.
"""

import asyncio
import re
import traceback
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from inspect import isawaitable
from typing import NamedTuple

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.serving.local.http_answer import HttpAnswer, error_answer, without_paths
from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.local.worker.call import Call, Predictor, Signature
from regolo_git.serving.local.worker.http_protocol import Request, header_values
from regolo_git.serving.local.worker.inference_answer import (
    model_config,
    model_metadata,
    output_names,
    write_inference,
)
from regolo_git.serving.local.worker.inference_v2 import InferenceRequest, read_inference
from regolo_git.serving.local.worker.item_form import ItemForm, form_for
from regolo_git.serving.local.worker.mlflow_form import read_invocation, write_predictions
from regolo_git.serving.local.worker.stream import (
    StreamedAnswer,
    Turn,
    all_items,
    begun,
    in_any_turn,
    is_async_generator,
    is_generator,
    is_items,
)

MESSAGE_LENGTH = 500
# Python refuses to read a number of thousands of digits.
BYTE_COUNT = re.compile(rb"\d{1,18}")
NO_ITEMS = InvalidInput(
    "the model streams its answer, which this protocol cannot carry: use POST /invocations"
)
TAKEN_BACK = HttpAnswer(503, b"{}", ((b"x-regolo-taken-back", b"1"),))

Later = Coroutine[object, object, HttpAnswer | StreamedAnswer]


class Write(NamedTuple):
    """How outputs are written: as a whole, and item by item, as the caller's headers say.

    Not every protocol can have items.
    """

    whole: Callable[[object], HttpAnswer]
    accepted: Sequence[tuple[bytes, bytes]] | None

    @property
    def items(self) -> ItemForm | None:
        """The form of items."""
        return form_for(self.accepted) if self.accepted is not None else None


class Yielded(NamedTuple):
    """An answer that a function yields: the model is busy with it until `end`, which is called in the end."""

    answer: Later
    end: Callable[[], None]


class WorkerApp:
    """Answers requests to one predictor; the `log` tells the gateways what it does."""

    def __init__(self, predictor: Predictor, log: TurnLog) -> None:
        self.predictor = predictor
        self.log = log
        # For how many seconds predictions occupy the process: the shorter of the last two.
        self.took = 0.0
        if predictor.signature().awaits:
            log.allow_any()

    async def warm_up(self, call: Call) -> object:
        """The model's answer to one call.  Raises InvalidInput, and the model's own exceptions."""
        outputs = self.predictor.predict(call)
        if isawaitable(outputs):
            self.log.allow_any()
            outputs = await outputs
        if is_async_generator(outputs):
            self.log.allow_any()
        return await all_items(outputs) if is_items(outputs) else outputs

    def is_prediction(self, request: Request) -> bool:
        """Whether the model is to be called."""
        if request.method != "POST":
            return False
        return request.path == "/invocations" or _locate(request.path).verb == "infer"

    def predict(self, request: Request) -> HttpAnswer | Later | Yielded:
        """Answers a prediction; what a model has to be awaited for is a coroutine."""
        self.log.start_turn()
        try:
            if not self.begin(request):
                return TAKEN_BACK
            call, write = self.read(request)
            outputs = self.predictor.predict(call)
        except BaseException as error:  # noqa: BLE001 - a model's code may raise anything, `SystemExit` too
            return failed(error)
        finally:
            self.took = self.log.end_turn()
        if is_generator(outputs):
            return self._yielded(outputs, write)
        return self.answer_to(outputs, write)

    def answer_to(self, outputs: object, write: Write) -> HttpAnswer | Later:
        """The answer with outputs that no generator yields; a coroutine if they have to be awaited."""
        if isawaitable(outputs) or is_async_generator(outputs):
            self.log.allow_any()
            return _awaited(outputs, write)
        return _written(outputs, write)

    def _yielded(self, items: Generator[object], write: Write) -> HttpAnswer | Yielded:
        form = write.items
        if form is None:
            items.close()
            return failed(NO_ITEMS)
        turn = Turn(items, self.log)

        def end() -> None:
            self.took = turn.end()

        return Yielded(_begun(turn.run(), form), end)

    def begin(self, request: Request) -> bool:
        """Notes that a request is begun; False if the gateway has taken it back."""
        for name, value in request.headers:
            if name == b"x-regolo-request":
                return self.log.begin(int(value))
        return True

    def read(self, request: Request) -> tuple[Call, Write]:
        """A request's call, and how its outputs are written.  Raises InvalidInput."""
        if request.path == "/invocations":
            return read_invocation(request.body), Write(_write_predictions, request.headers)
        where, signature = _locate(request.path), self.predictor.signature()
        asked = _inference(request, signature)

        def write(outputs: object) -> HttpAnswer:
            return write_inference(where.model, where.version, asked, outputs, signature)

        return asked.call, Write(write, None)

    def page(self, path: str) -> HttpAnswer:
        """The answer to anything but a prediction."""
        try:
            return self._page(path)
        except Exception as error:  # noqa: BLE001 - a model's code may raise anything; its caller gets a 500
            return failed(error)

    def _page(self, path: str) -> HttpAnswer:
        if path in ("/v2/health/live", "/v2/health/ready", "/ping", "/health"):
            return HttpAnswer(200, b"{}")
        where = _locate(path)
        if where.verb == "ready":
            return HttpAnswer(200, b"{}")
        if where.verb == "":
            metadata = model_metadata(where.model, where.version, self.predictor.signature())
            return HttpAnswer(200, metadata)
        if where.verb == "config":
            return HttpAnswer(200, model_config(where.model, self.predictor.signature()))
        return error_answer(404, "ENDPOINT_NOT_FOUND", f"no such path: '{path}'")


async def _awaited(outputs: object, write: Write) -> HttpAnswer | StreamedAnswer:
    try:
        given = await outputs if isawaitable(outputs) else outputs
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - a model's code may raise anything, `SystemExit` too
        return failed(error)
    if not is_items(given):
        return _written(given, write)
    items = in_any_turn(given)
    form = write.items
    if form is None:
        await items.aclose()
        return failed(NO_ITEMS)
    return await _begun(items, form)


async def _begun(items: AsyncGenerator[object], form: ItemForm) -> HttpAnswer | StreamedAnswer:
    try:
        return await begun(items, form)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - a model's code may raise anything, `SystemExit` too
        return failed(error)


def _written(outputs: object, write: Write) -> HttpAnswer:
    try:
        return write.whole(outputs)
    except Exception as error:  # noqa: BLE001 - values of a model may raise anything when they are read
        return failed(error)


def _write_predictions(outputs: object) -> HttpAnswer:
    return HttpAnswer(200, write_predictions(outputs))


def failed(error: BaseException) -> HttpAnswer:
    """The answer to a request that could not be read, or that the model failed at."""
    if isinstance(error, InvalidInput):
        return error_answer(400, "BAD_REQUEST", without_paths(error.message))
    traceback.print_exception(error)
    cause = error.message if isinstance(error, RegoloError) else f"{type(error).__name__}: {error}"
    message = without_paths(f"the model failed: {cause}")[:MESSAGE_LENGTH]
    return error_answer(500, "INTERNAL_ERROR", message)


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


def _inference(request: Request, signature: Signature) -> InferenceRequest:
    """Decodes a request; an output that the model is known not to have is refused before it predicts."""
    lengths = header_values(request.headers, b"inference-header-content-length")
    if len(lengths) > 1 or not all(BYTE_COUNT.fullmatch(length) for length in lengths):
        raise InvalidInput("the header Inference-Header-Content-Length is not a number of bytes")
    asked = read_inference(request.body, int(lengths[0]) if lengths else None)
    names = output_names(signature)
    if names:
        asked.wanted.check(names)
    return asked
