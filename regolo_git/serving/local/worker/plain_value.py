"""One value of a model's answer as something nearer to JSON; values that JSON can hold do not get here.

Dates, times and durations become ISO 8601, bytes become base64, sets become lists, and missing values null.
Libraries are recognized by their methods: none is imported, because a worker may not have it.
"""

import sys
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Set, ValuesView
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

from regolo_git.serving.local.worker.json_body import first_repeated

# Above this an integer is written as a float is: the answer of a few bytes could have a million digits.
MOST_DIGITS = 40


def plain_value(value: object) -> object:
    """Converts one step; what a container holds is not converted yet.  Raises TypeError."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return _from_numpy(value)
    for kind, convert in STANDARD:
        if isinstance(value, kind):
            return convert(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if type(value).__name__ == "NAType":  # pandas.NA
        return None
    if type(value).__name__ in ("Period", "Interval"):  # of pandas
        return str(value)
    if hasattr(value, "columns"):
        _check_columns(value.columns)
    for name, keywords in METHODS:
        method = getattr(value, name, None)
        if callable(method):
            return method(**keywords)
    raise TypeError(f"the model returned {type(value).__name__}, which cannot be written as JSON")


def _from_numpy(value: Any) -> object:
    """An array or scalar of numpy.  `tolist` would make plain numbers of nanoseconds."""
    match value.dtype.kind:
        case "M":
            return _each(value.astype(str).tolist(), lambda text: None if text == "NaT" else text)
        case "m":
            return _durations(value)
        case "f" if value.dtype.itemsize > 8:
            return value.astype(float).tolist()
    return value.tolist()


def _durations(value: Any) -> object:
    missing = value != value  # noqa: PLR0124 - NaT differs from itself
    if value.dtype.str.endswith(("[ns]", "[ps]", "[fs]", "[as]")):
        counts = value.astype("timedelta64[ns]").astype("int64").astype(object)
    else:
        counts = value.astype("timedelta64[us]").astype("int64").astype(object) * 1000
    texts = _each(counts.tolist() if hasattr(counts, "tolist") else counts, _duration_text)
    return _without(texts, missing.tolist())


def _each(nested: object, change: Callable[[Any], object]) -> object:
    return [_each(held, change) for held in nested] if isinstance(nested, list) else change(nested)


def _without(nested: object, missing: Any) -> object:
    if isinstance(nested, list):
        return [_without(held, gone) for held, gone in zip(nested, missing, strict=True)]
    return None if missing else nested


def _duration_text(nanoseconds: int) -> str:
    """ISO 8601 in seconds, exactly: `PT86400S`, `-PT0.5S`."""
    seconds, rest = divmod(abs(nanoseconds), 10**9)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{'-' if nanoseconds < 0 else ''}PT{seconds}{fraction}S"


def _from_timedelta(value: timedelta) -> object:
    if value != value:  # noqa: PLR0124 - pandas.NaT differs from itself
        return None
    return _duration_text((value // timedelta(microseconds=1)) * 1000 + getattr(value, "nanoseconds", 0))


def _from_time(value: date | datetime | time) -> object:
    return value.isoformat() if value == value else None  # noqa: PLR0124 - pandas.NaT differs from itself


def _from_decimal(value: Decimal) -> object:
    if not value.is_finite():
        return None
    is_whole = value == value.to_integral_value() if value.adjusted() < MOST_DIGITS else False
    return int(value) if is_whole else float(value)


def _from_set(value: Set[Any]) -> list[object]:
    """Sorted, so that equal answers read the same, if its elements can be compared."""
    try:
        return sorted(value)
    except TypeError:
        return list(value)


def _check_columns(columns: Any) -> None:
    """A table becomes one object for each row, which holds a name once."""
    twice = first_repeated(map(str, columns))
    if twice is not None:
        raise TypeError(f"the model returned a table with two columns '{twice}', which JSON cannot hold")


STANDARD: Final[tuple[tuple[Any, Callable[[Any], object]], ...]] = (
    (date | time, _from_time),
    (timedelta, _from_timedelta),
    (Decimal, _from_decimal),
    (Fraction, float),
    (bytes | bytearray | memoryview, lambda value: b64encode(value).decode()),
    (Enum, lambda value: value.value),
    (UUID | PurePath, str),
    (Mapping, dict),
    (Set, _from_set),
    (Sequence | deque | ValuesView, list),
)
# In this order: a table of polars has several of them, and of a tensor that may be elsewhere the first works.
METHODS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("tolist", {}),
    ("to_list", {}),
    ("to_pylist", {}),
    ("to_dicts", {}),
    ("toarray", {}),  # sparse matrices
    ("to_dict", {"orient": "records"}),
    ("numpy", {}),
    ("model_dump", {}),
)
