"""The one place in git/ that reads the environment: what git itself reads there."""

import os
from pathlib import Path
from typing import Literal

Role = Literal["AUTHOR", "COMMITTER"]

# They add values to git's configuration (`git -c` by the first one) or name other files of it.
OVERRIDES = ("GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
# Of a surrounding git command; a git that we run is told for itself where it works.
LOCAL_VARIABLES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
)  # fmt: skip


def identity_variable(role: Role, part: Literal["NAME", "EMAIL", "DATE"]) -> str | None:
    """What the environment says of the author or the committer; None where it says nothing."""
    return os.environ.get(f"GIT_{role}_{part}")


def mail_address() -> str | None:
    """The user's address for mail, which git takes where it knows no other one."""
    return os.environ.get("EMAIL")


def overrides_configuration() -> bool:
    """Whether the environment changes what git's configuration files say."""
    return any(variable in os.environ for variable in OVERRIDES)


def environment_of_git(git_dir: Path, work_tree: Path | None, index: Path | None) -> dict[str, str]:
    """The environment of a git program that works on one repository and asks nobody."""
    environment = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES}
    environment |= {"GIT_DIR": str(git_dir), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    if work_tree is not None:
        environment["GIT_WORK_TREE"] = str(work_tree)
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    return environment
