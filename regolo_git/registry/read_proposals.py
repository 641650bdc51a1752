"""Reads from Git what commits propose, and whether a released branch has it already."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from regolo_git.errors import IntegrityError, MissingObject
from regolo_git.git.history import changed_files, commits_not_in, common_commit, is_in_history
from regolo_git.git.prefetch import fetch_missing, fetch_trees
from regolo_git.git.repository import GitRepository
from regolo_git.records.paths import ENDPOINTS, ENVIRONMENTS, MODELS, model_of_manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.proposal_cache import Proposed, ReadProposals


def read_proposals(
    handle: Handle, known: ReadProposals, tips: Sequence[str], targets: tuple[str, ...]
) -> ReadProposals:
    """What some commits propose, as of the tips of released branches; of a known one only the rest is read.

    A commit that this clone lacks is left out.
    """
    _fetch(handle.git, [tip for tip in tips if tip not in known.by_tip], targets)
    new = _new_commits(handle.git, known.targets, targets)
    by_tip = {}
    for tip in tips:
        with suppress(MissingObject):
            proposed = known.by_tip.get(tip) or _read(handle, tip, targets)
            merged = proposed.merged or tip in new or _is_there(handle.git, proposed, targets)
            by_tip[tip] = replace(proposed, merged=merged)
    return ReadProposals(targets, by_tip)


def _fetch(git: GitRepository, tips: Sequence[str], targets: Sequence[str]) -> None:
    """Fetches what a partial clone lacks of some tips: their trees, and the manifests that they changed."""
    if git.promised is not None and tips and targets:
        held = [tip for tip in tips if git.has(tip)]
        fetch_trees(git, (*held, *targets))
        changed = [changed_files(git, targets[0], tip, MODELS) for tip in held]
        fetch_missing(
            git, (oid for files in changed for path, oid in files.items() if oid and model_of_manifest(path))
        )


def _new_commits(git: GitRepository, before: Sequence[str], targets: Sequence[str]) -> set[str]:
    """The commits of released branches since they were last looked at."""
    known = [tip for tip in before if git.has(tip)]
    if not known:
        return set()
    return {oid for tip in targets if tip not in before for oid in commits_not_in(git, tip, known[0])}


def _read(handle: Handle, tip: str, targets: Sequence[str]) -> Proposed:
    git = handle.git
    base = (common_commit(git, tip, targets[0]) or targets[0]) if targets else None
    files: dict[str, str | None] = {}
    for directory in (MODELS, ENVIRONMENTS, ENDPOINTS):
        files |= changed_files(git, base, tip, directory)
    info = git.commit_info(tip)
    return Proposed(
        merged=any(is_in_history(git, tip, target) for target in targets),
        files=files,
        versions=tuple(_versions(handle, tip, files)),
        author=info.author,
        created=int(info.committed_at.timestamp()),
    )


def _versions(handle: Handle, tip: str, files: dict[str, str | None]) -> Iterator[tuple[str, str, str]]:
    for path, oid in files.items():
        model = model_of_manifest(path)
        if model is None or oid is None:
            continue
        with suppress(IntegrityError):  # a review says what is wrong with it
            manifest = handle.records_at(tip).manifest(model)
            if manifest is not None:
                yield manifest.model, manifest.version, oid


def _is_there(git: GitRepository, proposed: Proposed, targets: Sequence[str]) -> bool:
    """Whether a released branch has the same files, as after a squash."""
    return any(
        all(git.blob_oid(target, path) == oid for path, oid in proposed.files.items()) for target in targets
    )
