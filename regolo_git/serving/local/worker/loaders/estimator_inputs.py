"""What a scikit-learn estimator is called with: texts, records, an array, or a table with named columns.

Which of them is decided once, from the estimator; then each call becomes the argument that its author gave it
in Python, with values of the same types.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from math import inf
from typing import Any, NamedTuple

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json
from regolo_git.serving.dependencies import missing_library
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.loaders.arrays import input_array, natural_array
from regolo_git.serving.local.worker.loaders.estimator_parts import first_parts, needs_names


class EstimatorInputs(NamedTuple):
    """How a call becomes the argument of an estimator, and the inputs as metadata describe them."""

    make: Callable[[Call], Any]
    described: tuple[TensorType, ...] = ()


def inputs_of(model: Any, numpy: Any) -> EstimatorInputs:
    """The inputs of an estimator.  Raises MissingDependency if it needs pandas, which is not there."""
    texts = import_module("sklearn.feature_extraction.text")
    others = import_module("sklearn.feature_extraction")
    parts = first_parts(model)
    if parts and all(isinstance(part, texts.CountVectorizer | texts.HashingVectorizer) for part in parts):
        return EstimatorInputs(_texts, (TensorType("input-0", "BYTES", (-1,)),))
    if parts and all(isinstance(part, others.DictVectorizer | others.FeatureHasher) for part in parts):
        return EstimatorInputs(_records)
    width, names = getattr(model, "n_features_in_", None), getattr(model, "feature_names_in_", None)
    by_name = needs_names(model)
    described = TensorType("input-0", "FP64", (-1, width if width is not None else -1))
    if names is None:
        return EstimatorInputs(_Table(numpy, width).make, (described,))
    pandas = _pandas(required=by_name)
    table = _Table(numpy, width, tuple(map(str, names)), pandas, by_name=by_name)
    return EstimatorInputs(table.make, () if by_name else (described,))


def _pandas(*, required: bool) -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        if required:
            raise missing_library("pandas", "a model that selects columns by name") from error
        return None


def _texts(call: Call) -> list[Json]:
    """One text for each row; a table must have one column."""
    name, values = _only_column(call)
    texts = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in values]
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidInput(f"{name} takes text, and its value {number} is {_word(text)}")
    return texts


def _only_column(call: Call) -> tuple[str, list[Json]]:
    if call.named is None:
        columns, rows = call.table()
        if columns is not None and len(columns) != 1:
            raise InvalidInput(f"the model takes one column of text, and not {len(columns)}")
        return "the input" if columns is None else f"column '{columns[0]}'", rows
    if len(call.named) > 1:
        raise InvalidInput(f"the model takes one input of text, and not {len(call.named)}")
    ((name, value),) = call.named.items()
    return f"input '{name}'", value if isinstance(value, list) else [value]


def _records(call: Call) -> object:
    """Dictionaries, as the caller wrote them; of inputs by name, one for each row."""
    if call.named is None:
        return call.plain()
    columns = [_column(name, value) for name, value in call.named.items()]
    return [dict(zip(call.named, row, strict=True)) for row in _transposed(columns)]


class _Table:
    """Rows with or without names for an estimator of a fixed width; with its names, if it has any.

    scikit-learn takes five times as long with a table of pandas as with an array.  So numbers are an array in
    the order of the names, unless a part of the model may look for the names.
    """

    def __init__(
        self,
        numpy: Any,
        width: int | None,
        names: tuple[str, ...] | None = None,
        pandas: Any = None,
        *,
        by_name: bool = False,
    ) -> None:
        self._numpy = numpy
        self._width = width
        self._names = names
        self._pandas = pandas
        self._by_name = by_name

    def make(self, call: Call) -> Any:
        """An array, or a table if the estimator has names and pandas is there.  Raises InvalidInput."""
        if call.named is not None:
            return self._from_inputs(call)
        columns, rows = call.table()
        if columns is None:
            return self._from_rows(rows)
        return self._from_columns(dict(zip(columns, _transposed_rows(rows, len(columns)), strict=True)))

    def _from_inputs(self, call: Call) -> Any:
        """One input is a matrix, or a single column; several are a column each."""
        named = call.named or {}
        if len(named) == 1:
            ((name, array),) = ((name, input_array(self._numpy, call, name)) for name in named)
            if array.ndim != 1 or self._width is None:
                return self._from_matrix(array)
            if self._width == 1 and self._names != (name,):
                return self._from_matrix(array.reshape(-1, 1))
        if call.types:
            return self._from_columns(
                {name: _flat(name, input_array(self._numpy, call, name)) for name in named}
            )
        return self._from_columns({name: _column(name, value) for name, value in named.items()})

    def _from_rows(self, rows: list[Json]) -> Any:
        if self._pandas is None or self._names is None or not self._by_name:
            array = natural_array(self._numpy, rows, "the rows")
            if self._is_enough(array):
                return self._from_matrix(array)
        if not all(isinstance(row, list) and len(row) == self._width for row in rows):
            raise InvalidInput(f"the model expects rows of {self._width} values")
        return self._from_columns(
            dict(zip(self._names or (), _transposed_rows(rows, len(self._names or ())), strict=True))
        )

    def _is_enough(self, array: Any) -> bool:
        """Whether the model answers an array as it does a table."""
        if self._names is None or self._pandas is None:
            return True
        return not self._by_name and array.dtype.kind in "fiu"

    def _from_matrix(self, array: Any) -> Any:
        if self._width is not None and (array.ndim != 2 or array.shape[1] != self._width):
            raise InvalidInput(
                f"the model expects rows of {self._width} values, not an array of shape {list(array.shape)}"
            )
        if self._is_enough(array):
            return array
        if array.dtype == object:
            return self._from_rows(array.tolist())
        return self._pandas.DataFrame(array, columns=list(self._names or ()))

    def _from_columns(self, columns: Mapping[str, Any]) -> Any:
        """Columns in the order of the model's names; columns that it does not know come last."""
        for name, column in columns.items():
            _check_cells(name, column)
        if self._names is None or self._pandas is None:
            return self._from_matrix(self._array(columns))
        if not self._by_name and set(columns) == set(self._names):
            array = self._array(columns)
            if self._is_enough(array):
                return self._from_matrix(array)
        known = dict.fromkeys(name for name in self._names if name in columns)
        ordered = [*known, *(name for name in columns if name not in known)]
        try:
            return self._pandas.DataFrame({name: columns[name] for name in ordered})
        except ValueError as error:
            raise InvalidInput("the columns differ in length") from error

    def _array(self, columns: Mapping[str, Any]) -> Any:
        """Without pandas, or for a model without names, which takes its columns in the order given."""
        if self._names is not None and set(columns) != set(self._names):
            raise InvalidInput(f"the model expects the columns {', '.join(self._names)}")
        lists = [_listed(columns[name]) for name in self._names or columns]
        return natural_array(self._numpy, list(map(list, _transposed(lists))), "the columns")


