"""Reads the plainest TOML, of which most manifests are, several times as fast as `tomllib`.

A plain document has a header, a comment, or one key with a short value on each line, just as `toml_text.py`
writes them: no escapes, dates or lists over several lines.  Any other document, valid or not, is left to
`tomllib`.
"""

import re

PlainScalar = str | int | float | bool
PlainTable = dict[str, "PlainScalar | list[PlainScalar] | PlainTable"]

# Possessive, so that a line that is not plain is given up at once.
TEXT = r'"[^"\\\x00-\x1f\x7f]*+"'
KEY = rf'[A-Za-z0-9_-]++|(?!""){TEXT}'
# Too short for an integer of more than 64 bits, or an infinite float.
NUMBER = r"-?(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]++)?(?:e[+-]?[0-9]{1,2}+)?"
SCALAR = rf"{TEXT}|{NUMBER}|true|false"
# `toml_scan.py` allows every document of headers as short as these.
HEADER = rf"\[((?:{KEY})(?:\.(?:{KEY})){{0,3}})\]"
LINE = re.compile(rf"(?:({KEY}) = (?:({SCALAR})|([\[{{][^\n]*+))|{HEADER}|#[^\x00-\x1f\x7f]*+)?\n")
ITEM = re.compile(rf"(?:({KEY}) = )?({SCALAR})(?:, (?!\Z)|\Z)")
KEYS = re.compile(KEY)


def read_plain(text: str) -> PlainTable | None:
    """The document, as `tomllib` reads it; None for one that is not plain."""
    document: PlainTable = {}
    tables: dict[tuple[str, ...], PlainTable] = {(): document}
    table, at = document, 0
    while found := LINE.match(text, at):
        at = found.end()
        key, scalar, nested, header = found.groups()
        if key is not None:
            value = _scalar(scalar) if nested is None else _nested(nested)
            key = _key(key)
            if value is None or key in table:
                return None
            table[key] = value
        elif header is not None:
            opened = _opened(tables, tuple(map(_key, KEYS.findall(header))))
            if opened is None:
                return None
            table = opened
    return document if at == len(text) else None


def _opened(tables: dict[tuple[str, ...], PlainTable], path: tuple[str, ...]) -> PlainTable | None:
    """The new table of a header; None if there is anything already."""
    above = tables.get(path[:-1])
    if above is None:
        above = _opened(tables, path[:-1])
    if above is None or path[-1] in above:
        return None
    table: PlainTable = {}
    above[path[-1]] = tables[path] = table
    return table


def _nested(text: str) -> list[PlainScalar] | PlainTable | None:
    """A list or an inline table of scalars; None for anything else."""
    is_list = text[0] == "["
    start, end = ("[", "]") if is_list else ("{ ", " }")
    if not (text.startswith(start) and text.endswith(end)):
        return None
    body, at = text[len(start) : -len(end)], 0
    items: list[tuple[str, str]] = []
    while found := ITEM.match(body, at):
        at = found.end()
        items.append((found[1] or "", found[2]))
    if at < len(body) or any(is_list == bool(key) for key, _ in items):
        return None
    if is_list:
        return [_scalar(scalar) for _, scalar in items]
    table: PlainTable = {_key(key): _scalar(scalar) for key, scalar in items}
    return table if len(table) == len(items) else None


def _key(text: str) -> str:
    return text[1:-1] if text[0] == '"' else text


def _scalar(text: str) -> PlainScalar:
    first = text[0]
    if first == '"':
        return text[1:-1]
    if first in "tf":
        return text == "true"
    return float(text) if "." in text or "e" in text else int(text)
