"""Reads typed values from untrusted JSON; `tables.py` does the same for TOML.

An error names the path of the value in the document: `'files[3].size' in a recipe is not an integer`.
"""

import json
from collections.abc import Iterator
from math import isfinite
from typing import Self, TypeAlias, TypeVar

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import NAMES, is_kind

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Wanted = TypeVar("Wanted", str, int, float, bool, list[Json], dict[str, Json])


class JsonReader:
    """An object or list in a JSON document; a key is a name in an object and an index in a list.

    Every method raises InvalidInput for a value that is missing or has another type.
    """

    __slots__ = ("_held", "path", "what")

    def __init__(
        self, held: dict[str, Json] | list[Json], what: str, path: tuple[str | int, ...] = ()
    ) -> None:
        self._held = held
        self.what = what
        self.path = path

    @classmethod
    def of(cls, value: Json, what: str) -> Self:
        """Wraps a parsed document, which must be an object; `what` names it in messages."""
        if not isinstance(value, dict):
            raise InvalidInput(f"{what} is not a JSON object")
        return cls(value, what)

    @classmethod
    def parse(cls, text: str | bytes, what: str) -> Self:
        """Parses a document, which must be an object; `what` names it in messages."""
        try:
            value: Json = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{what} is not JSON") from error
        return cls.of(value, what)

    def __iter__(self) -> Iterator[str | int]:
        """The names of an object or the indices of a list, in order."""
        return iter(range(len(self._held)) if isinstance(self._held, list) else self._held)

    def get(self, key: str | int, kind: type[Wanted]) -> Wanted:
        """A required value; null counts as missing."""
        value = self._value(key)
        if type(value) is kind and kind is not float:
            return value  # the fast path: a recipe has a hundred thousand values
        if value is None:
            raise InvalidInput(f"{self.what} lacks '{_dotted((*self.path, key))}'")
        return self._of_kind(key, value, kind)

    def get_optional(self, key: str | int, kind: type[Wanted]) -> Wanted | None:
        """An optional value; None if it is missing or null."""
        value = self._value(key)
        return None if value is None else self._of_kind(key, value, kind)

    def _value(self, key: str | int) -> Json:
        try:
            return self._held[key]  # type: ignore[index]  # an index of a list, a name of an object
        except LookupError:
            return None

    def _of_kind(self, key: str | int, value: Json, kind: type[Wanted]) -> Wanted:
        if not is_kind(value, kind):
            raise self.wrong(key, f"is not {'an object' if kind is dict else NAMES[kind]}")
        # Python reads `NaN` and `1e999`, and could not write them as JSON again.
        if isinstance(value, float) and not isfinite(value):
            raise self.wrong(key, f"is {value}, not a finite number")
        return value

    def list_of(self, key: str | int, kind: type[Wanted]) -> list[Wanted]:
        """A list of values of one type."""
        held = self.elements(key)
        return [held.get(index, kind) for index in held]

    def dict_of(self, key: str | int, kind: type[Wanted]) -> dict[str, Wanted]:
        """An object whose values all have one type."""
        held = self.object(key)
        return {str(name): held.get(name, kind) for name in held}

    def object(self, key: str | int) -> "JsonReader":
        """A required nested object."""
        return JsonReader(self.get(key, dict), self.what, (*self.path, key))

    def elements(self, key: str | int) -> "JsonReader":
        """A required list, read by index."""
        return JsonReader(self.get(key, list), self.what, (*self.path, key))

    def objects(self, key: str | int) -> Iterator["JsonReader"]:
        """The objects of a required list."""
        for index, value in enumerate(self.get(key, list)):
            if not isinstance(value, dict):
                raise self.elements(key).wrong(index, "is not an object")
            yield JsonReader(value, self.what, (*self.path, key, index))

    def named_objects(self, key: str | int) -> Iterator[tuple[str, "JsonReader"]]:
        """The names and objects of a required object of objects."""
        held = self.object(key)
        return ((str(name), held.object(name)) for name in held)

    def rows(self, key: str | int, width: int) -> Iterator["JsonReader"]:
        """The rows of a required list of lists, each with `width` values."""
        for index, value in enumerate(self.get(key, list)):
            if not isinstance(value, list) or len(value) != width:
                raise self.elements(key).wrong(index, f"is not a list of {width} values")
            yield JsonReader(value, self.what, (*self.path, key, index))

    def wrong(self, key: str | int, problem: str) -> InvalidInput:
        """The error for a value of the right type that is not valid; `problem` reads like `is negative`."""
        return InvalidInput(f"'{_dotted((*self.path, key))}' in {self.what} {problem}")


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
