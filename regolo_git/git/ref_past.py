"""Where a ref was before, by its reflog, read as a file with the standard library alone."""

from regolo_git.git.discover import RepositoryPaths
from regolo_git.system_calls import read_ordinary

NO_OBJECT = "0" * 40


def was_at(paths: RepositoryPaths, ref: str, commit: str) -> bool:
    """Whether a ref was at a commit once; False if its reflog does not say so, or if it has none."""
    return commit in past_values(paths, ref)


def past_values(paths: RepositoryPaths, ref: str) -> list[str]:
    """The objects that a ref was at, each once; none without a reflog."""
    try:
        lines = read_ordinary(paths.common_dir / "logs" / ref).splitlines()
    except OSError:
        return []
    found = dict.fromkeys(oid.decode("ascii", "replace") for line in lines for oid in line.split(b" ", 2)[:2])
    found.pop(NO_OBJECT, None)
    return list(found)
