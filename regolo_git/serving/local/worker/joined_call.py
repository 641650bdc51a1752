"""Several requests as one call of a model, whose outputs are split again, row for row.

That each row is answered as it would be alone is what the model's author says by `batch` in `[serving]`.
"""

import json
import traceback
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from inspect import isawaitable, iscoroutine
from typing import Any, Self

from regolo_git.errors import ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.http_answer import HttpAnswer
from regolo_git.serving.local.worker.application import Later, WorkerApp, Write, failed
from regolo_git.serving.local.worker.call import Call
from regolo_git.serving.local.worker.http_protocol import Request
from regolo_git.serving.local.worker.row_model import RowModel
from regolo_git.serving.local.worker.rows import NotByRow, form_of, join, split
from regolo_git.serving.local.worker.stream import is_items

# A request whose worker ended may have ended it, so it is sent again to be called by itself.
ALONE = b"x-regolo-alone"

Answer = HttpAnswer | Later


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: what the model is called with, and how its outputs are written.

    Those with the same `key` can be joined; it is None for one that cannot be.
    """

    call: Call
    write: Write
    argument: object
    rows: int
    key: Hashable


class JoinedCalls:
    """Calls the model of a worker with one or several requests."""

    def __init__(self, app: WorkerApp, model: RowModel) -> None:
        self._app = app
        self._model = model
        self._is_noted = False

    @classmethod
    def of(cls, app: WorkerApp, most: int) -> Self:
        """Raises ServingError for a model whose calls cannot be joined."""
        model = app.predictor
        if not isinstance(model, RowModel) or model.signature().awaits:
            raise ServingError(
                "'batch' in [serving] is for a model that is a function: "
                "one that is a coroutine is asked many requests at once without it"
            )
        app.log.allow_joined(most)
        return cls(app, model)

    @property
    def took(self) -> float:
        """For how many seconds calls occupy the process: the shorter of the last two."""
        return self._app.took

    def begin(self, request: Request) -> bool:
        """Notes that a request is begun; False if the gateway has taken it back."""
        return self._app.begin(request)

    def read(self, request: Request) -> Asked | HttpAnswer:
        """Reads a request; an answer if it cannot be one of this model."""
        try:
            call, write = self._app.read(request)
            asked = self._asked(call, write)
        except BaseException as error:  # noqa: BLE001 - a model's code may raise anything, `SystemExit` too
            return failed(error)
        if any(name == ALONE for name, _ in request.headers):
            return Asked(call, write, asked.argument, asked.rows, None)
        return asked

    def _asked(self, call: Call, write: Write) -> Asked:
        argument = self._model.prepare(call)
        form = form_of(argument)
        if form is None:
            return Asked(call, write, argument, 1, None)
        # Of tensors as plain values, only what is declared tells their type.
        declared = frozenset((kind.name, kind.datatype, len(kind.shape)) for kind in call.types.values())
        parameters = json.dumps(dict(call.parameters), sort_keys=True)
        key = (form.key, declared, parameters, call.columns)
        return Asked(call, write, argument, form.rows, key)

    def predict(self, group: Sequence[Asked]) -> list[Answer] | None:
        """The answer to each of a group with the same key; None if several cannot be answered at once."""
        self._app.log.start_turn()
        try:
            arguments = [(asked.argument, asked.rows) for asked in group]
            outputs = self._outputs(arguments, group[0].call.parameters)
        except BaseException as error:  # noqa: BLE001 - a model's code may raise anything, `SystemExit` too
            if len(group) == 1:
                return [failed(error)]
            self._note(error)
            return None
        finally:
            self._app.took = self._app.log.end_turn()
        return [self._answer(asked, part) for asked, part in zip(group, outputs, strict=True)]

    def _outputs(self, arguments: Sequence[tuple[object, int]], parameters: Mapping[str, Json]) -> list[Any]:
        """The outputs for each of some arguments with their numbers of rows."""
        if len(arguments) == 1:
            return [_no_items(self._model.run(arguments[0][0], parameters))]
        outputs = self._model.run(join([argument for argument, _ in arguments]), parameters)
        if isawaitable(outputs):
            if iscoroutine(outputs):
                outputs.close()
            raise NotByRow("the model returned a coroutine")
        return split(_no_items(outputs), [rows for _, rows in arguments])

    def _answer(self, asked: Asked, outputs: object) -> Answer:
        if isawaitable(outputs):
            return self._app.answer_to(outputs, asked.write)
        try:
            presented = self._model.present(outputs, asked.call)
        except Exception as error:  # noqa: BLE001 - values of a model may raise anything when they are read
            return failed(error)
        return self._app.answer_to(presented, asked.write)

    def _note(self, error: BaseException) -> None:
        """Says once why requests were not answered together: a failure of one alone is said anyway."""
        if not self._is_noted:
            self._is_noted = True
            traceback.print_exception(error)

    def check(self, call: Call) -> None:
        """Checks that a call that the model can answer can be joined with itself.

        Raises ServingError if the outputs are not one for each row, and the model's own exceptions.
        """
        argument = self._model.prepare(call)
        form = form_of(argument)
        if form is None:
            return
        try:
            self._outputs([(argument, form.rows)] * 2, call.parameters)
        except NotByRow as error:
            raise ServingError(f"'batch' in [serving] needs an answer for each row: {error}") from error


def _no_items(outputs: Any) -> Any:
    """The outputs.  Raises ServingError for those that a model yields, which are of one request."""
    if is_items(outputs):
        raise ServingError("a model with 'batch' in [serving] cannot yield its answer")
    return outputs
