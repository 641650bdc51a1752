"""A scratch common directory, in which git works on the clone's objects and configuration, not on its refs.

Some commands of git write a ref beside the object that is wanted, or read `info/attributes` of one clone when
the question is about all of them.  The scratch directory has the clone's configuration and no other file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regolo_git.git.discover import RepositoryPaths


@contextmanager
def scratch_directory(paths: RepositoryPaths) -> Iterator[dict[str, str]]:
    """The variables that make git use a scratch directory instead of the clone's own common directory."""
    import tempfile  # noqa: PLC0415 - for commands that start several processes

    with tempfile.TemporaryDirectory(prefix="regolo-git-") as name:
        scratch = Path(name)
        (scratch / "refs").mkdir()
        (scratch / "config").symlink_to(paths.common_dir / "config")
        yield {"GIT_COMMON_DIR": name, "GIT_OBJECT_DIRECTORY": str(paths.common_dir / "objects")}
