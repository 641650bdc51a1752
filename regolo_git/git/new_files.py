"""The files in commits that a remote is not known to have."""

from collections.abc import Iterator, Sequence

from regolo_git.git.program import run_git
from regolo_git.git.remotes import remote_names
from regolo_git.git.repository import GitRepository


def new_files(
    git: GitRepository, tips: Sequence[str], known: Sequence[str], remote: str, directory: str
) -> Iterator[tuple[str, str]]:
    """(path, blob id) of the files below a directory that came with the commits of some tips.

    The commits in the history of `known`, and of the branches of a remote as last fetched, are left out.
    Raises Conflict with git's message.
    """
    if not tips:
        return
    fetched = [f"--remotes={remote}"] if remote in remote_names(git) else []
    left_out = ["--not", *known, *fetched] if known or fetched else []
    arguments = ["rev-list", "--objects", *tips, *left_out, "--", directory]
    for line in run_git(git.paths.git_dir, None, *arguments).decode("utf-8", "surrogateescape").split("\n"):
        oid, _, path = line.partition(" ")
        if path:
            yield path, oid
