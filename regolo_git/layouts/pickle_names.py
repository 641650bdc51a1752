"""The names that the pickles of a file ask for, read symbolically: nothing is loaded, imported or called.

A file is judged by its content.  Pickles are found as they are, several in a row, in values of other pickles,
in zip and tar files, compressed, and after the header of a NumPy array.  Whatever cannot be read to its
end is said to be unread.  A `Budget` bounds the time and memory that any file takes.
"""

from typing import BinaryIO

from regolo_git.layouts.pickles.containers import Containers
from regolo_git.layouts.pickles.content import Budget, window
from regolo_git.layouts.pickles.found import Found
from regolo_git.records.asked_names import PickleNames


def read_pickle_names(
    file: BinaryIO, size: int, name: str = "", *, start: int = 0, budget: Budget | None = None
) -> PickleNames:
    """What the pickles of a file of `size` bytes ask for; `name` is the file's, as far as it is known.

    The file begins at byte `start` of the one that is given, whose position moves.  Files that are read with
    the same budget share it.  Raises what reading the file raises, and nothing else.
    """
    found = Found()
    Containers(found, budget if budget is not None else Budget()).read(window(file, start, size), name)
    return found.result()
