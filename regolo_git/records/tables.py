"""Reads typed values from hand-edited TOML tables."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.toml_text import TomlValue

Wanted = TypeVar("Wanted", str, int, bool, list[TomlValue], dict[str, TomlValue])
NAMES = {str: "a string", int: "an integer", bool: "true or false", list: "a list", dict: "a table"}


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

    def __init__(self, table: Mapping[str, TomlValue], what: str) -> None:
        self.rest: dict[str, TomlValue] = dict(table)
        self.what = what

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
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise IntegrityError(f"'{key}' in {self.what} is not {NAMES[kind]}")
        return value

    def take_number(self, key: str) -> float | None:
        """The value of an optional numeric key.  Raises IntegrityError for another type."""
        value = self.rest.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise IntegrityError(f"'{key}' in {self.what} is not a number")
        return value

    def take_table(self, key: str) -> "TableReader":
        """A sub-table; an empty one if it is missing.  Raises IntegrityError."""
        return TableReader(self.take_optional(key, dict) or {}, f"[{key}] in {self.what}")

    def take_format(self, newest: int) -> None:
        """Takes and checks the `format` key.  Raises NewerFormat, IntegrityError."""
        check_format(self.take("format", int), newest, self.what)


def check_format(found: int, newest: int, what: str) -> None:
    """Rejects a format that this release does not support.  Raises NewerFormat, IntegrityError."""
    if found > newest:
        raise NewerFormat(
            f"{what} has format {found}, which is newer than this release supports",
            "pip install --upgrade regolo-git",
        )
    if found < 1:
        raise IntegrityError(f"{what} has no valid format")
