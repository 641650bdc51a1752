"""The kinds of value in a TOML or JSON document, and what to call them; here a boolean is not a number."""

from typing import TypeGuard, TypeVar

Kind = TypeVar("Kind")
NAMES: dict[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


def is_kind(value: object, kind: type[Kind]) -> TypeGuard[Kind]:
    """Whether a value is of a kind; an integer is a number (`float`), too."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is an integer or a float."""
    return is_kind(value, float)
