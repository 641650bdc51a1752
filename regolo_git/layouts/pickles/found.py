"""Collects what the pickles of a file ask for, as they are found."""

from regolo_git.layouts.pickles.content import GivesUp
from regolo_git.records.asked_names import AskedName, PickleNames, Unread

NAMES_LIMIT = 10_000
UNREAD_LIMIT = 100


class Found:
    """The names and problems of one file so far."""

    def __init__(self) -> None:
        self.pickles = 0
        self.member = ""  # the path, inside the file, of what is being read
        self._names: dict[tuple[str, str], AskedName] = {}
        self._unread: dict[Unread, None] = {}

    @property
    def names(self) -> tuple[AskedName, ...]:
        """The names, by first occurrence."""
        return tuple(self._names.values())

    def trial(self) -> "Found":
        """An empty one for the same place, whose content may be dropped again."""
        other = Found()
        other.member = self.member
        return other

    def name(self, module: str, name: str, offset: int) -> None:
        """Adds a name.  Raises GivesUp for more of them than any model has."""
        self._add_name(AskedName(module, name, self.member, offset))

    def unread(self, why: str) -> None:
        """Adds something that could not be read."""
        self._add_unread(Unread(self.member, why))

    def add(self, other: "Found") -> None:
        """Adds what a trial has found."""
        self.pickles += other.pickles
        for unread in other.result().unread:
            self._add_unread(unread)
        for asked in other.names:
            self._add_name(asked)

    def _add_name(self, asked: AskedName) -> None:
        if (asked.module, asked.name) in self._names:
            return
        if len(self._names) >= NAMES_LIMIT:
            raise GivesUp(f"it asks for more than {NAMES_LIMIT} names")
        self._names[asked.module, asked.name] = asked

    def _add_unread(self, unread: Unread) -> None:
        if len(self._unread) < UNREAD_LIMIT:
            self._unread[unread] = None

    def result(self) -> PickleNames:
        """What was found, as a value."""
        return PickleNames(self.pickles, self.names, tuple(self._unread))
