"""Reading typed values out of a table that somebody may have edited."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from regolo_git.errors import IntegrityError, InvalidInput, NewerFormat
from regolo_git.records.toml_text import TomlValue

Wanted = TypeVar("Wanted", str, int, bool, list[TomlValue], dict[str, TomlValue])
NAMES = {str: "text", int: "an integer", bool: "true or false", list: "a list", dict: "a table"}


@contextmanager
def of_file(path: str) -> Iterator[None]:
    """Names the file, and how to see who changed it, in whatever is wrong with a record of the repository."""
    try:
        yield
    except (InvalidInput, IntegrityError) as error:
        damaged = isinstance(error, IntegrityError)
        said = error.message if f"'{path}'" in error.message else f"'{path}': {error.message}"
        # The way out of bad input is another input, which nobody has given here.
        hint = (damaged and error.hint) or f"git log -p -- :/{path}"
        raise (type(error) if damaged else IntegrityError)(said, hint) from error


class TableReader:
    """Takes known keys out of a table; what is left over is unknown and is kept."""

    def __init__(self, table: Mapping[str, TomlValue], what: str) -> None:
        self.rest: dict[str, TomlValue] = dict(table)
        self.what = what

    def take(self, key: str, kind: type[Wanted]) -> Wanted:
        """A key that must be there.  Raises IntegrityError."""
        value = self.take_optional(key, kind)
        if value is None:
            raise IntegrityError(f"{self.what} lacks '{key}'")
        return value

    def take_optional(self, key: str, kind: type[Wanted]) -> Wanted | None:
        """A key that may be there, of the right kind.  Raises IntegrityError."""
        value = self.rest.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise IntegrityError(f"'{key}' of {self.what} is not {NAMES[kind]}")
        return value

    def take_number(self, key: str) -> float | None:
        """A number that may be there.  Raises IntegrityError."""
        value = self.rest.pop(key, None)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise IntegrityError(f"'{key}' of {self.what} is not a number")
        return value

    def take_table(self, key: str) -> "TableReader":
        """A sub-table; an empty one where it is missing.  Raises IntegrityError."""
        return TableReader(self.take_optional(key, dict) or {}, f"[{key}] of {self.what}")

    def take_format(self, newest: int) -> None:
        """The `format` key.  Raises NewerFormat, IntegrityError."""
        check_format(self.take("format", int), newest, self.what)


def check_format(found: int, newest: int, what: str) -> None:
    """Refuses a format that this release does not know.  Raises NewerFormat, IntegrityError."""
    if found > newest:
        raise NewerFormat(
            f"{what} has format {found}, newer than this program knows",
            "pip install --upgrade regolo-git",
        )
    if found < 1:
        raise IntegrityError(f"{what} has no valid format")
