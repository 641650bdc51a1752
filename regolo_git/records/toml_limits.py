"""What a record can hold, for its writers and its readers.

TOML that anyone can read back has 64-bit integers, finite numbers, UTF-8, and few levels.  Every function
takes the keys that lead to the value, and names them in the InvalidInput that it raises.
"""

from collections.abc import Sequence
from math import isfinite

from regolo_git.errors import InvalidInput
from regolo_git.text.printable import has_lone_surrogate, printable

BYTES_LIMIT = 4 << 20  # of a document
DEPTH = 32  # of what we write
NESTING = 64  # of what people write: brackets inside brackets
KEY_PARTS = 64  # of a dotted key or a header
# Steps of the parser through the parts of keys (`toml_scan.py`).  What we write takes at most 11 for each
# character: a table 32 levels deep with keys of four letters.
STEPS_PER_CHARACTER = 12
STEPS_ALLOWED = 100_000
# Of a file that is edited in place: tomlkit takes a thousand times as long.
EDITED_BYTES = 64 << 10
EDITED_STEPS = 20_000
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
    if not is_64_bit(value):
        raise InvalidInput(f"'{key_name(path)}' does not fit in a 64-bit integer", "write it as a string")
    return value


def is_64_bit(value: int) -> bool:
    """Whether an integer has at most 64 bits, its sign included."""
    return -(2**63) <= value < 2**63


def check_float(value: float, path: Sequence[str]) -> float:
    """Returns a finite number."""
    if not isfinite(value):
        raise InvalidInput(f"'{key_name(path)}' is {value}, not a finite number", "leave the key out")
    return value
