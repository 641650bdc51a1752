"""The versions on pushed branches whose bytes the shared store is not known to have: no store is asked.

`list` asks for them, too.  So what is on a branch is kept in a small file, by the tip of the branch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from regolo_git.errors import InvalidInput, RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.refs_state import ORIGIN, local_branches, ref_target
from regolo_git.git.small_files import keep_json
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import JsonReader
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import Statuses
from regolo_git.system_calls import read_ordinary

Rows = list[tuple[str, str]]  # references of versions, and their recipes


def unsent_references(handle: Handle, statuses: Statuses, model: str | None = None) -> tuple[str, ...]:
    """The versions, of one model or all, that this clone has whole and has not sent.

    They have no tag, and a branch of `origin` has them, as last fetched or pushed.
    """
    operations = (statuses.operations or statuses.branch).partition(" ")[0]
    tips = _pushed_branches(handle.paths, (statuses.branch, operations, *statuses.lines))
    try:
        rows = _rows(handle, set(tips.values())) if tips else []
    except RegoloError:  # a push says what is wrong
        return ()
    return tuple(name for name, _ in rows if model in (None, name.partition("@")[0]))


def _pushed_branches(paths: RepositoryPaths, left_out: Sequence[str]) -> dict[str, str]:
    """The branches of this clone that `origin` has, with their tips there as last fetched or pushed.

    `left_out` are the patterns of branches that are not looked for.
    """
    names = [name for name in local_branches(paths) if not any(fnmatchcase(name, each) for each in left_out)]
    tips = {name: ref_target(paths, f"{ORIGIN}{name}") for name in names}
    return {name: tip for name, tip in tips.items() if tip is not None}


def _rows(handle: Handle, tips: set[str]) -> Rows:
    address = handle.shared_stores.address()
    if address is None or handle.clone_store.is_remote or handle.clone_store.is_at(address):
        return []
    from regolo_git.registry.sync.sent_note import SentNote  # noqa: PLC0415 - few clones have such a branch
    from regolo_git.store.store import has_whole  # noqa: PLC0415 - the same

    noted = SentNote(handle.local_directory, address).on_branches()
    rows = dict.fromkeys(row for tip in _on(handle, tips - noted).values() for row in tip)
    return [row for row in rows if row[1] not in noted and has_whole(handle.store, Digest.parse(row[1]))]


def _on(handle: Handle, tips: Iterable[str]) -> Mapping[str, Rows]:
    """The versions without a tag of each tip."""
    file = handle.local_directory / "branch-versions.json"
    kept = dict(_load(file))
    found = {tip: kept[tip] if tip in kept else list(_read(handle, tip)) for tip in tips}
    if found.keys() != kept.keys():
        keep_json(file, found)
    return found


def _load(file: Path) -> Iterator[tuple[str, Rows]]:
    try:
        reader = JsonReader.parse(read_ordinary(file), "the cache of versions on branches")
        for tip in reader:
            yield str(tip), [(row.get(0, str), row.get(1, str)) for row in reader.rows(tip, 2)]
    except (OSError, InvalidInput):
        return  # only a cache


def _read(handle: Handle, tip: str) -> Iterator[tuple[str, str]]:
    from regolo_git.registry.sync.branch_versions import untagged_manifests  # noqa: PLC0415 - the Git library

    for manifest in untagged_manifests(handle, tip):
        yield manifest.reference, str(manifest.artifact.recipe)
