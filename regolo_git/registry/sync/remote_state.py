"""What a remote has now, compared with this clone: branches, version tags and notes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from regolo_git.cached import cached_property
from regolo_git.errors import NotFound
from regolo_git.git.refs_state import read_tags
from regolo_git.git.remote.choose import transport_of
from regolo_git.git.remote.notes import PATTERN as NOTES
from regolo_git.git.remote.transport import BRANCHES, TAGS
from regolo_git.git.remotes import remote_of_branch
from regolo_git.git.tag_index import TagRow
from regolo_git.records.versions import Version, parse_tag_name
from regolo_git.registry.handle import Handle


@dataclass(frozen=True)
class RemoteState:
    """The refs of a remote, by their full names."""

    remote: str
    refs: Mapping[str, str]

    def branch(self, name: str) -> str | None:
        """The tip of a branch; None if the remote does not have it."""
        return self.refs.get(f"{BRANCHES}{name}")

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tags by name."""
        return {ref.removeprefix(TAGS): oid for ref, oid in self.refs.items() if ref.startswith(TAGS)}

    @cached_property
    def notes(self) -> dict[str, str]:
        """The notes of registries, by the full names of their refs."""
        return {ref: oid for ref, oid in self.refs.items() if ref.startswith(NOTES.removesuffix("*"))}


def remote_name(handle: Handle) -> str:
    """The remote of the registry branch.  Raises NotFound if there is none."""
    remote = remote_of_branch(handle.git, handle.registry_branch())
    if remote is None:
        raise NotFound("this clone has no remote", "git remote add origin URL")
    return remote.name


def ask(handle: Handle, remote: str, names: Iterable[str] | None = None) -> RemoteState:
    """Asks a remote for its branches and notes, and for its tags, or some of them by name.

    Raises TransportError, NotFound.
    """
    tags = [f"{TAGS}*"] if names is None else [f"{TAGS}{name}" for name in names]
    patterns = (f"{BRANCHES}*", NOTES, *tags)
    return RemoteState(remote, transport_of(handle.git).refs(remote, patterns))


def local_tags(handle: Handle) -> dict[str, str]:
    """The tags of this clone by name."""
    return {name: tag.oid for name, tag in read_tags(handle.paths)[1].items()}


def not_at(handle: Handle, state: RemoteState, ours: Mapping[str, str]) -> dict[str, TagRow]:
    """The version tags of this clone that the remote lacks or has as another object, by name, sorted."""
    names = [name for name, _ in ours.items() - state.tags.items()]
    parsed = [found for name in names if (found := parse_tag_name(name)) is not None]
    keys = {(model, Version.parse(version).identity) for model, version in parsed}
    rows = sorted(
        handle.index.find_all(keys).values(), key=lambda row: (row.model, Version.parse(row.version))
    )
    return {row.tag: row for row in rows if row.tag in ours and state.tags.get(row.tag) != row.tag_oid}


def taken_numbers(handle: Handle, state: RemoteState, model: str, free: set[str]) -> list[Version]:
    """The numbers of a model that have a tag here or at the remote, but for the tags in `free`."""
    rows = (row.tag for row in handle.index.rows(model) if row.tag not in free or row.tag in state.tags)
    names = {*rows, *(name for name in state.tags if name.startswith(f"{model}@"))}
    found = (parse_tag_name(name) for name in names)
    return [Version.parse(each[1]) for each in found if each is not None and each[0] == model]
