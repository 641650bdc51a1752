"""Edits hand-written TOML files in place: comments, order and blank lines are preserved."""

from collections.abc import MutableMapping, Sequence
from typing import cast

import tomlkit
from tomlkit.exceptions import TOMLKitError

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.toml_limits import EDITED_BYTES, EDITED_STEPS
from regolo_git.records.toml_scan import costly
from regolo_git.records.toml_statements import Unmergeable, read_statements
from regolo_git.records.toml_text import TomlValue, dump_document, load_document


def set_value(text: str, key: str, value: TomlValue) -> str:
    """Sets a dotted key.  Raises InvalidInput if a parent is not a table, IntegrityError for bad TOML."""
    document = _parse(text)
    table: MutableMapping[str, object] = document
    *parents, last = key.split(".")
    if not parents and last not in document:
        return _with_top_key(text, document, last, value)
    for parent in parents:
        if parent not in table:
            table[parent] = tomlkit.table()
        held = table[parent]
        if not isinstance(held, MutableMapping):
            raise InvalidInput(f"'{parent}' in '{key}' is not a table")
        table = cast(MutableMapping[str, object], held)
    table[last] = value
    return tomlkit.dumps(document)


def _with_top_key(text: str, document: tomlkit.TOMLDocument, key: str, value: TomlValue) -> str:
    """Adds a key after the others at the top; tomlkit would put comments of the next table above it."""
    try:
        statements = read_statements(text, "the file").tables[()].keys.values()
    except Unmergeable:
        document[key] = value
        return tomlkit.dumps(document)
    above = "".join(statement.whole() for statement in statements)
    line = dump_document({key: value})
    if not above:
        return line + ("\n" if text else "") + text
    return above + line + text[len(above) :]


def add_tables(text: str, parent: str, names: Sequence[str]) -> str:
    """Adds the empty sub-tables of a table that are not there, at its end.  Raises as `set_value` does."""
    document = _parse(text)
    held = document.setdefault(parent, tomlkit.table(is_super_table=True))
    if not isinstance(held, MutableMapping):
        raise InvalidInput(f"'{parent}' is not a table")
    for name in names:
        if name not in held:
            held[name] = tomlkit.table()
    written = tomlkit.dumps(document)
    for name in names:  # tomlkit leaves no blank line between two tables
        written = written.replace(f"\n[{parent}.{name}]\n[", f"\n[{parent}.{name}]\n\n[")
    return written


def unset_value(text: str, key: str, *, keep_tables: bool = False) -> str:
    """Removes a dotted key if it exists, and the tables around it that it leaves empty, unless they are kept.

    Raises IntegrityError for bad TOML.
    """
    document = _parse(text)
    tables: list[MutableMapping[str, object]] = [document]
    *parents, last = key.split(".")
    for parent in parents:
        held = tables[-1].get(parent)
        if not isinstance(held, MutableMapping):
            return text
        tables.append(cast(MutableMapping[str, object], held))
    if tables[-1].pop(last, None) is None:
        return text
    for depth in range(len(parents), 0, -1):
        if keep_tables or tables[depth] or _has_comment(tables[depth]):
            break
        tables[depth - 1].pop(parents[depth - 1])
    return tomlkit.dumps(document)


def _has_comment(table: MutableMapping[str, object]) -> bool:
    """Whether somebody has written a comment in an empty table."""
    return "#" in tomlkit.dumps(table)


def _parse(text: str) -> tomlkit.TOMLDocument:
    load_document(text, "the file")  # which has limits that tomlkit lacks
    if len(text) > EDITED_BYTES or costly(text, EDITED_STEPS):
        raise IntegrityError(
            f"the file is too large to change one key in it: it has more than {EDITED_BYTES} bytes,"
            " or too many keys of many parts",
            "change it in an editor",
        )
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise IntegrityError(f"the file is not valid TOML: {error}") from error
