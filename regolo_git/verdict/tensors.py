"""Compares the tensors of two versions by their recipes alone; no model is loaded or downloaded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from regolo_git.records.recipe import Recipe, RecipeTensor
from regolo_git.text.natural_order import natural_key

Kind = Literal["added", "removed", "reshaped", "changed"]
BREAKING: tuple[Kind, ...] = ("removed", "reshaped")


@dataclass(frozen=True, slots=True)
class TensorChange:
    """A tensor that differs between the versions; `before` or `after` is None if it is missing there.

    `number` is which of how many it is, if a version has several tensors of that name.
    """

    name: str
    before: RecipeTensor | None
    after: RecipeTensor | None
    number: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """The name, told apart from others of that name: `w (2 of 3)`."""
        return f"{self.name} ({self.number[0]} of {self.number[1]})" if self.number else self.name

    @property
    def kind(self) -> Kind:
        """The kind of change: "reshaped" for a new shape or dtype, "changed" for new values only."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        same_form = (self.before.shape, self.before.dtype) == (self.after.shape, self.after.dtype)
        return "changed" if same_form else "reshaped"


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """The number of unchanged tensors, and every change, first those that break code (BREAKING)."""

    unchanged: int
    changes: tuple[TensorChange, ...]

    @property
    def all_gone(self) -> bool:
        """Whether the new version has none of the tensors, or a format that does not show them."""
        return bool(self.changes) and not self.unchanged and all(each.after is None for each in self.changes)

    def of_kind(self, kind: Kind) -> tuple[TensorChange, ...]:
        """The changes of one kind, in the natural order of names."""
        return tuple(change for change in self.changes if change.kind == kind)


def compare_tensors(before: Recipe, after: Recipe) -> TensorComparison:
    """Matches tensors by name and compares dtype, shape and BLAKE3.

    Of several with one name the n-th is matched with the n-th.
    """
    old, new = _by_name(before.tensors), _by_name(after.tensors)
    changes = []
    unchanged = 0
    for key in sorted(old.keys() | new.keys(), key=lambda key: (natural_key(key[0]), key[1])):
        a, b = old.get(key), new.get(key)
        if a and b and (a.dtype, a.shape, a.blake3) == (b.dtype, b.shape, b.blake3):
            unchanged += 1
        else:
            changes.append(TensorChange(key[0], a, b, _number_of(*key, old, new)))
    changes.sort(key=lambda change: BREAKING.index(change.kind) if change.kind in BREAKING else len(BREAKING))
    return TensorComparison(unchanged, tuple(changes))


def _number_of(
    name: str, occurrence: int, *sides: Mapping[tuple[str, int], RecipeTensor]
) -> tuple[int, int] | None:
    count = occurrence + 1
    while any((name, count) in side for side in sides):
        count += 1
    return (occurrence + 1, count) if count > 1 else None


def _by_name(tensors: Iterable[RecipeTensor]) -> dict[tuple[str, int], RecipeTensor]:
    # Two shards in a directory may each hold a tensor of the same name.
    seen: dict[str, int] = {}
    named = {}
    for tensor in tensors:
        occurrence = seen.get(tensor.name, 0)
        seen[tensor.name] = occurrence + 1
        named[tensor.name, occurrence] = tensor
    return named
