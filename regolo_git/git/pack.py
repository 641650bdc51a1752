"""Packing refs when many lie loose: a list reads one packed file faster than thousands of small ones."""

from regolo_git.errors import RegoloError
from regolo_git.git.program import run_git
from regolo_git.git.repository import GitRepository

LOOSE_LIMIT = 500


def pack_refs_if_many(git: GitRepository) -> bool:
    """Runs `git pack-refs` when over 500 tags lie loose at one level; whether it did.

    Only ever an improvement: where git is missing or another program holds the lock, the next run may do it.
    """
    loose = git.paths.common_dir / "refs" / "tags"
    if not loose.is_dir() or sum(1 for _ in loose.iterdir()) <= LOOSE_LIMIT:
        return False
    try:
        run_git(git.paths.git_dir, None, "pack-refs", "--all")
    except RegoloError:
        return False
    return True
