"""Where a remote is: its URL as configured, taken apart.  `git` itself does this where there is one."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pygit2

from regolo_git.errors import TransportError
from regolo_git.git.remote.failures import without_credentials
from regolo_git.git.repository import GitRepository
from regolo_git.git.translate import git_errors

SSH = ("ssh", "git+ssh", "ssh+git")
SCP = re.compile(r"(?:(?P<user>[^@/:]+)@)?(?P<host>[^/:]+):(?P<path>.+)")


class PathAddress(NamedTuple):
    """A repository on this machine."""

    path: Path


class HttpAddress(NamedTuple):
    """A repository behind HTTP; `base` is its URL without user and password."""

    base: str
    path: str
    scheme: str
    host: str
    user: str | None
    password: str | None


class SshAddress(NamedTuple):
    """A repository behind SSH; the host may be an alias of the user's ssh configuration."""

    host: str
    path: str
    user: str | None
    port: int | None


Address = PathAddress | HttpAddress | SshAddress


def address_of(git: GitRepository, remote: str, *, push: bool = False) -> Address:
    """The address of a remote by name or URL.  Raises TransportError for one that only `git` can reach."""
    with git_errors(f"remote '{without_credentials(remote)}'"):
        url = _url(git, remote, push=push)
    return parse_address(url, git.paths.top)


def push_urls(git: GitRepository, remote: str) -> list[str]:
    """The URLs that a push goes to, in order: those of a remote that has several, else the remote itself."""
    with git_errors(f"remote '{without_credentials(remote)}'"):
        found = _values(git, f"remote.{remote}.pushurl") or _values(git, f"remote.{remote}.url")
    return found if len(found) > 1 else [remote]


def _url(git: GitRepository, remote: str, *, push: bool) -> str:
    """The URL as configured; the library replaces the beginnings that `insteadOf` names."""
    remotes = git.pygit.remotes
    named = remote in set(remotes.names())
    if named and not push and len(urls := _values(git, f"remote.{remote}.url")) > 1:
        named, remote = False, urls[0]  # git fetches from the first; the library knows the last
    found: pygit2.Remote = remotes[remote] if named else remotes.create_anonymous(remote)
    url = (found.push_url if push else None) or found.url
    return url or remote


def _values(git: GitRepository, key: str) -> list[str]:
    return [value for value in git.pygit.config.get_multivar(key) if value]


def parse_address(url: str, top: Path) -> Address:
    """Takes a URL apart; a relative path starts at `top`.  Raises TransportError for another scheme."""
    scheme, separator, rest = url.partition("://")
    if not separator or "/" in scheme:
        found = SCP.fullmatch(url)
        if found is None or (top / url).exists():
            return PathAddress(top / url)
        return _ssh(SshAddress(found["host"], found["path"], found["user"], None))
    if scheme == "file":
        return PathAddress(Path(unquote(rest)))
    parts = urlsplit(url)
    if scheme in ("http", "https") and parts.hostname:
        host = parts.netloc.rpartition("@")[2]
        user, password = (unquote(text) if text else None for text in (parts.username, parts.password))
        return HttpAddress(f"{scheme}://{host}/", parts.path, scheme, host, user, password)
    if scheme in SSH and parts.hostname:
        return _ssh(SshAddress(parts.hostname, parts.path, parts.username, parts.port))
    raise TransportError(
        f"'{without_credentials(url)}' can only be reached with the program 'git'", "apt-get install git"
    )


def _ssh(address: SshAddress) -> SshAddress:
    """The address, unless ssh would take a part of it for an option (as git refuses it)."""
    if address.host.startswith("-") or address.path.startswith("-"):
        raise TransportError(f"'{address.host}:{address.path}' is not an address", "git remote -v")
    return address
