"""A decoded request to a model, independent of the protocol; and the interface of a predictor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json


@dataclass(frozen=True, slots=True)
class TensorType:
    """A named array's type in the terms of the Open Inference Protocol; -1 is a variable size."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def to_json(self) -> Json:
        """The form in a model's metadata."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class Call:
    """Rows, with column names if the caller gave them, or inputs by name.

    Exactly one of `rows` and `named` is not None.  `types` are the declared types of the named inputs.
    `binary` are the bytes of those that were sent as bytes of one width, little-endian and row-major: loaders
    with arrays read them, and `named` decodes them for all others when they are asked for.
    """

    rows: list[Json] | None = None
    named: Mapping[str, Json] | None = None
    columns: tuple[str, ...] | None = None
    types: Mapping[str, TensorType] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)
    binary: Mapping[str, memoryview] = field(default_factory=dict)

    def plain(self) -> Json:
        """The argument of a plain callable: rows, records if columns have names, or inputs by name."""
        if self.named is not None:
            return dict(self.named)
        if self.columns is not None:
            return [
                dict(zip(self.columns, row, strict=True)) for row in self.rows or [] if isinstance(row, list)
            ]
        return self.rows

    def table(self) -> tuple[tuple[str, ...] | None, list[Json]]:
        """The columns' names, if there are any, and the rows; rows may be records in the call.

        Raises InvalidInput for records that differ in their keys.
        """
        rows = self.rows or []
        first = rows[0] if rows else None
        if self.columns is not None or not isinstance(first, dict):
            return self.columns, rows
        if not all(isinstance(row, dict) and row.keys() == first.keys() for row in rows):
            raise InvalidInput("the records have different columns")
        return tuple(first), [[row[name] for name in first] for row in rows if isinstance(row, dict)]


@dataclass(frozen=True, slots=True)
class Signature:
    """A model's inputs and outputs, if its format describes them; it `awaits` if `predict` is a coroutine."""

    platform: str
    inputs: tuple[TensorType, ...] = ()
    outputs: tuple[TensorType, ...] = ()
    awaits: bool = False


class Predictor(Protocol):
    """A loaded model."""

    def predict(self, call: Call) -> object:
        """Plain values or arrays, one or by name.

        Raises InvalidInput if the inputs do not fit the model: the caller's mistake, not the model's.
        """
        ...

    def signature(self) -> Signature:
        """The model's inputs and outputs."""
        ...
