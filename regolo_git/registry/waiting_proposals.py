"""The proposals that wait for their review or merge, and the branches that they are on.

They are found by the names of branches, here and as last fetched.  What each proposes is read once and kept
in a small file, so that `list` need not open Git: it stays the same while the branches do, and a later tip of
the registry branch is only asked for the commits that are new.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from regolo_git.errors import TransportError
from regolo_git.git.identity import utc
from regolo_git.git.refs_state import line_tips
from regolo_git.records.paths import ENVIRONMENTS, MODELS
from regolo_git.records.places import RECORD_NAMES
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.registry.proposal_cache import Proposed, ReadProposals, load_proposals, save_proposals
from regolo_git.registry.proposal_tips import Places, proposal_tips
from regolo_git.registry.version_status import Statuses


@dataclass(frozen=True, slots=True)
class WaitingProposal:
    """A proposal that is not merged: `versions` are references, none for a promotion or other operation.

    `places` are the revisions that have it, such as `propose/m@1.1` and `origin/propose/m@1.1`, and
    `outdated` the branches here that have it as it was before it was made again.  `taken` are those of its
    versions whose number another version has been tagged with since.
    """

    places: tuple[str, ...]
    commit: str
    versions: tuple[str, ...]
    models: tuple[str, ...]
    author: str
    created_at: datetime
    taken: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()


def waiting_proposals(handle: Handle, statuses: Statuses, model: str | None = None) -> list[WaitingProposal]:
    """The proposals, of one model or all, that wait: the oldest first.

    A notice says so if a partial clone cannot fetch them.
    """
    tips = proposal_tips(handle)
    if not tips:
        return []
    targets = _targets(handle, statuses)
    file = handle.local_directory / "proposals.json"
    read = load_proposals(file)
    if read.targets != targets or read.by_tip.keys() != tips.keys():
        from regolo_git.registry.read_proposals import read_proposals  # noqa: PLC0415 - imports the Git library

        try:
            read = read_proposals(handle, read, list(tips), targets)
            save_proposals(file, read)
        except TransportError as error:
            handle.notice_once(f"proposals could not be read: {words_of(error, handle.step)}")
    known = [tip for tip in tips if tip in read.by_tip]
    waiting = (_waiting(handle, at, tip, read.by_tip[tip]) for tip, at in _alike(tips, known, read))
    found = [proposal for proposal in waiting if proposal is not None and model in (None, *proposal.models)]
    return sorted(found, key=lambda proposal: (proposal.created_at, proposal.places))


def _alike(tips: dict[str, Places], known: list[str], read: ReadProposals) -> Iterator[tuple[str, Places]]:
    """The tips with their branches; two that change the same files alike are one, as of a cherry-pick."""
    found: dict[object, tuple[str, Places]] = {}
    for tip in known:
        key = tuple(sorted(read.by_tip[tip].files.items())) or tip
        first, held = found.get(key, (tip, Places(())))
        found[key] = first, Places(held.places + tips[tip].places, held.outdated + tips[tip].outdated)
    return iter(found.values())


def _targets(handle: Handle, statuses: Statuses) -> tuple[str, ...]:
    """The tips of the branches that proposals are merged into, here and as last fetched."""
    branches = [statuses.branch]
    if statuses.operations is not None:
        branches.append(statuses.operations.partition(" ")[0])
    tips = [line_tips(handle.paths, branch, ()).values() for branch in branches]
    return tuple(dict.fromkeys(tip for found in tips for tip in found))


def _waiting(handle: Handle, at: Places, tip: str, proposed: Proposed) -> WaitingProposal | None:
    """A proposal that waits; None if it is merged, or if each of its versions is tagged."""
    if proposed.merged or not proposed.files:
        return None
    keys = {(model, Version.parse(version).identity): oid for model, version, oid in proposed.versions}
    rows = handle.index.find_all(keys)
    if keys and all(key in rows and rows[key].manifest_oid == oid for key, oid in keys.items()):
        return None
    taken = [row for key, row in rows.items() if row.manifest_oid != keys[key]]
    return WaitingProposal(
        places=at.places,
        commit=tip,
        versions=tuple(version_reference(model, version) for model, version, _ in proposed.versions),
        models=tuple(dict.fromkeys(_models(proposed))),
        author=proposed.author,
        created_at=utc(proposed.created),
        taken=tuple(version_reference(row.model, row.version) for row in taken),
        outdated=at.outdated,
    )


def _models(proposed: Proposed) -> Iterator[str]:
    """The models that a proposal is about, by the paths of their records and of promotions."""
    for path in proposed.files:
        top, _, rest = path.partition("/")
        model, _, name = rest.rpartition("/")
        if top == ENVIRONMENTS:
            yield rest.partition("/")[2].removesuffix(".toml")
        elif top == MODELS and name in RECORD_NAMES:
            yield model
