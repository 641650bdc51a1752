"""What an ensemble of trees is called with: a row for each case, in the order of the features of its file.

Numbers are cast as `casts.py` says; null is a missing value, which trees can branch on, and true and false
are 1 and 0.  A feature with categories takes those of the file.
"""

from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Any

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.loaders.arrays import input_array
from regolo_git.serving.local.worker.loaders.casts import cast_input

PLAIN = Call()

# What the cells of one column become; it raises InvalidInput, naming the column.
Convert = Callable[[str, list[Json]], list[Any]]


class TreeInputs:
    """The features of one model, with names if its file has some; `converted` by their place.

    The others are numbers of `datatype`.  Rows are arrays of it, or of objects if `as_objects`.
    """

    def __init__(
        self,
        numpy: Any,
        datatype: str,
        width: int,
        names: Sequence[str] | None,
        converted: Mapping[int, Convert] | None = None,
        *,
        as_objects: bool = False,
    ) -> None:
        self._numpy = numpy
        self._datatype = datatype
        self._width = width
        self._names = tuple(names) if names is not None else None
        self._converted = converted or {}
        self._dtype = "object" if as_objects else {"FP32": "float32", "FP64": "float64"}[datatype]

    @property
    def described(self) -> tuple[TensorType, ...]:
        """An input for each feature if they have names, or else a matrix."""
        if self._names is None:
            return (TensorType("input-0", self._datatype, (-1, self._width)),)
        return tuple(
            TensorType(name, "BYTES" if at in self._converted else self._datatype, (-1,))
            for at, name in enumerate(self._names)
        )

    def unknown(self) -> Any:
        """A row of which nothing is known, for a look at the outputs."""
        array = self._numpy.full((1, self._width), nan, self._dtype)
        if self._dtype == "object":
            array[:, list(self._converted)] = ""
        return array

    def make(self, call: Call) -> Any:
        """The rows of a call.  Raises InvalidInput."""
        if call.named is None:
            columns, rows = call.table()
            if columns is not None:
                cells = [[row[at] for row in rows if isinstance(row, list)] for at in range(len(columns))]
                return self._from_columns(dict(zip(columns, cells, strict=True)))
            return self._from_rows(rows)
        if len(call.named) == 1 and (self._width > 1 or self._names is None):
            return self._from_matrix(call, next(iter(call.named)))
        return self._from_columns({name: self._cells(call, name) for name in call.named})

    def _from_rows(self, rows: Sequence[Json]) -> Any:
        if not all(isinstance(row, list) and len(row) == self._width for row in rows):
            raise InvalidInput(f"the model expects rows of {self._width} values")
        if not self._converted:
            return self._numbers("the rows", rows).reshape(len(rows), self._width).astype(self._dtype)
        cells = [[row[at] for row in rows if isinstance(row, list)] for at in range(self._width)]
        return self._joined(cells, len(rows))

    def _from_matrix(self, call: Call, name: str) -> Any:
        if name not in call.types:
            value = (call.named or {})[name]
            return self._from_rows(value if isinstance(value, list) else [value])
        array = input_array(self._numpy, call, name)
        if array.ndim != 2 or array.shape[1] != self._width:
            raise InvalidInput(
                f"the model expects rows of {self._width} values, not an array of shape {list(array.shape)}"
            )
        if self._converted:
            return self._from_rows(array.tolist())
        return cast_input(self._numpy, call, None, TensorType(name, self._datatype, array.shape)).astype(
            self._dtype
        )

    def _cells(self, call: Call, name: str) -> list[Json]:
        """The values of one input, which may each be alone in a list."""
        if name in call.types and call.types[name].datatype != "BYTES":
            wanted = TensorType(name, self._datatype, ())
            array = input_array(self._numpy, call, name)
            if array.dtype.kind == "f":
                array = cast_input(self._numpy, call, None, wanted)
            value: Json = array.tolist()
        else:
            value = (call.named or {})[name]
        if not isinstance(value, list):
            raise InvalidInput(f"input '{name}' is not a list of values")
        return [cell[0] if isinstance(cell, list) and len(cell) == 1 else cell for cell in value]

    def _from_columns(self, columns: Mapping[str, list[Json]]) -> Any:
        if self._names is None:
            if len(columns) != self._width:
                raise InvalidInput(f"the model expects {self._width} columns, not {len(columns)}")
            ordered = list(columns.values())
        elif set(columns) != set(self._names):
            lacking = [name for name in self._names if name not in columns]
            unknown = [name for name in columns if name not in self._names]
            said = f"lacks '{lacking[0]}'" if lacking else f"has '{unknown[0]}', which is not one of them"
            raise InvalidInput(f"the model expects {self._width} columns by name; the request {said}")
        else:
            ordered = [columns[name] for name in self._names]
        sizes = set(map(len, ordered))
        if len(sizes) > 1:
            raise InvalidInput("the columns differ in length")
        return self._joined(ordered, sizes.pop() if sizes else 0)

    def _joined(self, columns: Sequence[list[Json]], rows: int) -> Any:
        array = self._numpy.empty((rows, self._width), self._dtype)
        for at, cells in enumerate(columns):
            name = self._names[at] if self._names is not None else str(at)
            convert = self._converted.get(at)
            array[:, at] = convert(name, cells) if convert is not None else self._numbers(name, cells)
        return array

    def _numbers(self, name: str, value: Sequence[Json]) -> Any:
        plain = [_plain_number(cell) for cell in value]
        return cast_input(self._numpy, PLAIN, plain, TensorType(name, self._datatype, ()))


def described(outputs: Any) -> TensorType:
    """The type of the outputs for one row, for any number of rows."""
    datatype = DATATYPES.get(outputs.dtype.name, "BYTES")
    return TensorType("output-0", datatype, (-1, *outputs.shape[1:]))


def _plain_number(cell: Json) -> Json:
    if isinstance(cell, list):
        return [_plain_number(held) for held in cell]
    return nan if cell is None else int(cell) if isinstance(cell, bool) else cell


def codes(known: Mapping[Any, int], unknown: float | None = None) -> Convert:
    """Categories as numbers; one that the file does not have is `unknown`, or refused if that is None."""

    def convert(name: str, cells: list[Json]) -> list[Any]:
        found = []
        for cell in cells:
            code = nan if cell is None else _code(known, cell, unknown)
            if code is None:
                raise InvalidInput(
                    f"column '{name}' has a category that the model does not know: {cell!r:.40}"
                )
            found.append(code)
        return found

    return convert


def _code(known: Mapping[Any, int], cell: Json, unknown: float | None) -> float | None:
    # True is 1 as a key, and no category of numbers.
    is_category = isinstance(cell, str | int | float) and not (isinstance(cell, bool) and True not in known)
    return known.get(cell, unknown) if is_category else unknown
