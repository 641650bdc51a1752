"""Git's configuration, one key at a time, as git itself would read it.

The library reads the configuration files.  It ignores `git -c` (GIT_CONFIG_PARAMETERS) and the other
variables that add values or replace files; if one of them is set, the `git` program reads the value.
"""

import shutil

import pygit2

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import overrides_configuration
from regolo_git.git.program import run_git
from regolo_git.git.translate import git_errors


def read_setting(paths: RepositoryPaths, repository: pygit2.Repository, key: str) -> str | None:
    """The value of a key; None if it is not set."""
    if overrides_configuration() and shutil.which("git") is not None:
        output = run_git(paths.git_dir, paths.work_tree, "config", "-z", "--default", "", "--get", key)
        return output.rstrip(b"\0").decode(errors="replace") or None
    with git_errors("git's configuration"):
        config = repository.config
        return config[key] if key in config else None  # noqa: SIM401 - it has no `get`
