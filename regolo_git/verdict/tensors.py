"""Compares the tensors of two versions by their recipes alone; no model is loaded or downloaded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from regolo_git.records.recipe import Recipe, RecipeTensor
from regolo_git.text.natural_order import natural_key

Kind = Literal["added", "removed", "reshaped", "changed"]
BREAKING: tuple[Kind, ...] = ("removed", "reshaped")
MISSING = None, None


@dataclass(frozen=True, slots=True)
class TensorChange:
    """A tensor that differs between the versions; `before` or `after` is None if it is missing there.

    `number` is which of how many it is, if a version has several tensors of that name.  `described` says that
    its file describes itself: whether the file breaks callers, its inputs and outputs say.
    """

    name: str
    before: RecipeTensor | None
    after: RecipeTensor | None
    number: tuple[int, int] | None = None
    described: bool = False

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

    @property
    def breaks(self) -> bool:
        """Whether code that loads the tensor by its name may break."""
        return self.kind in BREAKING and not self.described


@dataclass(frozen=True, slots=True)
class TensorComparison:
    """The number of unchanged tensors, and every change, first those of the kinds that may break code."""

    unchanged: int
    changes: tuple[TensorChange, ...]

    @property
    def all_gone(self) -> bool:
        """Whether the new version has none of the tensors, or a format that does not show them."""
        return bool(self.changes) and not self.unchanged and all(each.after is None for each in self.changes)

    def of_kind(self, kind: Kind) -> tuple[TensorChange, ...]:
        """The changes of one kind, in the natural order of names."""
        return tuple(change for change in self.changes if change.kind == kind)

    @property
    def breaking(self) -> tuple[TensorChange, ...]:
        """The changes that may break code."""
        return tuple(change for change in self.changes if change.breaks)


def compare_tensors(
    before: Recipe, after: Recipe, described: Collection[str] = frozenset()
) -> TensorComparison:
    """Matches tensors by name and compares dtype, shape and BLAKE3.

    Of several with one name the n-th is matched with the n-th.  `described` are the paths of the files that
    describe themselves, in both versions.
    """
    old, new = _by_name(before), _by_name(after)
    changes = []
    unchanged = 0
    for key in sorted(old.keys() | new.keys(), key=lambda key: (natural_key(key[0]), key[1])):
        (a, path), (b, _) = old.get(key, MISSING), new.get(key, MISSING)
        if a and b and (a.dtype, a.shape, a.blake3) == (b.dtype, b.shape, b.blake3):
            unchanged += 1
        else:
            number = _number_of(*key, old, new)
            changes.append(TensorChange(key[0], a, b, number, described=path in described))
    changes.sort(key=lambda change: BREAKING.index(change.kind) if change.kind in BREAKING else len(BREAKING))
    return TensorComparison(unchanged, tuple(changes))


def _number_of(
    name: str, occurrence: int, *sides: Mapping[tuple[str, int], object]
) -> tuple[int, int] | None:
    count = occurrence + 1
    while any((name, count) in side for side in sides):
        count += 1
    return (occurrence + 1, count) if count > 1 else None


def _by_name(recipe: Recipe) -> dict[tuple[str, int], tuple[RecipeTensor | None, str | None]]:
    """The tensors, each with the path of its file."""
    # Two shards in a directory may each hold a tensor of the same name.
    seen: dict[str, int] = {}
    named: dict[tuple[str, int], tuple[RecipeTensor | None, str | None]] = {}
    for tensor, path in recipe.placed_tensors():
        occurrence = seen.get(tensor.name, 0)
        seen[tensor.name] = occurrence + 1
        named[tensor.name, occurrence] = tensor, path
    return named
