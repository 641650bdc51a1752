"""What a request for a version is checked for before its artifact is read, which may take long."""

from dataclasses import dataclass, replace
from pathlib import Path

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.identity import Authorship
from regolo_git.git.publish import refuse_early
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_model_name
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.toml_text import Table
from regolo_git.records.versions import Version
from regolo_git.registry.change import recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import nearest_model
from regolo_git.registry.versions.carried import Given
from regolo_git.registry.versions.held import Held
from regolo_git.registry.versions.known_tags import require_every_tag
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.number import free_number, writes_zero_patch
from regolo_git.registry.versions.parent import given_parent, held_by_source
from regolo_git.registry.versions.proposed import proposed_numbers
from regolo_git.registry.versions.repeat import interrupted_manifest
from regolo_git.registry.versions.request import VersionRequest
from regolo_git.registry.versions.target_branch import (
    Flow,
    TargetBranch,
    choose_target_branch,
    refuse_taken_names,
)


def branch_tip(handle: Handle, target: TargetBranch) -> str | None:
    """The newest known commit of the branch that a version would be on."""
    return handle.git.newest_known(target.name)


def on_branch(handle: Handle, model: str, target: TargetBranch) -> Manifest | None:
    """The version of a model on the branch that a new one would be on."""
    return handle.records_at(branch_tip(handle, target)).manifest(model)


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request that was checked, and what a draft needs besides the artifact."""

    request: VersionRequest
    target: TargetBranch
    version: Version | None
    given: Given
    serving: Table | None
    authorship: Authorship
    untagged: tuple[Version, ...]
    waiting: tuple[Version, ...]
    interrupted: Manifest | None
    held: Held | None = None

    def check(self, handle: Handle) -> None:
        """Raises what publishing the version would raise."""
        request, target, model = self.request, self.target, self.request.model
        paths = _check_model(handle, request, target)
        previous = on_branch(handle, model, target)
        number = free_number(
            handle, model, self.version, request.bump, previous, self.untagged, waiting=self.waiting
        )
        given_parent(handle, request, previous)
        card = handle.records_at(branch_tip(handle, target)).card(model)
        zero_patch = writes_zero_patch(handle, model, card, number)
        refuse_taken_names(handle, target, model, number.text(zero_patch=zero_patch))
        changed = [] if target.new_branch else paths
        refuse_early(handle.git, target.name, changed, authorship=self.authorship)


def check_request(handle: Handle, request: VersionRequest) -> CheckedRequest:
    """Raises before the artifact is read what publishing the version would raise.

    What an interrupted run may have committed is no reason to refuse; whether it did is known later.
    """
    model = check_model_name(request.model)
    with handle.steady():
        interrupted = interrupted_manifest(handle, model)
        if isinstance(request.source, ModelVersion) and request.inherit:
            request = request.inheriting(request.source.manifest)
        given, serving = request.given()
        version = request.requested_version()
        authorship = handle.git.authorship(request.author, request.when)
        target = choose_target_branch(handle, request.flow)
        untagged = tuple(require_every_tag(handle, model))
        waiting = tuple(proposed_numbers(handle, model)) if target.new_branch and version is None else ()
        checked = CheckedRequest(
            request, target, version, given, serving, authorship, untagged, waiting, interrupted
        )
        if interrupted is None:
            checked.check(handle)
    return replace(checked, held=held_by_source(handle, request))


def _check_model(handle: Handle, request: VersionRequest, target: TargetBranch) -> list[str]:
    """The paths of the records to write: the manifest, and the card if the model has none yet."""
    model, source = request.model, request.source
    path = str(source) if isinstance(source, Path | str) else "PATH"
    records = handle.records_at(branch_tip(handle, target))
    # Both are read now, so that an unreadable one is reported before the artifact is read.
    previous, card = records.manifest(model), records.card(model)
    exists = _is_there(handle, model, previous)
    if request.new_model and exists:
        raise Conflict(f"model '{model}' already exists", Hint("commit", model, path))
    if not request.new_model and not exists:
        meant = nearest_model(handle, model)
        raise NotFound(f"there is no model '{model}' yet", meant or Hint("register", model, path))
    return [manifest_path(model)] if card is not None else [manifest_path(model), card_path(model)]


def model_exists(handle: Handle, model: str, flow: Flow) -> bool:
    """Whether a model has a version, as far as the branch knows that a new one would be on."""
    check_model_name(model)
    recover_first(handle)
    return _is_there(handle, model, on_branch(handle, model, choose_target_branch(handle, flow)))


def _is_there(handle: Handle, model: str, previous: Manifest | None) -> bool:
    return previous is not None or bool(handle.index.highest(model))
