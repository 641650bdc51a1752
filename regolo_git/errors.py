"""The one tree of errors, each branch with the exit status of the command line.

    RegoloError 1
    ├── InvalidInput 2        a name, number, file or option that cannot be used as given
    ├── NotFound 3            no such model, version, file, repository or chunk
    │   └── MissingObject     a Git object is not there, or not while `git gc` moves it
    ├── Conflict 4            it exists already, somebody else was faster, or files have uncommitted changes
    │   ├── VersionExists     the version is there; nothing was changed
    │   └── LostRace          another writer moved the branch; the caller may try again
    ├── IntegrityError 5      bytes or records are not what their name says
    │   └── NewerFormat       a record was written by a newer release
    ├── TransportError 6      a store or a remote cannot be reached or did not take what was sent
    ├── ServingError 7        an endpoint cannot be served as asked
    ├── PolicyRefused 8       a rule of the registry or of the operator forbids it
    └── MissingDependency 9   an optional package or program is not installed

A message says what is wrong: lower case, the subject in single quotes, no full stop.  A hint is the next
step (see `hints.py`), with the user's own names in it.  Errors of other libraries are translated once, where
they enter (git/, store/), with `from`.
"""

from regolo_git.hints import NextStep, in_python


class RegoloError(Exception):
    """What went wrong (`message`) and, where there is a way out, the next step (`hint`).

    An uncaught error shows its hint in the traceback, in Python's words; `str(hint)` is the command line.
    """

    exit_code = 1

    def __init__(self, message: str, hint: NextStep | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint is not None:
            self.add_note(f"hint: {in_python(hint)}")


class InvalidInput(RegoloError):
    """A name, number, file or option that cannot be used as given."""

    exit_code = 2


class NotFound(RegoloError):
    """There is no such model, version, file, repository or chunk."""

    exit_code = 3


class MissingObject(NotFound):
    """A Git object is not there; while `git gc` runs, another look may find it."""


class Conflict(RegoloError):
    """It exists already, somebody else was faster, or the files have uncommitted changes."""

    exit_code = 4


class VersionExists(Conflict):
    """The version is there already; versions never change."""


class LostRace(Conflict):
    """Another writer moved a ref between our look and our lock; trying again may succeed."""


class IntegrityError(RegoloError):
    """Bytes or records are not what their name says."""

    exit_code = 5


class NewerFormat(IntegrityError):
    """A record has a format that this release does not know; it is neither read nor replaced."""


class TransportError(RegoloError):
    """A store or a remote cannot be reached, or did not take what was sent."""

    exit_code = 6


class ServingError(RegoloError):
    """An endpoint cannot be served as asked."""

    exit_code = 7


class PolicyRefused(RegoloError):
    """A rule of the registry or of the operator forbids it."""

    exit_code = 8


class MissingDependency(RegoloError):
    """An optional package or program that this needs is not installed."""

    exit_code = 9


class RegoloNotice(UserWarning):
    """Something the caller should know about a call that worked."""
