"""The one tree of errors, each branch with the exit status of the command line.

    RegoloError 1
    ├── InvalidInput 2        a name, number, file or option is not valid
    ├── NotFound 3            no such model, version, file, repository or chunk
    │   └── MissingObject     a Git object is missing, perhaps because `git gc` is moving it
    ├── Conflict 4            it already exists, another writer got there first, or files are uncommitted
    │   ├── VersionExists     the version already exists; nothing was changed
    │   └── LostRace          another writer moved the branch; the caller may try again
    ├── IntegrityError 5      bytes or records do not match their digest or name
    │   └── NewerFormat       a record was written by a newer release
    ├── TransportError 6      a store or remote cannot be reached, or rejected a write
    │   └── StoreAbsent       the store is not there, perhaps because its disk is not mounted
    ├── ServingError 7        an endpoint cannot be served
    ├── PolicyRefused 8       a rule of the registry or of the operator forbids it
    │   └── StoreUnconfirmed  this clone has not confirmed that it may use the shared store
    └── MissingDependency 9   an optional package or program is not installed

A message says what is wrong: lower case, the subject in single quotes, no full stop.  A hint is the next
step (see `hints.py`), with the user's own names in it.  Errors from other libraries are translated once, at
the edge (git/, store/), with `from`.
"""

from typing import Any

from regolo_git.hints import NextStep, in_python


class RegoloError(Exception):
    """The problem (`message`) and, where one is known, the next step (`hint`).

    An uncaught error shows its hint in the traceback as a Python call; `str(hint)` is the command line.
    """

    exit_code = 1

    def __init__(self, message: str, hint: NextStep | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint is not None:
            self.add_note(f"hint: {in_python(hint)}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Without calling `__init__`, whose arguments are those of each subclass.
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[RegoloError], arguments: tuple[object, ...]) -> RegoloError:
    """An error as it was pickled, before its attributes are set."""
    return kind.__new__(kind, *arguments)


class InvalidInput(RegoloError):
    """A name, number, file or option is not valid."""

    exit_code = 2


class NotFound(RegoloError):
    """No such model, version, file, repository or chunk exists."""

    exit_code = 3


class MissingObject(NotFound):
    """A Git object is missing; a retry may find it while `git gc` is running."""


class Conflict(RegoloError):
    """It already exists, another writer got there first, or files have uncommitted changes."""

    exit_code = 4


class VersionExists(Conflict):
    """The version already exists, and versions never change."""


class LostRace(Conflict):
    """Another writer moved a ref between the read and the lock; a retry may succeed."""


class IntegrityError(RegoloError):
    """Bytes or records do not match their digest or name."""

    exit_code = 5


class NewerFormat(IntegrityError):
    """A record has a format that this release does not support; it is neither read nor replaced."""


class TransportError(RegoloError):
    """A store or remote cannot be reached, or rejected a write."""

    exit_code = 6


class StoreAbsent(TransportError):
    """A store is not where it should be; it is never replaced by an empty one."""


class ServingError(RegoloError):
    """An endpoint cannot be served."""

    exit_code = 7


class PolicyRefused(RegoloError):
    """A rule of the registry or of the operator forbids it."""

    exit_code = 8


class StoreUnconfirmed(PolicyRefused):
    """The repository names a shared store, and nobody has confirmed in this clone that it may be used."""


class MissingDependency(RegoloError):
    """A required optional package or program is not installed."""

    exit_code = 9


class RegoloNotice(UserWarning):
    """A remark on a call that succeeded, such as a file that Git still tracks."""
