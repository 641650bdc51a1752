"""Whether this clone knows every version of a model.

A number is free, and a merged version untagged, only if no tag anywhere contradicts it.  A clone whose
fetches bring all branches with their tags knows that without asking, as of the last fetch, as long as every
version on the registry branch has a tag.  Any other clone asks its remote: one that is shallow, that fetches
only some branches or no tags, or that has versions without a tag, as after `git pull origin main`, which
brings no tags.
"""

from collections.abc import Collection, Mapping

from regolo_git.errors import NotFound, RegoloError
from regolo_git.git.history import UNSHALLOW
from regolo_git.git.refs_state import line_tips
from regolo_git.git.remotes import Remote, remote_of_branch
from regolo_git.records.versions import Version, parse_tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.untagged import untagged_at_any

NAMED = 3
NONE_PLANNED: Mapping[str, str] = {}


def may_lack_tags(handle: Handle) -> bool:
    """Whether the configuration of this clone leaves out tags or history."""
    remote = remote_of_branch(handle.git, handle.registry_branch())
    return handle.git.is_shallow or (remote is not None and not remote.fetches_all)


def note_missing_tags(handle: Handle) -> None:
    """A notice, once, that a version without a tag here may have one elsewhere, where that is so."""
    if may_lack_tags(handle):
        handle.notice_once("this clone may lack version tags (git fetch --tags)")


def require_history(handle: Handle) -> None:
    """Raises NotFound in a shallow clone, whose oldest commits seem to have added everything in them."""
    if handle.git.is_shallow:
        raise NotFound("this clone is shallow: it lacks the history that this needs", UNSHALLOW)


def require_every_tag(handle: Handle, model: str) -> list[Version]:
    """Checks that this clone has every version tag of a model that its remote has.

    Returns the versions on the registry branch and its lines that have no tag anywhere.  Raises NotFound if a
    tag is missing here, or if the remote has to be asked and cannot be.
    """
    untagged = _untagged(handle, handle.registry_branch(), model)
    if untagged or may_lack_tags(handle) or _lacks_parent(handle, model):
        require_tags(handle, [model])
    return untagged


def require_tags(handle: Handle, models: Collection[str], planned: Mapping[str, str] = NONE_PLANNED) -> None:
    """Raises NotFound unless this clone has every version tag of some models that its remote has.

    A tag that is about to be created here as the same object (`planned`: name to id) is not missing.
    """
    remote = remote_of_branch(handle.git, handle.registry_branch())
    if remote is None and handle.git.is_shallow:
        raise NotFound("this clone is shallow and has no remote: it may lack versions", UNSHALLOW)
    if remote is None or not models:
        return
    missing = [
        name
        for name, oid in _remote_tags(handle, remote, models).items()
        if handle.git.tag_target(name) is None and planned.get(name) != oid
    ]
    if missing:
        named = ", ".join(f"'{name}'" for name in missing[:NAMED])
        more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
        raise NotFound(f"this clone lacks version tags: {named}{more}", _fetch(handle, remote))


def _remote_tags(handle: Handle, remote: Remote, models: Collection[str]) -> dict[str, str]:
    """The version tags of some models on a remote with the ids of their objects, the highest first."""
    from regolo_git.git.remote.tags import remote_tags  # noqa: PLC0415 - most clones know their tags

    try:
        tags = remote_tags(handle.git, remote.name, [f"{model}@*" for model in sorted(models)])
    except RegoloError as error:
        raise NotFound(
            f"this clone may lack version tags, and remote '{remote.name}' cannot be asked: {error.message}",
            _fetch(handle, remote),
        ) from error
    parsed = {name: found for name in tags if (found := parse_tag_name(name)) is not None}
    ours = [name for name, (model, _) in parsed.items() if model in models]
    ours.sort(key=lambda name: Version.parse(parsed[name][1]), reverse=True)
    return {name: tags[name] for name in ours}


def _fetch(handle: Handle, remote: Remote) -> str:
    unshallow = " --unshallow" if handle.git.is_shallow else ""
    name = f" {remote.name}" if remote.name != "origin" else ""
    return f"git fetch{unshallow} --tags{name}"


def _untagged(handle: Handle, branch: str, model: str) -> list[Version]:
    """The untagged versions of a model on the registry branch and its lines, here and as last fetched."""
    tips = dict.fromkeys(line_tips(handle.paths, branch, handle.config().lines).values())
    changes = untagged_at_any(handle, tips)
    return [Version.parse(change.version) for change in changes if change.model == model]


def _lacks_parent(handle: Handle, model: str) -> bool:
    """Whether the manifest on the registry branch names a parent that has no tag."""
    manifest = handle.records().manifest(model)
    parents = [Version.parse(parent) for parent in manifest.parents] if manifest is not None else []
    return any(handle.index.find(model, parent.identity) is None for parent in parents)
