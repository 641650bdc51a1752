"""Arguments and outputs of a model as rows: joined for one call, and split again.

Only arguments of one form are joined: the same inputs, columns and types.  So the model gets each row with
the types that it would have alone; numpy would otherwise make fractions of the integers of a neighbour.
"""

import sys
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple


class Form(NamedTuple):
    """The number of rows of an argument, and what arguments that can be joined have in common."""

    rows: int
    key: Hashable


class NotByRow(TypeError):
    """Outputs that are not one for each row."""


# -- arguments --------------------------------------------------------------------------------------------


def form_of(argument: Any) -> Form | None:
    """The form of an argument; None if it cannot be joined with others, as one without rows."""
    try:
        form = _form(argument)
    except RecursionError:
        return None  # lists in lists beyond what anybody joins
    return form if form is not None and form.rows > 0 else None


def _form(argument: Any) -> Form | None:
    if isinstance(argument, Mapping):
        return _form_of_inputs(argument)
    if isinstance(argument, list):
        return Form(len(argument), ("list", _kinds(argument)))
    if hasattr(argument, "iloc"):
        # Numbers of a column of objects may be of several types.
        held = tuple(_kinds(argument[name].tolist()) for name in argument if argument[name].dtype == object)
        return Form(len(argument), ("table", tuple(argument.columns), tuple(argument.dtypes), held))
    if getattr(argument, "ndim", 0) < 1:
        return None
    held_kinds = _kinds(argument.ravel().tolist()) if argument.dtype == object else None
    return Form(len(argument), ("array", argument.dtype.str, argument.shape[1:], held_kinds))


def _form_of_inputs(inputs: Mapping[str, Any]) -> Form | None:
    """All inputs that are there must have as many rows."""
    forms = {name: _form(value) for name, value in inputs.items() if value is not None}
    known = [form for form in forms.values() if form is not None]
    rows = {form.rows for form in known}
    if len(known) < len(forms) or len(rows) != 1:
        return None
    keys = frozenset((name, form.key) for name, form in forms.items() if form is not None)
    return Form(rows.pop(), ("inputs", keys))


def _kinds(values: Sequence[Any]) -> Hashable:
    """The types of values, and of those that they hold, with the lengths of lists and the keys of objects."""
    kinds = frozenset(map(type, values))
    if not kinds & {list, dict}:
        return kinds
    lists = [value for value in values if isinstance(value, list)]
    objects = [value for value in values if isinstance(value, dict)]
    held = chain(chain.from_iterable(lists), chain.from_iterable(value.values() for value in objects))
    return kinds, frozenset(map(len, lists)), frozenset(map(tuple, objects)), _kinds(list(held))


def join(arguments: Sequence[Any]) -> Any:
    """One argument with the rows of all, which have forms with the same key."""
    first = arguments[0]
    if isinstance(first, Mapping):
        return {
            name: None if value is None else join([argument[name] for argument in arguments])
            for name, value in first.items()
        }
    if isinstance(first, list):
        return list(chain.from_iterable(arguments))
    if hasattr(first, "iloc"):
        # Whoever has made them has imported the library.
        return sys.modules["pandas"].concat(arguments, ignore_index=True)
    return sys.modules["numpy"].concatenate(arguments)


# -- outputs ----------------------------------------------------------------------------------------------


def split(outputs: Any, sizes: Sequence[int]) -> list[Any]:
    """The outputs of each argument by its number of rows.  Raises NotByRow."""
    if isinstance(outputs, Mapping):
        parts = {name: split(value, sizes) for name, value in outputs.items()}
        return [{name: part[at] for name, part in parts.items()} for at in range(len(sizes))]
    total = sum(sizes)
    if isinstance(outputs, list | tuple) and _are_targets(outputs, total):
        by_target = [split(target, sizes) for target in outputs]
        return [list(parts) for parts in zip(*by_target, strict=True)]
    if _length(outputs) != total:
        raise NotByRow(f"the model returned {_words(outputs)} for {total} rows")
    ends = pairwise(accumulate(sizes, initial=0))
    if hasattr(outputs, "iloc"):
        return _parts_of_table(outputs, ends)
    held = outputs.tocsr() if hasattr(outputs, "tocsr") else outputs
    return [held[begin:end] for begin, end in ends]


def _are_targets(outputs: Sequence[Any], total: int) -> bool:
    """Whether it is an array for each of several targets.  Raises NotByRow if it may be rows as well."""
    are_arrays = bool(outputs) and all(getattr(held, "shape", ()) for held in outputs)
    if not are_arrays or any(held.shape[0] != total for held in outputs):
        return False
    if len(outputs) == total:
        raise NotByRow(f"the model returned {total} arrays of length {total}, which may be rows or targets")
    return True


def _length(outputs: Any) -> int | None:
    shape = getattr(outputs, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(outputs) if isinstance(outputs, list | tuple) else None


def _words(outputs: Any) -> str:
    length = _length(outputs)
    return type(outputs).__name__ if length is None else f"{length} values"


def _parts_of_table(table: Any, ends: Iterable[tuple[int, int]]) -> list[Any]:
    """Rows that were numbered from 0 in the whole are in each part."""
    parts = [table.iloc[begin:end] for begin, end in ends]
    if list(table.index) == list(range(len(table))):
        return [part.reset_index(drop=True) for part in parts]
    return parts
