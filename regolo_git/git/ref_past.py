"""Whether a ref was at a commit before, by its reflog, read as a file with the standard library alone."""

from regolo_git.git.discover import RepositoryPaths
from regolo_git.system_calls import read_ordinary


def was_at(paths: RepositoryPaths, ref: str, commit: str) -> bool:
    """Whether a ref was at a commit once; False if its reflog does not say so, or if it has none."""
    try:
        lines = read_ordinary(paths.common_dir / "logs" / ref).splitlines()
    except OSError:
        return False
    return any(commit.encode() in line.split(b" ", 2)[:2] for line in lines)
