"""Canonical TOML: one byte form per value, so that a diff shows only real changes.

The caller orders the top level.  Within a table, plain values come first and sub-tables after them, each in
the order of the mapping.  The standard library reads it back.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import TypeAlias, cast

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records import toml_limits
from regolo_git.records.toml_limits import BYTES_LIMIT, key_name
from regolo_git.records.toml_plain import read_plain
from regolo_git.records.toml_scan import costly
from regolo_git.text.printable import printable

TomlValue: TypeAlias = (
    "str | int | float | bool | datetime | date | time | Sequence[TomlValue] | Mapping[str, TomlValue]"
)
Table = Mapping[str, TomlValue]

WIDTH = 100
INLINE_TABLES = (("files",), ("retired",), ("metrics",))
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F)}
    | {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
)
LINE_ESCAPES = {code: text for code, text in ESCAPES.items() if chr(code) not in '\n\t"'}


def load_document(data: str | bytes, what: str) -> dict[str, TomlValue]:
    """Parses hand-edited TOML.  Raises IntegrityError, naming `what`, and the key of a value out of range."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        if text.startswith("\ufeff"):
            raise IntegrityError(f"{what} begins with a byte order mark", "save it as UTF-8 without one")
        if len(text) > BYTES_LIMIT:
            raise IntegrityError(f"{what} is larger than {BYTES_LIMIT} bytes")
        plain = read_plain(text)
        if plain is not None:
            return cast(dict[str, TomlValue], plain)
        reason = costly(text)
        if reason is not None:
            raise IntegrityError(f"{what} {reason}")
        document: dict[str, TomlValue] = _loads(text)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{what} is not valid TOML: {printable(str(error))}") from error
    for path, problem in _out_of_range(document, ()):
        raise IntegrityError(f"'{key_name(path)}' in {what} {problem}")
    return document


def _loads(text: str) -> dict[str, TomlValue]:
    import tomllib  # noqa: PLC0415 - takes 5 ms, and most records are plain

    return tomllib.loads(text)


def _out_of_range(value: TomlValue, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The numbers that a canonical document cannot hold: `tomllib` reads `nan` and any integer."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            yield from _out_of_range(held, (*path, key))
    elif isinstance(value, list):
        for index, held in enumerate(value):
            yield from _out_of_range(held, (*path, str(index)))
    elif isinstance(value, float) and not isfinite(value):
        yield path, f"is {value}, not a finite number"
    elif isinstance(value, int) and not toml_limits.is_64_bit(value):
        yield path, "does not fit in a 64-bit integer"


def dump_document(document: Table, what: str = "the record") -> str:
    """Writes a document that `load_document` reads.

    Raises InvalidInput for a value that TOML cannot represent, naming its key, and for a document beyond the
    limits of a reader, naming the largest value; `what` names the document.
    """
    # Each table begins with an empty line, except at the start of the document.
    text = "\n".join(_table(document, ())).lstrip("\n")
    size, reason = len(text.encode()), costly(text)
    if size > BYTES_LIMIT:
        key, share = _largest(document, size)
        raise InvalidInput(
            f"{what} would take {size} bytes, and can have {BYTES_LIMIT}: '{key_name(key)}' takes {share}",
            "keep long lists and texts in a file of the artifact",
        )
    if reason is not None:
        raise InvalidInput(f"{what} {reason}")
    return f"{text}\n" if text else ""


def _largest(document: Table, size: int) -> tuple[tuple[str, ...], int]:
    """The keys of the value that takes most of a document, and its size in bytes."""
    path: tuple[str, ...] = ()
    held: TomlValue = document
    while isinstance(held, Mapping) and held:
        sizes = {key: len(inline_text(value).encode()) for key, value in held.items()}
        key = max(sizes, key=lambda name: sizes[name])
        if path and sizes[key] * 2 < size:
            break  # no value of this table stands out
        path, size, held = (*path, key), sizes[key], held[key]
    return path, size


def inline_text(value: TomlValue) -> str:
    """A value as TOML on one line."""
    return _inline(value, ())


def _table(table: Table, path: tuple[str, ...]) -> Iterator[str]:
    toml_limits.check_depth(path)
    plain = {key: value for key, value in table.items() if not _is_sub_table(value, path)}
    subs = {key: value for key, value in table.items() if key not in plain}
    if path and (plain or not subs):
        yield ""
        yield f"[{'.'.join(key_text(part) for part in path)}]"
    for key, value in plain.items():
        yield _entry(key, value, (*path, key))
    for key, value in subs.items():
        assert isinstance(value, Mapping)
        yield from _table(value, (*path, key))


def _is_sub_table(value: TomlValue, path: tuple[str, ...]) -> bool:
    # One line per file or retired version reads and merges best, so those entries are inline tables.
    return isinstance(value, Mapping) and path not in INLINE_TABLES


def _entry(key: str, value: TomlValue, path: tuple[str, ...]) -> str:
    line = f"{key_text(key)} = {_value(value, path)}"
    if isinstance(value, str) or not isinstance(value, Sequence) or len(line) <= WIDTH or not value:
        return line
    elements = "".join(f"    {_value(element, path)},\n" for element in value)
    return f"{key_text(key)} = [\n{elements}]"


def key_text(key: str) -> str:
    """A key as TOML writes it, in quotes where it needs them."""
    return str.__str__(key) if BARE_KEY.fullmatch(key) else _string(key, (key,))


def _value(value: TomlValue, path: tuple[str, ...]) -> str:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return int.__repr__(toml_limits.check_integer(value, path))
    if isinstance(value, float):
        # The shortest text that reads back as the same float, and always valid TOML.
        return float.__repr__(toml_limits.check_float(value, path))
    if isinstance(value, datetime | date | time):
        return _time(value)
    return _nested(value, path)


def _nested(value: Sequence[TomlValue] | Table, path: tuple[str, ...]) -> str:
    toml_limits.check_depth(path)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key_text(key)} = {_inline(held, (*path, key))}" for key, held in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    return "[" + ", ".join(_inline(element, (*path, "")) for element in value) + "]"


def _inline(value: TomlValue, path: tuple[str, ...]) -> str:
    # An inline table must stay on one line, so its strings are never multi-line.
    return _string(value, path) if isinstance(value, str) else _value(value, path)


def _text(value: str, path: tuple[str, ...]) -> str:
    if "\n" not in value:
        return _string(value, path)
    toml_limits.check_text(value, path)
    escaped = value.translate(LINE_ESCAPES)
    return '"""\n' + re.sub(r'"(?="")|"\Z', r"\"", escaped) + '"""'


def _string(value: str, path: tuple[str, ...]) -> str:
    return f'"{toml_limits.check_text(value, path).translate(ESCAPES)}"'


def _time(value: datetime | date | time) -> str:
    text = value.isoformat()
    if isinstance(value, datetime) and value.tzinfo is not None:
        offset = value.utcoffset() or timedelta()
        if offset % timedelta(minutes=1):
            text = value.astimezone(UTC).isoformat()
        return text.replace("+00:00", "Z")
    return text
