"""Records that git would convert by a filter, an encoding or line endings, and the attributes against it."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from regolo_git.errors import Conflict
from regolo_git.git.attributes import FILE_NAME
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import refuse_early
from regolo_git.maintenance.finding import Finding
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.registry.change import action_message, commit_operations, commit_records
from regolo_git.registry.handle import Handle
from regolo_git.registry.record_attributes import (
    EXAMPLES,
    converted_here,
    converted_in_clones,
    has_former_lines,
    needed_attributes,
    override_here,
    record_paths,
)
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.commits import short

MESSAGE = action_message(None, "keep Git's filters from changing the registry's records", "doctor", {})


@dataclass(frozen=True, slots=True)
class _Committed:
    """What is wrong with the attributes of a branch, and the files that repair it."""

    branch: str
    problem: str
    files: Mapping[str, bytes]


def converted_records(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    """Checks the attributes of the registry branch, then those of this clone, and repairs them.

    Those of an operations branch come last, because this clone may lack it.
    """
    registry, operations = handle.registry_branch(), handle.operations_branch()
    committed = _committed(handle, registry, handle.registry_tip())
    if committed is not None:
        yield _repaired_by_commit(handle, committed, dry_run)
    if committed is None or not dry_run:
        yield from _of_this_clone(handle, dry_run)
    if operations != registry:
        committed = _committed(handle, operations, handle.operations_tip())
        if committed is not None:
            yield _repaired_by_commit(handle, committed, dry_run)


def _committed(handle: Handle, branch: str, tip: str | None) -> _Committed | None:
    paths = record_paths(handle.git, tip)
    found = converted_in_clones(handle.git, tip, paths)
    if not found and not has_former_lines(handle.git, tip):
        return None
    problem = (
        f"branch '{branch}': {_described(found)}"
        if found
        else f"'{FILE_NAME}' on branch '{branch}' does not keep filters from changing records"
    )
    return _Committed(branch, problem, needed_attributes(handle.git, tip, paths))


def _repaired_by_commit(handle: Handle, committed: _Committed, dry_run: bool) -> Finding:
    if not committed.files:
        return Finding("left", committed.problem, _question(handle, CONFIG_PATH))
    if dry_run:
        return Finding("to repair", committed.problem)

    of_registry = committed.branch == handle.registry_branch()

    def prepare(records: RecordsAt) -> NewCommit[None]:
        tip = records.registry if of_registry else records.operations
        files = needed_attributes(handle.git, tip, record_paths(handle.git, tip))
        if not files:
            raise Conflict("nothing would change")  # another writer has committed the lines
        return NewCommit(files, MESSAGE, None)

    refuse_early(handle.git, committed.branch, committed.files)
    published = commit_records(handle, prepare) if of_registry else commit_operations(handle, prepare)
    where = f"commit {short(published.commit)} on {published.branch}"
    return Finding("repaired", f"{committed.problem}; changed {_named(committed.files)} ({where})")


def _of_this_clone(handle: Handle, dry_run: bool) -> Iterator[Finding]:
    paths = record_paths(handle.git, handle.git.head_commit())
    found = converted_here(handle.git, paths)
    if not found:
        return
    place = handle.paths.common_dir / "info" / "attributes"
    if not place.exists():
        yield Finding("left", f"this work tree: {_described(found)}", _question(handle, next(iter(found))))
    elif dry_run:
        yield Finding("to repair", f"this clone: {_described(found)}")
    else:
        override_here(handle.git)
        left = converted_here(handle.git, paths)
        if left:
            yield Finding("left", f"this work tree: {_described(left)}", _question(handle, next(iter(left))))
        else:
            yield Finding("repaired", f"this clone: {_described(found)}; changed '{place}'")


def _described(found: Mapping[str, str]) -> str:
    path = next((path for path in found if path not in EXAMPLES), next(iter(found)))
    problem = found[path]
    return f"{problem} changes records, such as '{path}'"


def _named(files: Mapping[str, bytes]) -> str:
    return ", ".join(f"'{path}'" for path in files)


def _question(handle: Handle, path: str) -> str:
    return f"git -C {shlex.quote(str(handle.paths.top))} check-attr -a -- {shlex.quote(path)}"
