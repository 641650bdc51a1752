"""The only module in git/ that reads environment variables, and only those that git itself reads."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from regolo_git.errors import MissingDependency

Role = Literal["AUTHOR", "COMMITTER"]
GIT_HEAD = "GITHEAD_"  # and a commit: the variable in which `git merge` names what it merges

# They add values to git's configuration (`git -c` uses the first) or replace its files.
OVERRIDES = ("GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")
# Set by an outer git command, such as a hook; a git child process gets its own values.
LOCAL_VARIABLES = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
)  # fmt: skip


def identity_variable(role: Role, part: Literal["NAME", "EMAIL", "DATE"]) -> str | None:
    """The value of `GIT_<role>_<part>`; None if it is not set."""
    return os.environ.get(f"GIT_{role}_{part}")


def email_address() -> str | None:
    """The value of `EMAIL`, git's fallback for the address."""
    return os.environ.get("EMAIL")


def overrides_configuration() -> bool:
    """Whether the environment overrides git's configuration files."""
    return any(variable in os.environ for variable in OVERRIDES)


def overriding_values() -> tuple[str, ...]:
    """The variables that override git's configuration files, as a key of their values."""
    if not overrides_configuration():
        return ()  # walking all variables takes longer than everything else that settings depend on
    numbered = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_")
    return tuple(
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name in OVERRIDES or name.startswith(numbered)
    )


def ignores_system_configuration() -> bool:
    """Whether git leaves the configuration of the system out (`GIT_CONFIG_NOSYSTEM`)."""
    return os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower() not in ("", "0", "false", "no", "off")


def configuration_homes() -> tuple[str, str] | None:
    """The directories of the user's two configuration files; None without a home."""
    home = os.environ.get("HOME")
    if not home:
        return None
    return home, f"{os.environ.get('XDG_CONFIG_HOME') or f'{home}/.config'}/git"


def git_program() -> str:
    """The path of the `git` program, from PATH.  Raises MissingDependency."""
    import shutil  # noqa: PLC0415 - most commands start no program

    found = shutil.which("git")
    if found is None:
        raise MissingDependency("the program 'git' is not on PATH", "apt-get install git")
    return found


def index_in_use() -> Path | None:
    """The index that git names for a hook: of a partial commit it is another one than the work tree's."""
    named = os.environ.get("GIT_INDEX_FILE")
    return Path(named).absolute() if named else None


def merged_commits() -> list[str]:
    """The commits that the `git merge` that runs this hook is merging."""
    return [name.removeprefix(GIT_HEAD) for name in os.environ if name.startswith(GIT_HEAD)]


def quarantine() -> Path | None:
    """The directory of the objects that a push brings, in a hook that may still refuse them."""
    named = os.environ.get("GIT_QUARANTINE_PATH")
    return Path(named) if named else None


def environment_of_git(git_dir: Path, work_tree: Path | None, index: Path | None) -> dict[str, str]:
    """The environment of a git child process: one repository, no prompts."""
    environment = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES}
    if quarantine() is not None:  # where the objects are that the hook is about
        environment["GIT_OBJECT_DIRECTORY"] = os.environ.get("GIT_OBJECT_DIRECTORY", "")
    environment |= {"GIT_DIR": str(git_dir), "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    if work_tree is not None:
        environment["GIT_WORK_TREE"] = str(work_tree)
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    return environment


def environment_of_remote(environment: Mapping[str, str], *, asks: bool) -> dict[str, str]:
    """The environment of a git child process that talks to a remote, and may ask the user only if it `asks`.

    Without one of a repository it is that of this process.
    """
    here = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES}
    changed = {**here, **environment, "LC_ALL": "C"}
    changed.pop("GIT_TERMINAL_PROMPT", None)
    as_user = os.environ.get("GIT_TERMINAL_PROMPT")
    if not asks or as_user is not None:
        changed["GIT_TERMINAL_PROMPT"] = as_user if asks and as_user is not None else "0"
    return changed


def asking_program(configured: str | None) -> str | None:
    """The program that git runs to ask for a user name or password, given that of the configuration."""
    return os.environ.get("GIT_ASKPASS") or configured or os.environ.get("SSH_ASKPASS") or None


def ssh_command(configured: str | None) -> str:
    """The command that git runs for SSH, quoted for a shell, given that of the configuration."""
    program = os.environ.get("GIT_SSH")
    return os.environ.get("GIT_SSH_COMMAND") or configured or (shlex.quote(program) if program else "ssh")


def environment_in_utc() -> dict[str, str]:
    """The environment of a child process that reads and writes times in UTC, and messages in English."""
    return {**os.environ, "TZ": "UTC", "LC_ALL": "C"}
