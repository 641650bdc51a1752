"""The proposal to make again: the branch of one that waits, here and as last fetched."""

from collections.abc import Iterator
from dataclasses import dataclass

from regolo_git.errors import Conflict, InvalidInput, NotFound
from regolo_git.git.history import is_in_history
from regolo_git.git.ref_past import was_at
from regolo_git.git.refs_state import HEADS, ref_target
from regolo_git.git.remotes import remote_of_branch, tracking_ref
from regolo_git.git.restart_branch import is_same_change
from regolo_git.hints import Hint
from regolo_git.records.branches import PROPOSALS
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.made_again import is_made_again
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.waiting_proposals import WaitingProposal, waiting_proposals
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import printable

NAMED = 3


@dataclass(frozen=True, slots=True)
class ProposalBranch:
    """A branch with a proposal, and its newest commit `tip`.

    `here` is its tip in this clone and `there` that of the remote as last fetched, None where it is not.
    """

    name: str
    tip: str
    here: str | None
    there: str | None
    remote: str | None


def find_proposal(handle: Handle, model: str | None, origin: str | None) -> tuple[str, ProposalBranch]:
    """The model and the branch of the proposal that waits, or of the one that has this number or branch.

    Raises NotFound if there is none, InvalidInput if there are several, Conflict if the branch went on here
    and at the remote.
    """
    waiting = [each for each in waiting_proposals(handle, read_statuses(handle), model) if each.versions]
    choices = dict(_choices(waiting, model))
    if origin is not None:
        chosen = _chosen(handle, choices, model, origin)
    elif not choices:
        of_model = f" of '{model}'" if model is not None else ""
        raise NotFound(f"no proposal{of_model} waits to be merged", Hint("list"))
    else:
        chosen = list(choices)
    if len(chosen) > 1:
        (first, branch), *_ = chosen
        names = few_of([f"'{printable(name)}'" for _, name in chosen][:NAMED], len(chosen))
        again = Hint("commit", first, "--propose", "--again", "--from", branch)
        raise InvalidInput(f"several proposals wait: {names}", again)
    ((found, name),) = chosen
    return found, branch_of(handle, name)


def _choices(waiting: list[WaitingProposal], model: str | None) -> Iterator[tuple[tuple[str, str], set[str]]]:
    """Models and branches, with the identities of the versions there."""
    found: dict[tuple[str, str], set[str]] = {}
    for each in waiting:
        for reference in each.versions:
            of_model, _, version = reference.rpartition("@")
            if model in (None, of_model):
                for place in each.places:
                    key = of_model, _branch_name(place)
                    found.setdefault(key, set()).add(Version.parse(version).identity)
    return iter(found.items())


def _branch_name(place: str) -> str:
    return place if place.startswith(PROPOSALS) else place.partition("/")[2]


def _chosen(
    handle: Handle, choices: dict[tuple[str, str], set[str]], model: str | None, origin: str
) -> list[tuple[str, str]]:
    """What a number or the name of a branch means; of any branch, if the model is known."""
    number = _number(origin.removeprefix(f"{model}@"))
    found = [key for key, numbers in choices.items() if number in numbers]
    names = {origin, origin.removeprefix("refs/heads/"), _branch_name(origin)}
    found = found or [key for key in choices if key[1] in names]
    if not found and model is not None and number is None:
        remote = remote_of_branch(handle.git, handle.registry_branch())
        branch = origin.removeprefix(f"{remote.name}/") if remote is not None else origin
        if _known(handle, branch):
            return [(model, branch)]
    if not found:
        raise NotFound(
            f"no proposal '{printable(origin)}' waits to be merged",
            Hint("list", model) if model is not None else Hint("list"),
        )
    return found


def _number(text: str) -> str | None:
    try:
        return Version.parse(text).identity
    except InvalidInput:
        return None


def _known(handle: Handle, branch: str) -> bool:
    refused = {handle.registry_branch(), handle.operations_branch()}
    if branch in refused or handle.config().is_line(branch):
        return False
    return handle.git.newest_known(branch) is not None


def branch_of(handle: Handle, name: str) -> ProposalBranch:
    """A branch here and at the remote of the registry branch.

    Of two tips the newer one counts: the one that contains the other, or that took its place.  Raises
    Conflict if neither does, NotFound if there is no such branch.
    """
    remote = remote_of_branch(handle.git, handle.registry_branch())
    tracking = tracking_ref(remote.name, name) if remote is not None else None
    here, there = handle.git.branch_tip(name), ref_target(handle.paths, tracking) if tracking else None
    tip = here or there
    if tip is None:
        raise NotFound(f"there is no branch '{printable(name)}'", Hint("list"))
    if here is not None and there is not None and tracking is not None and here != there:
        tip = _newer(handle, name, tracking, here, there)
    return ProposalBranch(name, tip, here, there, remote.name if remote is not None else None)


def _newer(handle: Handle, name: str, tracking: str, here: str, there: str) -> str:
    if is_in_history(handle.git, here, there) or was_at(handle.paths, tracking, here):
        return there
    if is_same_change(handle.git, here, there):  # two people proposed it again at once
        return there
    if is_in_history(handle.git, there, here) or was_at(handle.paths, f"{HEADS}{name}", there):
        return here
    for older, newer in ((here, there), (there, here)):
        if is_made_again(handle, older, newer):
            return newer
    theirs = tracking.removeprefix("refs/remotes/")
    raise Conflict(
        f"branch '{name}' and '{theirs}' have gone different ways: somebody else changed the proposal",
        f"git branch --force {name} {theirs}   (gives up yours; git log {theirs}...{name} shows both)",
    )
