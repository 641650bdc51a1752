"""What JSON can hold."""

from typing import TypeAlias, cast

from regolo_git.errors import InvalidInput

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def json_object(value: Json, what: str) -> dict[str, Json]:
    """The value as an object.  Raises InvalidInput, naming `what`."""
    if not isinstance(value, dict):
        raise InvalidInput(f"{what} is not a JSON object")
    return value


def json_list(value: Json, what: str) -> list[Json]:
    """The value as a list.  Raises InvalidInput, naming `what`."""
    if not isinstance(value, list):
        raise InvalidInput(f"{what} is not a JSON list")
    return value


def json_number(value: Json, what: str) -> float:
    """The value as a number.  Raises InvalidInput, naming `what`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"{what} is not a number")
    return value


def json_text(value: Json, what: str) -> str:
    """The value as text.  Raises InvalidInput, naming `what`."""
    if not isinstance(value, str):
        raise InvalidInput(f"{what} is not text")
    return value


def as_json(value: object) -> Json:
    """A value made of TOML's or JSON's plain types, to the type checker; anything else fails when written."""
    return cast(Json, value)
