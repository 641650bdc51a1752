"""Translates errors of libgit2 and the system into RegoloError, once, at the edge."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

import pygit2

from regolo_git.errors import (
    Conflict,
    IntegrityError,
    InvalidInput,
    LostRace,
    MissingObject,
    RegoloError,
    TransportError,
)
from regolo_git.system_calls import NotOrdinary
from regolo_git.system_errors import (
    DISK_FULL,
    FREE_SPACE,
    MORE_FILES,
    TOO_MANY_FILES,
    hint_of,
    is_exhausted,
    reason_of,
)

# libgit2 words lock conflicts and failed comparisons in several ways; all of them mean: retry.
RACES = (
    "failed to lock file",
    "failed to create locked file",
    "failed to rename lockfile",
    "old reference value does not match",
    "current tip is not the first parent",
    "is locked",
    "the index is locked",
)
VANISHED = ("object not found", "failed to open", "no such file", "could not open pack")
OWNED = re.compile("'([^']+)' is not owned by current user")
FULL = ("no space left", "out of diskspace", "disk quota")


@contextmanager
def git_errors(what: str) -> Iterator[None]:
    """Translates errors of the Git library and the disk into RegoloError, naming `what`."""
    try:
        yield
    except RegoloError:
        raise
    except KeyError as error:
        raise MissingObject(f"{what}: not found in the repository", "git fsck") from error
    except NotOrdinary as error:
        raise Conflict(f"{what} is {error.kind}, not a file", "move it away") from error
    except (pygit2.GitError, OSError, ValueError) as error:
        if isinstance(error, OSError) and is_exhausted(error):
            raise TransportError(f"{what}: {reason_of(error)}", hint_of(error)) from error
        raise _translated(what, str(error)) from error


def lock_held(what: str) -> LostRace:
    """The error for a ref that another program has locked."""
    return LostRace(
        f"{what}: another program holds the lock", "try again   (git regolo doctor names a lock that stays)"
    )


def is_full(message: str) -> bool:
    """Whether an error message is about a full disk or quota."""
    return any(full in message.lower() for full in FULL)


def _translated(what: str, message: str) -> RegoloError:
    lower = message.lower()
    # System errors first: "failed to create locked file: No space left on device" is not a race.
    if is_full(message):
        return TransportError(f"{what}: {DISK_FULL}", FREE_SPACE)
    if TOO_MANY_FILES in lower:
        return TransportError(f"{what}: {TOO_MANY_FILES}", MORE_FILES)
    if "permission denied" in lower or "read-only" in lower:
        return Conflict(f"{what}: {message}", "check the permissions of the repository")
    if any(race in lower for race in RACES):
        return lock_held(what)
    if any(vanished in lower for vanished in VANISHED):
        return MissingObject(f"{what}: {message}", "git fsck")
    return _refused_by_library(what, message) or IntegrityError(f"{what}: {message}", "git fsck")


def _refused_by_library(what: str, message: str) -> RegoloError | None:
    """The error for a repository of another user, or with an extension that the library does not support."""
    if owned := OWNED.search(message):
        place = shlex.quote(owned[1].rstrip("/") or "/")
        return Conflict(f"{what}: {message}", f"git config --global --add safe.directory {place}")
    if "unsupported extension" in message.lower():
        return InvalidInput(f"{what}: {message}", "git init DIRECTORY   (for a separate registry)")
    return None
