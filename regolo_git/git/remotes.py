"""The remotes of a clone as configured, and what a plain `git fetch` brings from each."""

from typing import NamedTuple

import pygit2

from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

TRACKING = "refs/remotes/"
ALL_BRANCHES = ("refs/heads/*", "refs/*")


class Remote(NamedTuple):
    """A remote, and whether `git fetch` brings all of its branches with the tags on them."""

    name: str
    fetches_all: bool


def remote_names(git: GitRepository) -> list[str]:
    """The names of the configured remotes."""
    with git_errors("the remotes"):
        return [str(name) for name in git.pygit.remotes.names()]


def remote_of_branch(git: GitRepository, branch: str) -> Remote | None:
    """The remote that a branch is fetched from: as configured, else `origin`, else the only remote."""
    names = remote_names(git)
    with git_errors("the remotes"):
        config = git.pygit.config
        wanted = [_value(config, f"branch.{branch}.remote"), "origin", *(names if len(names) == 1 else ())]
        found = next((name for name in wanted if name in names), None)
        return Remote(found, _fetches_all(config, found)) if found is not None else None


def _fetches_all(config: pygit2.Config, name: str) -> bool:
    if _value(config, f"remote.{name}.tagopt") == "--no-tags":
        return False
    specs = config.get_multivar(f"remote.{name}.fetch")
    sources = [(spec or "").lstrip("+").partition(":")[0] for spec in specs]
    return any(source in ALL_BRANCHES for source in sources)


def _value(config: pygit2.Config, key: str) -> str | None:
    return config[key] if key in config else None  # noqa: SIM401 - it has no `get`


def fetch_refspecs(git: GitRepository, name: str) -> list[str]:
    """What `git fetch` brings from a remote, as refspecs, but for branches and tags of this clone itself."""
    with git_errors("the remotes"):
        config = git.pygit.config
        specs = [spec or "" for spec in config.get_multivar(f"remote.{name}.fetch")]
    return [spec for spec in specs if spec.partition(":")[2].startswith(TRACKING)]


def tracking_ref(name: str, branch: str) -> str:
    """The ref of a remote's branch as last fetched."""
    return f"{TRACKING}{name}/{branch}"
