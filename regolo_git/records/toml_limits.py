"""What TOML, read back by anyone, can hold: 64-bit integers, finite numbers, UTF-8, and not too deep.

Every function takes the keys that lead to the value, and names them in the InvalidInput that it raises.
"""

from collections.abc import Sequence
from math import isfinite

from regolo_git.errors import InvalidInput
from regolo_git.text.printable import has_lone_surrogate, printable

DEPTH = 32
SHOWN = 3  # keys of a path that is too deep


def key_name(path: Sequence[str]) -> str:
    """The keys with dots between them; the elements of an array have none."""
    return printable(".".join(part for part in path if part))


def check_depth(path: Sequence[str], deepest: int = DEPTH) -> None:
    """Checks how many keys lead to a table or an array."""
    if len(path) > deepest:
        raise InvalidInput(f"'{key_name(path[:SHOWN])}…' is nested deeper than {DEPTH} levels")


def check_text(value: str, path: Sequence[str]) -> str:
    """Returns a text that UTF-8 can encode."""
    if has_lone_surrogate(value):
        raise InvalidInput(f"'{key_name(path)}' has a lone surrogate, which UTF-8 cannot encode")
    return value


def check_integer(value: int, path: Sequence[str]) -> int:
    """Returns an integer of at most 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise InvalidInput(f"'{key_name(path)}' does not fit in a 64-bit integer", "write it as a string")
    return value


def check_float(value: float, path: Sequence[str]) -> float:
    """Returns a finite number."""
    if not isfinite(value):
        raise InvalidInput(f"'{key_name(path)}' is {value}, not a finite number", "leave the key out")
    return value
