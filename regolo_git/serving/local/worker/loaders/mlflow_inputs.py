"""What an MLflow model is called with: a table or arrays, in the types of its signature.

MLflow refuses a table whose types are not those of the signature, but JSON has no integers of 32 bits, no
dates and no bytes, and may write 1.0 as 1.  So values are cast to those types, where none of them changes.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.loaders.arrays import input_array, natural_array
from regolo_git.serving.local.worker.loaders.casts import cast_input

# The types of columns that the Open Inference Protocol has; the others are dates, bytes and containers.
COLUMN_TYPES: Final = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
}
UNNAMED: Final = "input-0"


class PyfuncInputs:
    """Turns calls into the argument of a model with a signature, or without one if `schema` is None."""

    def __init__(self, schema: Any, numpy: Any, pandas: Any) -> None:
        self._numpy = numpy
        self._pandas = pandas
        self._is_table = schema is not None and not schema.is_tensor_spec()
        specs = list(schema.inputs) if schema is not None else []
        self._specs = {_name(spec, at, len(specs)): spec for at, spec in enumerate(specs)}
        self._is_named = bool(specs) and schema.has_input_names()
        # JSON has text for a name that the signature has as an integer.
        self._names = {name: spec.name for name, spec in self._specs.items()} if self._is_named else {}

    def described(self) -> tuple[TensorType, ...]:
        """The inputs of the signature that the Open Inference Protocol has types for."""
        types = [_wanted(name, spec) for name, spec in self._specs.items()]
        return tuple(kind for kind in types if kind is not None)

    def make(self, call: Call) -> object:
        """The argument for a call.  Raises InvalidInput."""
        columns, rows = call.table()
        if columns is not None:
            return self._frame(call, _cells(columns, rows))
        if call.named is None:
            if self._is_table:
                return self._frame(call, self._positional(rows))
            return self._array(call, "the rows", call.rows)
        # Those of declared types are read from the call, as bytes if they were sent as bytes.
        plain = {name: None if name in call.types else call.named[name] for name in call.named}
        if not call.types and not all(isinstance(value, list) for value in plain.values()):
            return plain  # single values, which MLflow makes a row of
        return self._named_table(call, plain) if self._is_table else self._named_arrays(call, plain)

    # -- arrays -------------------------------------------------------------------------------------------

    def _named_arrays(self, call: Call, named: Mapping[str, Json]) -> object:
        arrays = {name: self._array(call, name, value) for name, value in named.items()}
        is_single = len(arrays) == 1 and not self._is_named and bool(call.types or self._specs)
        return next(iter(arrays.values())) if is_single else arrays

    def _array(self, call: Call, name: str, value: Json) -> Any:
        """An array of the type of the signature's input; a signature without names has one input."""
        spec = self._specs.get(name if self._is_named else UNNAMED)
        wanted = _wanted(name, spec)
        if wanted is not None:
            return cast_input(self._numpy, call, value, wanted)
        if name in call.types:
            return input_array(self._numpy, call, name)
        return natural_array(self._numpy, value, name)

    # -- tables -------------------------------------------------------------------------------------------

    def _named_table(self, call: Call, named: Mapping[str, Json]) -> Any:
        if call.types and len(named) == 1:
            ((name, array),) = ((name, input_array(self._numpy, call, name)) for name in named)
            if array.ndim == 2 and (name not in self._specs or array.shape[1] != 1):
                return self._frame(Call(), self._positional(array.tolist()))
        return self._frame(call, named)

    def _positional(self, rows: list[Json]) -> Mapping[str, list[Json]]:
        """Rows in the order of the signature's columns; a model of one column takes single values too."""
        width = len(self._specs)
        if width == 1 and not any(isinstance(row, list) for row in rows):
            rows = [[row] for row in rows]
        if not all(isinstance(row, list) and len(row) == width for row in rows):
            raise InvalidInput(f"the model expects rows of {width} values")
        return _cells(tuple(self._specs), rows)

    def _frame(self, call: Call, columns: Mapping[str, Any]) -> Any:
        cells = {name: self._column(call, name, column) for name, column in columns.items()}
        try:
            frame = self._pandas.DataFrame(cells)
        except ValueError as error:
            raise InvalidInput("the columns differ in length") from error
        if self._is_table and not self._is_named:
            frame.columns = range(len(frame.columns))
            return frame
        return frame.rename(columns=self._names)

    def _column(self, call: Call, name: str, cells: list[Json]) -> Any:
        spec = self._specs.get(name)
        wanted = _wanted(name, spec)
        if name in call.types:
            array = _flat(name, input_array(self._numpy, call, name))
            if wanted is not None:
                return cast_input(self._numpy, call, None, wanted).ravel()
            cells = array.tolist()
        kind = getattr(getattr(spec, "type", None), "name", "")
        if kind == "datetime":
            return self._dates(name, cells)
        if kind == "binary":
            return [_bytes(name, cell) for cell in cells]
        if wanted is None or None in cells:
            return cells  # MLflow says whether values may be missing
        array = cast_input(self._numpy, call, cells, wanted)
        return array if array.ndim == 1 else cells

    def _dates(self, name: str, cells: list[Json]) -> Any:
        for cell in cells:
            if cell is not None and not isinstance(cell, str):
                raise InvalidInput(f"column '{name}' takes dates as text, and the request has {cell!r:.40}")
        try:
            return self._pandas.to_datetime(self._pandas.Series(cells, dtype="object")).astype(
                "datetime64[ns]"
            )
        except (ValueError, TypeError, OverflowError) as error:
            raise InvalidInput(f"column '{name}' has text that is not a date: {error}") from error


def _name(spec: Any, at: int, count: int) -> str:
    if spec.name not in (None, ""):
        return str(spec.name)
    return UNNAMED if count == 1 else f"input-{at}"


def _wanted(name: str, spec: Any) -> TensorType | None:
    """The input's type in the Open Inference Protocol; None if that has none for it."""
    kind: Any = getattr(spec, "type", None)
    name_of_kind = str(getattr(kind, "name", ""))
    shape = getattr(spec, "shape", None)
    if shape is None:
        datatype = COLUMN_TYPES.get(name_of_kind)
        return TensorType(name, datatype, (-1,)) if datatype is not None else None
    datatype = "BYTES" if kind.kind in "UO" else DATATYPES.get(name_of_kind)
    return TensorType(name, datatype, tuple(shape)) if datatype is not None else None


def _cells(columns: tuple[str, ...], rows: list[Json]) -> dict[str, list[Json]]:
    return {name: [row[at] for row in rows if isinstance(row, list)] for at, name in enumerate(columns)}


def _flat(name: str, array: Any) -> Any:
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return array.ravel()
    raise InvalidInput(f"column '{name}' has the shape {list(array.shape)}, not one value for each row")


def _bytes(name: str, cell: Json) -> bytes | None:
    if cell is None:
        return None
    try:
        if isinstance(cell, str):
            return b64decode(cell, validate=True)
    except ValueError:
        pass
    raise InvalidInput(f"column '{name}' takes bytes in base64, and the request has {cell!r:.40}")
