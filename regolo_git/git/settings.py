"""Git's configuration, one key at a time, as git itself would read it.

The library reads the files.  It does not know `git -c`, which reaches us as GIT_CONFIG_PARAMETERS, nor the
other variables that add values or name other files; where one of them is set, the program is asked.
"""

import shutil

import pygit2

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import overrides_configuration
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors


def read_setting(paths: RepositoryPaths, repository: pygit2.Repository, key: str) -> str | None:
    """The value of a key; None where it is not set."""
    if overrides_configuration() and shutil.which("git") is not None:
        said = run_git(paths.git_dir, paths.work_tree, "config", "-z", "--default", "", "--get", key)
        return said.rstrip(b"\0").decode(errors="replace") or None
    with git_errors("git's configuration"):
        config = repository.config
        return config[key] if key in config else None  # noqa: SIM401 - it has no `get`
