"""The versions of a model at a remote, compared with those of this clone; nothing is fetched."""

from typing import Literal, NamedTuple

from regolo_git.errors import NotFound
from regolo_git.git.remote.tags import remote_tags
from regolo_git.hints import Hint
from regolo_git.records.names import check_model_name
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version, parse_tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.sync.remote_state import remote_name
from regolo_git.text.json_values import Plain

Presence = Literal["here", "absent", "differs"]


class RemoteVersion(NamedTuple):
    """A version tag of a remote, and whether this clone has it: the same one, none, or another one."""

    model_id: str
    version: str
    remote: str
    tag: str
    tag_oid: str
    presence: Presence

    def to_dict(self) -> Plain:
        """The tag as plain values."""
        return {
            "model": self.model_id,
            "version": self.version,
            "reference": self.reference,
            "remote": self.remote,
            "tag": self.tag,
            "tag_oid": self.tag_oid,
            "presence": self.presence,
        }

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model_id, self.version)


def list_remote_versions(handle: Handle, model: str) -> list[RemoteVersion]:
    """The versions that the remote of the registry branch has of a model, lowest first.

    No other model's tags are transferred, where the server can leave them out.  Raises NotFound without a
    remote, or if it has no version of the model, and TransportError.
    """
    check_model_name(model)
    remote = remote_name(handle)
    found = [
        RemoteVersion(model, parsed[1], remote, name, oid, _presence(handle, name, oid))
        for name, oid in remote_tags(handle.git, remote, [f"{model}@*"]).items()
        if (parsed := parse_tag_name(name)) is not None and parsed[0] == model
    ]
    if not found:
        raise NotFound(f"remote '{remote}' has no version of '{model}'", Hint("list"))
    return sorted(found, key=lambda version: Version.parse(version.version))


def _presence(handle: Handle, name: str, oid: str) -> Presence:
    ours = handle.git.tag_target(name)
    return "absent" if ours is None else "here" if ours == oid else "differs"
