"""A TOML document as statements with their own text, which a merge by key moves without rewriting.

Joined again, the statements are the document.  Comments and blank lines belong to the statement below them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from regolo_git.records.toml_scan import TOKENS
from regolo_git.records.toml_text import load_document

Path: TypeAlias = tuple[str, ...]


class Unmergeable(Exception):
    """A document whose statements cannot be told apart."""


class Statement(NamedTuple):
    """A header or a key with its value: `above` are the comments and blank lines before it."""

    above: str
    text: str

    def whole(self) -> str:
        """The text with what is above it."""
        return self.above + self.text


@dataclass(slots=True)
class Table:
    """A table: its header, None for the top of the document, and its keys by their paths inside it."""

    header: Statement | None
    keys: dict[Path, Statement]


@dataclass(slots=True)
class Statements:
    """The tables by their paths, the top of the document first, and what follows the last statement."""

    tables: dict[Path, Table]
    below: str


def read_statements(text: str, what: str) -> Statements:
    """Takes a document apart.

    Raises IntegrityError if it is not valid TOML, Unmergeable for an array of tables and for a table whose
    header is there twice.
    """
    load_document(text, what)
    above = ""
    place: Path = ()
    tables: dict[Path, Table] = {(): Table(None, {})}
    for line in _logical_lines(text):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            above += line
            continue
        statement, above = Statement(above, line if line.endswith("\n") else line + "\n"), ""
        if bare.startswith("[["):
            raise Unmergeable
        if bare.startswith("["):
            place = _path(line)
            if place in tables:
                raise Unmergeable
            tables[place] = Table(statement, {})
        else:
            tables[place].keys[_path(_left_side(line) + "= 0\n")] = statement
    return Statements(tables, above)


def _logical_lines(text: str) -> Iterator[str]:
    """The lines; a value over several lines is one."""
    start = depth = 0
    for found in TOKENS.finditer(text):
        mark = text[found.start()]
        if mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        elif mark == "\n" and depth == 0:
            yield text[start : found.end()]
            start = found.end()
    if start < len(text):
        yield text[start:]


def _left_side(line: str) -> str:
    """The key of a line, up to its equals sign."""
    for found in TOKENS.finditer(line):
        if found[0] == "=":
            return line[: found.start()]
    raise Unmergeable


def _path(text: str) -> Path:
    """The path of the one key or header in a text."""
    path: list[str] = []
    held: object = load_document(text, "a line")
    while isinstance(held, dict) and held:
        path += held
        held = next(iter(held.values()))
    return tuple(path)
