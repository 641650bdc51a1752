"""The remotes of a clone: what a plain `git fetch` brings from each, and the tags that they have."""

from collections.abc import Iterable
from typing import NamedTuple

import pygit2

from regolo_git.git.program import ask_remote
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

ALL_BRANCHES = ("refs/heads/*", "refs/*")
TAGS = "refs/tags/"


class Remote(NamedTuple):
    """A remote, and whether `git fetch` brings all of its branches with the tags on them."""

    name: str
    fetches_all: bool


def remote_of_branch(git: GitRepository, branch: str) -> Remote | None:
    """The remote that a branch is fetched from: as configured, else `origin`, else the only remote."""
    with git_errors("the remotes"):
        names = [str(name) for name in git.pygit.remotes.names()]
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


def remote_tags(git: GitRepository, remote: str, patterns: Iterable[str]) -> dict[str, str]:
    """The tags of a remote that match one of some globs, with the ids of their objects.

    Raises TransportError if the remote cannot be reached.
    """
    wanted = [f"{TAGS}{pattern}" for pattern in patterns]
    output = ask_remote(git.paths.git_dir, "ls-remote", "--tags", remote, *wanted)
    lines = (line.split("\t", 1) for line in output.decode("utf-8", "surrogateescape").splitlines())
    return {ref.removeprefix(TAGS): oid for oid, ref in lines if not ref.endswith("^{}")}
