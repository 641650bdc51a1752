"""Decides which transport a clone uses: the `git` program where there is one, else dulwich."""

import shlex
import shutil
from pathlib import Path
from weakref import WeakKeyDictionary

from regolo_git.errors import Conflict, RegoloError
from regolo_git.git.discover import find_repository
from regolo_git.git.remote.failures import URLS, without_credentials
from regolo_git.git.remote.transport import BRANCHES, OnGitProgress, Transport, ignore_git_progress
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

_decided: "WeakKeyDictionary[GitRepository, Transport]" = WeakKeyDictionary()


def transport_of(git: GitRepository) -> Transport:
    """The transport of an open repository, the same each time."""
    return _decided.setdefault(git, _new(git)) if git not in _decided else _decided[git]


def _new(git: GitRepository) -> Transport:
    if shutil.which("git") is not None:
        from regolo_git.git.remote.with_git import GitTransport  # noqa: PLC0415 - starts processes

        return GitTransport(git)
    from regolo_git.git.remote.with_dulwich import DulwichTransport  # noqa: PLC0415 - takes long to import

    return DulwichTransport(git)


def clone_repository(
    url: str, directory: Path, *, checkout: bool = True, on_progress: OnGitProgress = ignore_git_progress
) -> None:
    """Clones a repository with its tags, and checks out its branch.

    What was created goes again if it fails.  Raises as `Transport` says, and Conflict if the directory is
    there and not empty.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise Conflict(f"'{directory}' is there and not empty", "choose another directory")
    existed = directory.exists()
    try:
        _clone(url, directory, on_progress, checkout=checkout)
    except BaseException as error:
        _remove(directory, keep=existed)
        if isinstance(error, RegoloError) and error.hint == URLS:  # which shows nothing outside a clone
            raise type(error)(
                error.message, f"git ls-remote {shlex.quote(without_credentials(url))}"
            ) from error
        raise


def clone_to_read(url: str, directory: Path) -> None:
    """Clones a repository without its files and without branches of its own, which would become stale.

    Raises as `clone_repository` does.
    """
    clone_repository(url, directory, checkout=False)
    git = GitRepository.open(find_repository(directory, {}))
    with git_errors(f"'{directory}'"):
        for branch in list(git.pygit.branches.local):
            git.pygit.references.delete(f"{BRANCHES}{branch}")


def _clone(url: str, directory: Path, on_progress: OnGitProgress, *, checkout: bool) -> None:
    if shutil.which("git") is not None:
        from regolo_git.git.remote.with_git import clone_with_git  # noqa: PLC0415 - see `_new`

        clone_with_git(url, directory, checkout=checkout, on_progress=on_progress)
    else:
        from regolo_git.git.remote.cloning import clone_without_git  # noqa: PLC0415 - see `_new`

        clone_without_git(url, directory, checkout=checkout, on_progress=on_progress)


def _remove(directory: Path, *, keep: bool) -> None:
    """Removes what a failed clone has left, and the directory unless it was there before."""
    for entry in directory.iterdir() if directory.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    if directory.is_dir() and not keep:
        directory.rmdir()
