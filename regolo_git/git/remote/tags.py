"""The tags of a remote."""

from collections.abc import Iterable

from regolo_git.git.remote.transport import TAGS
from regolo_git.git.repository import GitRepository


def remote_tags(git: GitRepository, remote: str, patterns: Iterable[str]) -> dict[str, str]:
    """The tags of a remote that match one of some patterns (`sentiment@*`), with the ids of their objects.

    Raises TransportError if the remote cannot be reached, NotFound if it is not a repository.
    """
    from regolo_git.git.remote.choose import transport_of  # noqa: PLC0415 - most commands ask no remote

    found = transport_of(git).refs(remote, [f"{TAGS}{pattern}" for pattern in patterns])
    return {ref.removeprefix(TAGS): oid for ref, oid in found.items()}
