"""How many bytes of an array follow its description in a file of joblib.

The array's own state says so: its shape, its type and whether it is aligned.  What is unusual is Broken,
since a wrong number would hide the instructions that come after the array.
"""

import re

from regolo_git.layouts.pickles.content import Broken
from regolo_git.layouts.pickles.cursor import Cursor
from regolo_git.layouts.pickles.values import ALIGNMENT, Made

DTYPE = re.compile(r"[<>|=]?([biufcmMSUVO])([0-9]{1,9})")
SIZED_BY_STATE = "SUV"
HAS_OBJECT = 1
STRANGE = "an array of it is described in an unusual way"


def array_bytes(array: Made, cursor: Cursor) -> int | None:
    """The bytes of the array from here on; None if its objects follow as a pickle.

    Reads the number of bytes of padding, if there are any.
    """
    dtype, shape = array.state.get("dtype"), array.state.get("shape")
    if not isinstance(dtype, Made) or not isinstance(shape, tuple):
        raise Broken(STRANGE)
    itemsize = _itemsize(dtype)
    if itemsize is None:
        return None
    count = 1
    for length in shape:
        if type(length) is not int or length < 0:
            raise Broken(STRANGE)
        count *= length
        if count >= 1 << 62:
            raise Broken(STRANGE)
    return _padding(array, cursor) + count * itemsize


def _padding(array: Made, cursor: Cursor) -> int:
    alignment = array.state.get(ALIGNMENT)
    if alignment is None:
        return 0
    if type(alignment) is not int:
        raise Broken(STRANGE)
    return cursor.byte()


def _itemsize(dtype: Made) -> int | None:
    """The bytes of an element; None for Python objects."""
    args = dtype.args
    kind = args[0] if isinstance(args, tuple) and args and isinstance(args[0], str) else ""
    found = DTYPE.fullmatch(kind)
    if dtype.func.name != "dtype" or found is None:
        raise Broken(STRANGE)
    letter, size = found[1], int(found[2])
    state = dtype.state.get("dtype")
    if state is not None and _has_object(state):
        return None
    if letter == "O":
        return None
    if letter in SIZED_BY_STATE:
        size = size * 4 if letter == "U" else size
        if not isinstance(state, tuple) or type(state[5]) is not int or state[5] != size:
            raise Broken(STRANGE)
    if not size:
        raise Broken(STRANGE)
    return size


def _has_object(state: object) -> bool:
    """Whether the state of a dtype says, in its flags, that its elements are objects, whatever its letter."""
    if not isinstance(state, tuple) or len(state) not in (8, 9) or state[0] not in (3, 4):
        raise Broken(STRANGE)
    if type(state[7]) is not int:
        raise Broken(STRANGE)
    return bool(state[7] & HAS_OBJECT)
