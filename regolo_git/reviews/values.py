"""How much the values of tensors differ between two versions, read from the stores."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from regolo_git.artifacts.progress import OnProgress
from regolo_git.artifacts.values.difference import ValueChange
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.recipe import Recipe
from regolo_git.registry.handle import Handle
from regolo_git.reviews.page import Column, Section
from regolo_git.reviews.sides import IN_WORK_TREE, Side
from regolo_git.text.numbers import MISSING, significant_text
from regolo_git.verdict.tensors import TensorChange, TensorComparison

TENSORS_SHOWN = 20
REST = "see --json"
COLUMNS = (
    Column("tensor", flexible=True),
    Column("relative norm", number=True),
    Column("cosine", number=True),
    Column("largest change", number=True),
    Column("changed", number=True),
    Column("NaN", number=True, spare=1),
    Column("infinite", number=True, spare=2),
)


@dataclass(frozen=True, slots=True)
class TensorValues:
    """The change of a tensor's values; None for a type that cannot be computed with, such as `Q4_K`."""

    tensor: TensorChange
    change: ValueChange | None

    def to_dict(self) -> dict[str, object]:
        """The measures by name, all None for such a type."""
        measures = ValueChange.__dataclass_fields__
        return asdict(self.change) if self.change is not None else dict.fromkeys(measures)


def tensor_values(
    handle: Handle, a: Side, b: Side, tensors: TensorComparison | None, on_progress: OnProgress
) -> tuple[TensorValues, ...]:
    """The change of every tensor whose values differ, and whose shape and type do not.

    Unchanged tensors are not read.  Raises MissingDependency without NumPy, InvalidInput for files in the
    work tree, NotFound, IntegrityError or TransportError if bytes of one version cannot be read.
    """
    from regolo_git.artifacts.values.compare import (  # noqa: PLC0415 - most comparisons look at no values
        can_compare,
        compare_values,
        import_numpy,
    )

    import_numpy()
    recipes = _recipe(a), _recipe(b)
    changed = tensors.of_kind("changed") if tensors is not None else ()
    pairs = [(tensor.before, tensor.after) for tensor in changed if tensor.before and tensor.after]
    comparable = [pair for pair in pairs if can_compare(*pair)]
    found = dict(
        zip(comparable, compare_values(handle.stores, *recipes, comparable, on_progress), strict=True)
    )
    return tuple(TensorValues(tensor, found.get(pair)) for tensor, pair in zip(changed, pairs, strict=True))


def _recipe(side: Side) -> Recipe:
    if side.name == IN_WORK_TREE:
        model = side.manifest.model
        raise InvalidInput("values of files in the work tree are not compared", Hint("commit", model))
    if side.recipe is None:
        raise NotFound(f"the recipe of version {side.manifest.version} is in no store", Hint("doctor"))
    return side.recipe


def values_section(values: Sequence[TensorValues]) -> Section:
    """The table of the values of tensors."""
    return Section(
        "Values", list(map(_row, values)), COLUMNS, most=TENSORS_SHOWN, screenful=TENSORS_SHOWN, rest=REST
    )


def _row(values: TensorValues) -> tuple[str, ...]:
    change, name = values.change, values.tensor.label
    if change is None:
        return name, *[MISSING] * (len(COLUMNS) - 1)
    return (
        name,
        significant_text(change.relative_norm),
        significant_text(change.cosine, digits=6),
        significant_text(change.largest),
        f"{change.changed:.1%}",
        _counts(change.nan_a, change.nan_b),
        _counts(change.infinite_a, change.infinite_b),
    )


def _counts(before: int, after: int) -> str:
    return f"{before:,}" if before == after else f"{before:,} → {after:,}"
