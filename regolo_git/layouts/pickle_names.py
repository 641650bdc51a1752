"""The names that the pickles of a file ask for, read symbolically: nothing is loaded, imported or called.

A file is judged by its content.  Pickles are found as they are, several in a row, in values of other pickles,
in zip and tar files, compressed, and behind the header of an array of NumPy.  Whatever cannot be read to its
end is said to be unread.  The bounds of `Budget` hold for every file, whatever it says.
"""

from typing import BinaryIO

from regolo_git.layouts.pickles.containers import Containers
from regolo_git.layouts.pickles.content import Budget, window
from regolo_git.layouts.pickles.found import Found
from regolo_git.records.asked_names import PickleNames


def read_pickle_names(file: BinaryIO, size: int, name: str = "") -> PickleNames:
    """What the pickles of a file of `size` bytes ask for; `name` is the file's, as far as it is known.

    Moves the file's position.  Raises what reading the file raises, and nothing else.
    """
    found = Found()
    Containers(found, Budget()).read(window(file, 0, size), name)
    return found.result()
