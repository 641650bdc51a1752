"""The arrays that a call has for a model whose file names its inputs and their types."""

from collections.abc import Collection, Mapping
from typing import Any

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, Signature, TensorType
from regolo_git.serving.local.worker.loaders.casts import cast_input

LONGEST_LIST = 500  # of names that a request has


def check_rows(signature: Signature) -> None:
    """Raises ServingError if a model fixes the number of rows, so that no requests can be joined."""
    for kind in (*signature.inputs, *signature.outputs):
        if kind.shape[:1] != (-1,):
            shape = list(kind.shape)
            raise ServingError(
                f"'batch' in [serving] needs a first dimension of any size, and '{kind.name}' has {shape}"
            )


class TensorInputs:
    """The inputs of one model.

    `known` are those that the file has a value for, too; the `optional` may be absent.
    """

    def __init__(
        self,
        numpy: Any,
        inputs: Mapping[str, TensorType],
        known: Mapping[str, TensorType],
        optional: Collection[str] = (),
    ) -> None:
        self._numpy = numpy
        self._inputs = inputs
        self._known = known
        self._optional = set(optional)

    def make(self, call: Call) -> dict[str, Any]:
        """The arrays by name, None for an optional one that is absent.  Raises InvalidInput."""
        named = call.named if call.named is not None else self._named(call)
        if call.named is not None and not call.types:
            named = {name: self._matrix(name, value) for name, value in named.items()}
        required = self._inputs.keys() - self._optional
        if not required <= named.keys() <= self._known.keys():
            given = ", ".join(named)[:LONGEST_LIST]
            raise InvalidInput(
                f"the model takes the inputs {', '.join(self._inputs)}; the request has {given}"
            )
        # Those of declared types are read from the call, as bytes if they were sent as bytes.
        plain = {name: None if name in call.types else named[name] for name in named}
        feeds = {name: cast_input(self._numpy, call, plain[name], self._known[name]) for name in named}
        return dict.fromkeys(self._optional) | feeds

    def _named(self, call: Call) -> Mapping[str, Json]:
        """Rows for a model of one input; named columns, each an input, for a model of several."""
        columns, rows = call.table()
        if len(self._inputs) == 1 and columns is None:
            return {next(iter(self._inputs)): rows}
        if columns is None:
            raise InvalidInput(
                f"the model takes the inputs {', '.join(self._inputs)}; the request names none"
            )
        if len(self._inputs) == 1 and columns != tuple(self._inputs):
            return {next(iter(self._inputs)): [list(row) for row in rows if isinstance(row, list)]}
        cells = {name: [row[at] for row in rows if isinstance(row, list)] for at, name in enumerate(columns)}
        return {name: self._column(name, column) for name, column in cells.items()}

    def _matrix(self, name: str, value: Json) -> Json:
        """Single values for an input that is a matrix of one column are that column."""
        shape = self._known[name].shape if name in self._known else ()
        if len(shape) != 2 or shape[1] != 1 or not isinstance(value, list):
            return value
        return value if any(isinstance(cell, list) for cell in value) else [[cell] for cell in value]

    def _column(self, name: str, cells: list[Json]) -> Json:
        """A column of single values is a matrix of one column, unless the input has one dimension."""
        is_flat = name in self._known and len(self._known[name].shape) == 1
        if is_flat or any(isinstance(cell, list) for cell in cells):
            return cells
        return [[cell] for cell in cells]