def _transposed_rows(rows: list[Json], width: int) -> list[list[Json]]:
    """The columns of rows that are known to be of that width; of no rows, as many empty columns."""
    return [[row[at] for row in rows if isinstance(row, list)] for at in range(width)]


def _transposed(columns: Sequence[list[Json]]) -> list[tuple[Json, ...]]:
    try:
        return list(zip(*columns, strict=True))
    except ValueError as error:
        raise InvalidInput("the columns differ in length") from error


def _column(name: str, value: Json) -> list[Json]:
    """The values of a column; each may be alone in a list, as a tensor of shape [N, 1] has them."""
    if not isinstance(value, list):
        raise InvalidInput(f"column '{name}' is not a list of values")
    if value and all(isinstance(cell, list) and len(cell) == 1 for cell in value):
        return [cell[0] for cell in value if isinstance(cell, list)]
    return value


def _flat(name: str, array: Any) -> Any:
    if array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1):
        return array.ravel()
    raise InvalidInput(f"column '{name}' has the shape {list(array.shape)}, not one value for each row")


def _listed(column: Any) -> list[Json]:
    values: list[Json] = column if isinstance(column, list) else column.tolist()
    return values


def _check_cells(name: str, column: Any) -> None:
    if isinstance(column, list):
        if any(isinstance(cell, list | dict) for cell in column):
            raise InvalidInput(f"column '{name}' has a list or an object in the place of a value")
        if inf in column or -inf in column:
            raise InvalidInput(f"column '{name}' has a number that is infinite or too large")


def _word(value: Json) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "a boolean"
    return "a number" if isinstance(value, int | float) else "a list or an object"
