"""The user's metadata of a version: checked, converted to plain values, sorted."""

import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from math import isfinite
from typing import TypeAlias

from regolo_git.errors import InvalidInput
from regolo_git.records import toml_limits
from regolo_git.records.kinds import is_number
from regolo_git.records.plain import plain_date, plain_text
from regolo_git.records.toml_limits import key_name

MetadataValue: TypeAlias = (
    "str | int | float | bool | datetime | date | list[MetadataValue] | dict[str, MetadataValue]"
)
DEEPEST = toml_limits.DEPTH - 1  # [metadata] is a level itself
SHORT_FLOATS = ("float16", "bfloat16", "float32")


def normalize_metadata(metadata: Mapping[str, object]) -> dict[str, MetadataValue]:
    """Returns plain values, sorted by code point, scalars before nested tables.

    NumPy and PyTorch scalars become Python scalars, a 32-bit float by its shortest decimal (0.92, not
    0.9200000166893005), and values of subclasses, such as members of a string enumeration, the plain value
    that `json.dumps` would write.  Raises InvalidInput, naming the key, for None, NaN, infinity, integers
    over 64 bits, times without a zone, two keys with one text, and any other value that TOML cannot
    represent; TypeError if it is not a mapping.
    """
    if not isinstance(metadata, Mapping):
        raise TypeError(f"expected a mapping of names to values, not {metadata!r}")
    return _table(metadata, ())


def _table(table: Mapping[str, object], path: tuple[str, ...]) -> dict[str, MetadataValue]:
    toml_limits.check_depth(path, DEEPEST)
    values: dict[str, MetadataValue] = {}
    for key, value in table.items():
        if not isinstance(key, str) or not key:
            raise InvalidInput(
                f"'{key_name((*path, str(key)))}' has a key that is empty or not a string",
                "use non-empty strings as keys",
            )
        name = plain_text(key)
        if name in values:  # a member of an enumeration and its text are two keys of a dictionary
            raise InvalidInput(f"'{key_name((*path, name))}' is there twice", "leave one of them out")
        values[name] = _value(value, (*path, name))
    ordered = sorted(values.items(), key=lambda item: (isinstance(item[1], dict), item[0]))
    return dict(ordered)


def _value(value: object, path: tuple[str, ...]) -> MetadataValue:
    if isinstance(value, Mapping):
        return _table(value, path)
    if isinstance(value, list | tuple):
        toml_limits.check_depth(path, DEEPEST)
        return [_value(element, (*path, str(index))) for index, element in enumerate(value)]
    return plain_scalar(value, path)


def plain_scalar(value: object, path: tuple[str, ...]) -> MetadataValue:
    """A plain string, number, boolean or time.  Raises InvalidInput, naming the keys, for anything else."""
    value = _python_scalar(value, path)
    if isinstance(value, str):
        return toml_limits.check_text(plain_text(value), path)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return toml_limits.check_integer(int.__int__(value), path)
    if isinstance(value, float):
        return toml_limits.check_float(float.__float__(value), path)
    if isinstance(value, date):
        return _date(value, path)
    kind = "null" if value is None else f"a {type(value).__name__}"
    raise InvalidInput(
        f"'{key_name(path)}' is {kind}, which a manifest cannot store", "leave it out or write it as a string"
    )


def _date(value: date, path: tuple[str, ...]) -> date:
    if value != value:  # noqa: PLR0124 - the missing time of pandas
        raise InvalidInput(f"'{key_name(path)}' is not a time (NaT)", "leave it out")
    if isinstance(value, datetime) and value.utcoffset() is None:
        raise InvalidInput(f"'{key_name(path)}' has no time zone", "use datetime.now(timezone.utc)")
    if getattr(value, "nanosecond", 0):
        raise InvalidInput(f"'{key_name(path)}' has nanoseconds", "round it to microseconds")
    return plain_date(value)


def _python_scalar(value: object, path: tuple[str, ...]) -> object:
    """Converts an array library's scalar to Python's; returns anything else unchanged."""
    if (item := _item_of(value)) is None:
        return value
    if getattr(value, "ndim", 0) != 0 and getattr(value, "size", None) != 1:
        raise InvalidInput(f"'{key_name(path)}' is an array", "use .tolist(), or save it with the model")
    return _python_number(value, item)


def plain_number(value: object) -> object:
    """Python's number for a scalar of an array library; anything else, arrays too, as it is."""
    item = _item_of(value) if getattr(value, "ndim", None) == 0 else None
    return value if item is None else _python_number(value, item)


def _item_of(value: object) -> Callable[[], object] | None:
    item: Callable[[], object] | None = getattr(value, "item", None)
    plain = type(value) in (str, int, float, bool) or not hasattr(value, "dtype")
    return None if plain or not callable(item) else item


def _python_number(value: object, item: Callable[[], object]) -> object:
    plain = item()
    short = str(getattr(value, "dtype", "")).rpartition(".")[2] in SHORT_FLOATS
    return shortest_float32(plain) if short and isinstance(plain, float) and isfinite(plain) else plain


def shortest_float32(value: float) -> float:
    """The float with the shortest decimal that rounds to the same 32-bit float."""
    packed = struct.pack("<f", value)
    for digits in range(1, 10):
        candidate = float(f"{value:.{digits}g}")
        try:
            if struct.pack("<f", candidate) == packed:
                return candidate
        except OverflowError:
            continue
    return value


def flattened(metadata: Mapping[str, MetadataValue], prefix: str = "") -> Iterator[tuple[str, MetadataValue]]:
    """The values that are not tables, by dotted name."""
    for key, value in metadata.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def metrics_of(metadata: Mapping[str, MetadataValue]) -> dict[str, int | float]:
    """The numbers in the metadata by dotted name; booleans are not numbers."""
    return {name: value for name, value in flattened(metadata) if is_number(value)}


def without_metrics(metadata: Mapping[str, MetadataValue]) -> dict[str, MetadataValue]:
    """The metadata without the numbers that `metrics_of` has, and without tables that have nothing else."""
    kept: dict[str, MetadataValue] = {}
    for key, value in metadata.items():
        if isinstance(value, Mapping):
            if (inner := without_metrics(value)) or not value:
                kept[key] = inner
        elif not is_number(value):
            kept[key] = value
    return kept


def with_values(
    metadata: Mapping[str, MetadataValue], values: Mapping[str, int | float]
) -> dict[str, MetadataValue]:
    """The metadata with some values at the place that their dotted names say."""
    shown: dict[str, MetadataValue] = dict(metadata)
    for name, value in values.items():
        *tables, last = name.split(".")
        table = shown
        for depth, key in enumerate(tables):
            held = table.get(key, {})
            if not isinstance(held, dict):  # a value is in the way
                last = ".".join((*tables[depth:], last))
                break
            table[key] = table = dict(held)
        if not isinstance(table.get(last), dict):
            table[last] = value
    return normalize_metadata(shown)
