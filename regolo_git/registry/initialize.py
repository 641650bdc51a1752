"""Initializing a registry in a Git repository: configuration and attributes, in one commit."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from regolo_git.errors import Conflict, InvalidInput
from regolo_git.git.attributes import FILE_NAME
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import publish, refuse_early
from regolo_git.records.config import RegistryConfig, new_config_text
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.store_url import parse_store_address
from regolo_git.registry.change import action_message, recover_first
from regolo_git.registry.drivers import set_up_drivers
from regolo_git.registry.handle import DEFAULT_BRANCH, Handle
from regolo_git.registry.record_attributes import needed_attributes, record_paths
from regolo_git.registry.records_at import check_readable
from regolo_git.registry.store_library import note_missing_library
from regolo_git.system_calls import random_name


@dataclass(frozen=True, slots=True)
class Initialized:
    """The registry; `commit` is None if the repository already was one.

    `new_store` is the store that was configured for this clone, and `new_shared` the registry's, each if it
    was created.
    """

    top: Path
    branch: str
    commit: str | None
    new_store: str | None
    new_shared: str | None = None


def initialize(handle: Handle, store_url: str | None = None, *, textconv: bool = False) -> Initialized:
    """Commits the configuration to the current branch, which becomes the registry branch.

    Does nothing in a repository that is already a registry, but for confirming the store that it names.  In
    both it configures the drivers of this clone; that for diffs only with `textconv`.
    Raises Conflict if the files are dirty or HEAD is detached, InvalidInput for an unusable store URL or if
    Git knows no author, StoreAbsent if this clone has used a store that is not there, NotFound if it lacks
    the registry branch.
    """
    recover_first(handle)
    config = handle.config_at_head()
    if config is not None:
        handle.registry_tip()  # a clone without it is of no use yet
        new_shared = None
        with suppress(InvalidInput):  # what was committed by hand
            new_shared = _share(handle, config, store_url)
        set_up_drivers(handle, textconv=textconv)
        return Initialized(handle.paths.top, config.branch, None, _create_store(handle), new_shared)
    branch = handle.git.head_branch() or _default_branch(handle)
    text = new_config_text(branch=branch, store_url=store_url, registry_id=random_name(16))

    def prepare(tip: str | None) -> NewCommit[None]:
        attributes = needed_attributes(handle.git, tip, record_paths(handle.git, tip))
        config = handle.records_at(tip).data(CONFIG_PATH) or text.encode()  # of an `init` that was faster
        files = {CONFIG_PATH: config, **attributes}
        check_readable(files)
        return NewCommit(files, action_message(None, "initialize model registry", "init", {}), None)

    refuse_early(handle.git, branch, [CONFIG_PATH, FILE_NAME])
    new_store = _create_store(handle)  # first, so that an unwritable one leaves no registry behind
    new_shared = _share(handle, RegistryConfig.parse(text), store_url)
    set_up_drivers(handle, textconv=textconv)
    published = publish(handle.git, branch, prepare)
    return Initialized(handle.paths.top, branch, published.commit, new_store, new_shared)


def _share(handle: Handle, config: RegistryConfig, url: str | None) -> str | None:
    """Confirms the registry's store if it is the one that was given; its path if it was created."""
    if url is None or url != config.store_url:
        return None
    address = parse_store_address(url, config.store_endpoint, config.store_region)
    created = handle.shared_stores.create_directory(address)
    handle.shared_stores.confirm(address)
    note_missing_library(handle, address)
    return created


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
