"""The names that loading the pickles of a file would import, and what could not be read."""

from dataclasses import dataclass
from typing import NamedTuple


class AskedName(NamedTuple):
    """A global that a pickle asks for.

    `member` is the path of the pickle inside its file, empty where the file is the pickle; `offset` is the
    byte of the pickle that asks first.  `COMPUTED` stands for a part that the file does not spell out.
    """

    module: str
    name: str
    member: str = ""
    offset: int = 0

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


COMPUTED = "?"


class Unread(NamedTuple):
    """A part of a file that could not be read: the path inside the file, and why."""

    member: str
    why: str


@dataclass(frozen=True, slots=True)
class PickleNames:
    """The pickles of one file: their number, the names by first occurrence, and what could not be read."""

    pickles: int = 0
    names: tuple[AskedName, ...] = ()
    unread: tuple[Unread, ...] = ()

    def __bool__(self) -> bool:
        """Whether the file has a pickle, or a part that may be one."""
        return bool(self.pickles or self.names or self.unread)
