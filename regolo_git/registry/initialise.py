"""Initializing a registry in a Git repository: configuration and attributes, in one commit."""

from dataclasses import dataclass
from pathlib import Path

from regolo_git.errors import Conflict
from regolo_git.git.attributes import FILE_NAME
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import publish, refuse_early
from regolo_git.records.config import new_config_text
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.registry.change import action_message, recover_first
from regolo_git.registry.handle import DEFAULT_BRANCH, Handle
from regolo_git.registry.record_attributes import needed_attributes, record_paths
from regolo_git.registry.records_at import check_readable


@dataclass(frozen=True, slots=True)
class Initialised:
    """The registry; `commit` is None if the repository already was one.

    `new_store` is the store that was configured, if it was created.
    """

    top: Path
    branch: str
    commit: str | None
    new_store: str | None


def initialise(handle: Handle, store_url: str | None = None) -> Initialised:
    """Commits the configuration to the current branch, which becomes the registry branch.

    Does nothing in a repository that is already a registry.  Raises Conflict if the files are dirty or HEAD
    is detached, InvalidInput for an unusable store URL or if Git knows no author, StoreAbsent if this clone
    has used a store that is not there, NotFound if it lacks the registry branch.
    """
    recover_first(handle)
    config = handle.config_at_head()
    if config is not None:
        handle.registry_tip()  # a clone without it is of no use yet
        return Initialised(handle.paths.top, config.branch, None, _create_store(handle))
    branch = handle.git.head_branch() or _default_branch(handle)
    text = new_config_text(branch=branch, store_url=store_url)

    def prepare(tip: str | None) -> NewCommit[None]:
        attributes = needed_attributes(handle.git, tip, record_paths(handle.git, tip))
        files = {CONFIG_PATH: text.encode(), **attributes}
        check_readable(files)
        return NewCommit(files, action_message(None, "initialize model registry", "init", {}), None)

    refuse_early(handle.git, branch, [CONFIG_PATH, FILE_NAME])
    new_store = _create_store(handle)  # first, so that an unwritable one leaves no registry behind
    published = publish(handle.git, branch, prepare)
    return Initialised(handle.paths.top, branch, published.commit, new_store)


def _create_store(handle: Handle) -> str | None:
    """Creates the store of this clone; its location if it was configured and not there yet."""
    created = handle.clone_store.create()
    return handle.store_url if created and handle.clone_store.setting is not None else None


def _default_branch(handle: Handle) -> str:
    """`main`, if HEAD is detached and it exists; a new `main` would have an unrelated history."""
    git = handle.git
    if git.branch_tip(DEFAULT_BRANCH) is not None:
        return DEFAULT_BRANCH
    other = next((name for name, _ in git.branches() if git.branch_tip(name) is not None), None)
    raise Conflict(
        "HEAD is detached: the registry needs a branch",
        f"git switch {other}" if other else f"git switch -c {DEFAULT_BRANCH}",
    )
