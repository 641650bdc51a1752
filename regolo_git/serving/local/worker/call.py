"""One request to a model, decoded, whichever protocol it came by; and what a predictor must do with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Protocol

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json

# A shape is a few bytes of a request, and one with a zero in it may ask for any number of empty lists.
MOST_EMPTY_LISTS = 1 << 16


@dataclass(frozen=True, slots=True)
class TensorType:
    """A named array's type as the Open Inference Protocol writes it; -1 is a size that varies."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    def to_json(self) -> Json:
        """As it stands in a model's metadata."""
        return {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}


@dataclass(frozen=True, slots=True)
class Call:
    """Rows, with the names of their columns where the caller gave them, or inputs by name.

    Exactly one of `rows` and `named` is not None.  `types` holds what the caller said of the named inputs.
    """

    rows: list[Json] | None = None
    named: Mapping[str, Json] | None = None
    columns: tuple[str, ...] | None = None
    types: Mapping[str, TensorType] = field(default_factory=dict)
    parameters: Mapping[str, Json] = field(default_factory=dict)

    def plain(self) -> Json:
        """What a plain callable sees: a list of rows, of records where columns have names, or a mapping."""
        if self.named is not None:
            return dict(self.named)
        if self.columns is not None:
            return [
                dict(zip(self.columns, row, strict=True)) for row in self.rows or [] if isinstance(row, list)
            ]
        return self.rows


@dataclass(frozen=True, slots=True)
class Signature:
    """What a model takes and gives, where its format says so."""

    platform: str
    inputs: tuple[TensorType, ...] = ()
    outputs: tuple[TensorType, ...] = ()


class Predictor(Protocol):
    """A model that is loaded."""

    def predict(self, call: Call) -> object:
        """Plain values or arrays, one or by name.

        Raises InvalidInput where the inputs do not fit the model: the caller's mistake, not the model's.
        """
        ...

    def signature(self) -> Signature:
        """What the model takes and gives."""
        ...


def nest(data: list[Json], shape: tuple[int, ...], name: str) -> list[Json]:
    """Flat row-major data as nested lists of a shape; data that is nested already stays as it is."""
    if data and isinstance(data[0], list):
        return data
    if prod(shape) != len(data):
        raise InvalidInput(
            f"input '{name}' has {len(data)} values, its shape {list(shape)} has {prod(shape)}"
        )
    if not data:
        if prod(size for size in shape if size) > MOST_EMPTY_LISTS:
            raise InvalidInput(f"input '{name}' has a shape {list(shape)} that is too large for no values")
        return _empty(shape)
    for size in reversed(shape[1:]):
        data = [data[i : i + size] for i in range(0, len(data), size)]
    return data


def _empty(shape: tuple[int, ...]) -> list[Json]:
    return [_empty(shape[1:]) for _ in range(shape[0])] if shape else []
