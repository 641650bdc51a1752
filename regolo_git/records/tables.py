"""Reads typed values from hand-edited TOML tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeVar

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.kinds import NAMES, is_kind
from regolo_git.records.toml_text import TomlValue, key_text, load_document
from regolo_git.text.printable import printable

Wanted = TypeVar("Wanted", str, int, float, bool, list[TomlValue], dict[str, TomlValue])


@contextmanager
def of_file(path: str) -> Iterator[None]:
    """Adds the file, and the command that shows its changes, to any error in a record."""
    try:
        yield
    except (InvalidInput, IntegrityError) as error:
        damaged = isinstance(error, IntegrityError)
        message = error.message if f"'{path}'" in error.message else f"'{path}': {error.message}"
        # The hint of InvalidInput suggests another input, but here the value comes from a file.
        hint = (damaged and error.hint) or f"git log -p -- :/{path}"
        raise (type(error) if damaged else IntegrityError)(message, hint) from error


class TableReader:
    """Takes known keys from a table; the unknown keys remain in `rest`."""

    def __init__(self, table: Mapping[str, TomlValue], what: str, *path: str) -> None:
        self.rest: dict[str, TomlValue] = dict(table)
        self._what, self._path = what, path

    @property
    def what(self) -> str:
        """The name of the table in messages; where it is a part of another one, with its path there."""
        path = ".".join(printable(key_text(key)) for key in self._path)
        return f"[{path}] in {self._what}" if path else self._what

    @classmethod
    def of_document(cls, text: str | bytes, what: str, *, newest: int) -> Self:
        """Parses a record whose format is at most `newest`.  Raises IntegrityError, NewerFormat."""
        reader = cls(load_document(text, what), what)
        check_format(reader.take("format", int), newest, what)
        return reader

    def take(self, key: str, kind: type[Wanted]) -> Wanted:
        """The value of a required key.  Raises IntegrityError."""
        value = self.take_optional(key, kind)
        if value is None:
            raise IntegrityError(f"{self.what} lacks '{key}'")
        return value

    def take_optional(self, key: str, kind: type[Wanted]) -> Wanted | None:
        """The value of an optional key.  Raises IntegrityError for another type."""
        value = self.rest.pop(key, None)
        if value is None:
            return None
        if not is_kind(value, kind):
            raise IntegrityError(f"'{key}' in {self.what} is not {NAMES[kind]}")
        return value

    def take_texts(self, key: str) -> tuple[str, ...]:
        """An optional list of strings.  Raises IntegrityError."""
        values = self.take_optional(key, list) or []
        texts = tuple(value for value in values if isinstance(value, str))
        if len(texts) != len(values):
            raise IntegrityError(f"'{key}' in {self.what} is not a list of strings")
        return texts

    def take_table(self, key: str) -> "TableReader":
        """A sub-table; an empty one if it is missing.  Raises IntegrityError."""
        return TableReader(self.take_optional(key, dict) or {}, self.what, key)

    def take_tables(self, key: str) -> "list[tuple[str, TableReader]]":
        """The tables of an optional table, each with its name.  Raises IntegrityError."""
        readers = []
        for name, value in (self.take_optional(key, dict) or {}).items():
            table = TableReader(value if isinstance(value, dict) else {}, self.what, key, name)
            if not isinstance(value, dict):
                raise IntegrityError(f"{table.what} is not a table")
            readers.append((name, table))
        return readers


def check_format(found: int, newest: int, what: str) -> None:
    """Rejects a format that this release does not support.  Raises NewerFormat, IntegrityError."""
    if found > newest:
        raise NewerFormat(
            f"{what} has format {found}, which is newer than this release supports",
            "pip install --upgrade regolo-git",
        )
    if found < 1:
        raise IntegrityError(f"{what} has no valid format")
