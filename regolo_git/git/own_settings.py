"""Values that this program keeps in a repository's own Git configuration, several for one key."""

import pygit2

from regolo_git.errors import LostRace
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.translate import git_errors
from regolo_git.shared_modes import keeping_mode
from regolo_git.system_calls import pause

ATTEMPTS = 50  # another program holds the lock of the file for some milliseconds
NO_VALUE, ANY_VALUE = "^$", ".*"  # patterns of the values to replace


def own_values(paths: RepositoryPaths, key: str) -> list[str]:
    """The values of a key in the repository's own configuration."""
    with git_errors("git's configuration"):
        config = _own(paths)
        return [value or "" for value in config.get_multivar(key)] if key in config else []


def add_own_value(paths: RepositoryPaths, key: str, value: str) -> None:
    """Adds a value to the repository's own configuration; waits while another program writes to it."""
    for attempt in range(ATTEMPTS):
        try:
            with git_errors("git's configuration"), keeping_mode(paths.common_dir / "config"):
                _own(paths).set_multivar(key, NO_VALUE, value)
        except LostRace:
            if attempt == ATTEMPTS - 1:
                raise
            pause(0.001, 0.02)
        else:
            return


def remove_own_values(paths: RepositoryPaths, key: str) -> None:
    """Removes every value of a key from the repository's own configuration."""
    with git_errors("git's configuration"), keeping_mode(paths.common_dir / "config"):
        config = _own(paths)
        if key in config:
            config.delete_multivar(key, ANY_VALUE)


def _own(paths: RepositoryPaths) -> pygit2.Config:
    return pygit2.Config(str(paths.common_dir / "config"))
