"""Decides which transport a clone uses: the `git` program if there is one."""

from pathlib import Path

from regolo_git.git.remote.transport import OnGitProgress, Transport, ignore_git_progress
from regolo_git.git.repository import GitRepository


def transport_of(git: GitRepository) -> Transport:
    """The transport of a repository."""
    from regolo_git.git.remote.with_git import GitTransport  # noqa: PLC0415 - starts processes

    return GitTransport(git)


def clone_repository(
    url: str, directory: Path, *, checkout: bool = True, on_progress: OnGitProgress = ignore_git_progress
) -> None:
    """Clones a repository with its tags, and checks out its branch.

    What was created goes again if it fails.  Raises as `Transport` says, and Conflict if the directory is
    there and not empty.
    """
    from regolo_git.git.remote.with_git import clone_with_git  # noqa: PLC0415 - the same

    clone_with_git(url, directory, checkout=checkout, on_progress=on_progress)
