"""Errors of libgit2 and the system as ours, translated once, where they enter."""

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

# What libgit2 says of one lock conflict or lost comparison varies; all of them mean: look again.
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
    """Raises the RegoloError that an error of the Git library or the disk means, naming `what`."""
    try:
        yield
    except RegoloError:
        raise
    except KeyError as error:
        raise MissingObject(f"{what}: the repository does not have it", "git fsck") from error
    except (pygit2.GitError, OSError, ValueError) as error:
        raise _translated(what, str(error)) from error


def is_full(said: str) -> bool:
    """Whether the words are about a disk or a quota without room."""
    return any(full in said.lower() for full in FULL)


def _translated(what: str, said: str) -> RegoloError:
    lower = said.lower()
    # The system's own words first: "failed to create locked file: No space left on device" is no race.
    if is_full(said):
        return TransportError(f"{what}: the disk is full", "free some space and try again")
    if "permission denied" in lower or "read-only" in lower:
        return Conflict(f"{what}: {said}", "check who may write to the repository")
    if any(race in lower for race in RACES):
        return LostRace(f"{what}: another program holds the lock", "try again")
    if any(vanished in lower for vanished in VANISHED):
        return MissingObject(f"{what}: {said}", "git fsck")
    return _refused_by_library(what, said) or IntegrityError(f"{what}: {said}", "git fsck")


def _refused_by_library(what: str, said: str) -> RegoloError | None:
    """The error where a repository is of another user or of a kind that the library cannot read."""
    if owned := OWNED.search(said):
        place = shlex.quote(owned[1].rstrip("/") or "/")
        return Conflict(f"{what}: {said}", f"git config --global --add safe.directory {place}")
    if "unsupported extension" in said.lower():
        return InvalidInput(f"{what}: {said}", "git init DIRECTORY, for a registry of its own")
    return None
