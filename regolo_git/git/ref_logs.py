"""Adds lines to reflogs, where git would for the same change of a ref."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from regolo_git.durable import create_directory
from regolo_git.errors import InvalidInput
from regolo_git.git.refs_state import head_branch
from regolo_git.git.repository import GitRepository

NO_OBJECT = "0" * 40
HEADS = "refs/heads/"
LOGGED = (HEADS, "refs/remotes/", "refs/notes/")
SETTING = "core.logAllRefUpdates"
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC


@contextmanager
def logged(
    git: GitRepository, changes: Sequence[tuple[str, str | None, str, str]], created: set[Path]
) -> Iterator[list[int]]:
    """Logs changes of refs: name, object before and after, message; the logs are open in the block.

    Adds to `created` each directory that has a new entry.  Raises OSError.
    """
    person = _person(git)
    logs: list[int] = []
    try:
        for ref, old, new, message in changes:
            line = f"{old or NO_OBJECT} {new} {person}\t{message}\n".encode("utf-8", "surrogateescape")
            for log, may_create in _logs_of(git, ref):
                descriptor = _opened(log, created, may_create=may_create)
                if descriptor is not None:
                    logs.append(descriptor)
                    os.write(descriptor, line)
        yield logs
    finally:
        for descriptor in logs:
            os.close(descriptor)


def _person(git: GitRepository) -> str:
    try:
        return git.authorship().committer.line
    except InvalidInput:  # of a commit whose people are given; the log is no reason to refuse it
        return f"unknown <unknown> {int(time.time())} +0000"


def _logs_of(git: GitRepository, ref: str) -> list[tuple[Path, bool]]:
    """The log of a ref, and of HEAD if that is at the ref; and whether git would begin it."""
    setting = (git.settings().get(SETTING) or "").lower()
    always = setting == "always"
    wanted = always or (git.settings().is_true(SETTING) if setting else not git.is_bare)
    logs = [(git.paths.common_dir / "logs" / ref, always or (wanted and ref.startswith(LOGGED)))]
    if ref == f"{HEADS}{head_branch(git.paths)}":
        logs.append((git.paths.git_dir / "logs" / "HEAD", wanted))
    return logs


def _opened(log: Path, created: set[Path], *, may_create: bool) -> int | None:
    try:
        return os.open(log, APPEND)
    except (FileNotFoundError, NotADirectoryError):
        if not may_create:
            return None
    except IsADirectoryError:
        remove_empty_directories(log)  # the logs of branches below it are gone
    create_directory(log.parent, created)
    created.add(log.parent)
    return os.open(log, APPEND | os.O_CREAT, 0o666)


def remove_empty_directories(top: Path) -> None:
    """Removes a directory in which there are only directories.  Raises OSError for a file in it."""
    for directory, _, _ in os.walk(top, topdown=False):
        Path(directory).rmdir()
