"""Canonical TOML: one byte form per value, so that a diff shows only real changes.

The caller orders the top level.  Within a table, plain values come first and sub-tables after them, each in
the order of the mapping.  The standard library reads it back.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from regolo_git.errors import IntegrityError
from regolo_git.records import toml_limits
from regolo_git.text.printable import printable

TomlValue: TypeAlias = (
    "str | int | float | bool | datetime | date | time | Sequence[TomlValue] | Mapping[str, TomlValue]"
)
Table = Mapping[str, TomlValue]

WIDTH = 100
BYTES_LIMIT = 4 << 20
INLINE_TABLES = (("files",), ("retired",))
KEY_PARTS = 64
KEY_START = re.compile(r"[,{]")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def load_document(data: str | bytes, what: str) -> dict[str, TomlValue]:
    """Parses hand-edited TOML.  Raises IntegrityError, naming `what`."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        if len(text) > BYTES_LIMIT:
            raise IntegrityError(f"{what} is larger than {BYTES_LIMIT} bytes")
        _refuse_long_keys(text, what)
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{what} is not valid TOML: {printable(str(error))}") from error


def _refuse_long_keys(text: str, what: str) -> None:
    """Limits dotted keys: `tomllib` is quadratic in their parts, and 100 kB of `a.a.a…` takes a minute."""
    for line in text.splitlines():
        if line.count(".") <= KEY_PARTS:
            continue
        *keys, value = line.split("=")
        for key in [*keys, value] if line.lstrip().startswith("[") else keys:
            if KEY_START.split(key)[-1].count(".") > KEY_PARTS:
                raise IntegrityError(f"{what} has a key of more than {KEY_PARTS} parts")


def dump_document(document: Table) -> str:
    """Writes a document.  Raises InvalidInput for a value that TOML cannot represent, naming the key."""
    # Each table begins with an empty line, except at the start of the document.
    text = "\n".join(_table(document, ())).lstrip("\n")
    return f"{text}\n" if text else ""


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
    return key if BARE_KEY.fullmatch(key) else _string(key, (key,))


def _value(value: TomlValue, path: tuple[str, ...]) -> str:
    if isinstance(value, str):
        return _text(value, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(toml_limits.check_integer(value, path))
    if isinstance(value, float):
        # The shortest text that reads back as the same float, and always valid TOML.
        return repr(toml_limits.check_float(value, path))
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
    escaped = "".join(c if c in '\n\t"' else _escape(c) for c in value)
    return '"""\n' + re.sub(r'"(?="")|"\Z', r"\"", escaped) + '"""'


def _string(value: str, path: tuple[str, ...]) -> str:
    return '"' + "".join(map(_escape, toml_limits.check_text(value, path))) + '"'


def _escape(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    code = ord(character)
    return f"\\u{code:04X}" if code < 0x20 or code == 0x7F else character


def _time(value: datetime | date | time) -> str:
    text = value.isoformat()
    if isinstance(value, datetime) and value.tzinfo is not None:
        offset = value.utcoffset() or timedelta()
        if offset % timedelta(minutes=1):
            text = value.astimezone(UTC).isoformat()
        return text.replace("+00:00", "Z")
    return text
