"""Sealing a manifest again, after people edited what is sealed or resolved a merge.

The plan shows what changed since the last sealed state, for which the person who seals it vouches.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from regolo_git.errors import Conflict, IntegrityError, NotFound
from regolo_git.git.history import first_parents
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.repository import blob_id
from regolo_git.git.small_files import replace_file
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.names import check_model_name
from regolo_git.records.paths import manifest_path
from regolo_git.records.seal import KEYS, seal_problem, sealed
from regolo_git.records.tables import of_file
from regolo_git.records.toml_text import TomlValue, inline_text
from regolo_git.registry.change import action_message, commit_records, recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.registry.versions.target_branch import choose_target_branch
from regolo_git.system_calls import read_ordinary


class Change(NamedTuple):
    """A sealed value, by the keys that lead to it, as TOML; None where it is not there."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class SealPlan:
    """A manifest to seal: the one on `branch`, or in the file of the work tree if that was edited.

    `changes` are those since the last sealed state, which was that of version `since`; `problem` is None for
    a manifest whose seal is right.
    """

    manifest: Manifest
    branch: str | None
    file: Path | None
    problem: str | None
    since: str | None
    changes: tuple[Change, ...]
    held: bytes

    @property
    def is_rewritten(self) -> bool:
        """Whether a file whose seal is right has another form than ours, which the commit hook refuses."""
        return self.problem is None and self.file is not None and self.content != self.held

    @property
    def content(self) -> bytes:
        """The manifest with its seal."""
        return sealed(self.manifest).to_text().encode()


def plan_seal(handle: Handle, model: str) -> SealPlan:
    """What sealing the manifest of a model would change.

    It is the one on the branch, or in the work tree if it was edited there.  Raises NotFound if there is
    none, IntegrityError if it cannot be read, Conflict if its version is tagged with other content.
    """
    recover_first(handle)
    path, branch = manifest_path(check_model_name(model)), None
    file = _edited(handle, path)  # also in the middle of a merge or a rebase
    if file is None:
        branch = choose_target_branch(handle, "auto").name
    tip = handle.git.newest_known(branch) if branch is not None else handle.git.head_commit()
    data = read_ordinary(file) if file is not None else handle.git.read_file(tip, path)
    if data is None:
        raise NotFound(f"branch '{branch}' has no manifest of model '{model}'", Hint("list"))
    with of_file(path):
        manifest = Manifest.parse(data)
    row, oid = handle.index.find(*manifest.key), blob_id(data)
    required = manifest.seal is not None or row is None or row.manifest_oid != oid
    problem = seal_problem(manifest, required=required)
    if problem is not None and row is not None:
        _refuse_tagged(read_tagged_manifest(handle, row), manifest)
    before = _last_sealed(handle, tip, model) if problem is not None else None
    changes = tuple(_changes(before, manifest)) if before is not None else ()
    return SealPlan(manifest, branch, file, problem, before.version if before else None, changes, data)


def _refuse_tagged(tagged: Manifest, manifest: Manifest) -> None:
    if tagged.seal is None or sealed(manifest).seal != tagged.seal:
        raise Conflict(
            f"'{manifest.reference}' is tagged, and its manifest cannot be sealed with other content",
            Hint("commit", manifest.model, "--from", manifest.version),
        )


def _edited(handle: Handle, path: str) -> Path | None:
    """The manifest in the work tree, if it is not the one of HEAD."""
    top, head = handle.paths.work_tree, handle.git.head_commit()
    if top is None or not (top / path).is_file():
        return None
    return top / path if read_ordinary(top / path) != handle.git.read_file(head, path) else None


def _last_sealed(handle: Handle, tip: str | None, model: str) -> Manifest | None:
    """The newest manifest in the history of a branch whose seal is right."""
    seen: set[str] = set()
    for commit in first_parents(handle.git, tip) if tip is not None else ():
        oid = handle.git.blob_oid(commit, manifest_path(model))
        if oid is None or oid in seen:
            continue
        seen.add(oid)
        with suppress(IntegrityError):
            manifest = Manifest.parse(handle.git.read_blob(oid))
            if seal_problem(manifest, required=True) is None:
                return manifest
    return None


def _changes(before: Manifest, after: Manifest) -> Iterator[Change]:
    old, new = (dict(_values(sealed(manifest).document(), ())) for manifest in (before, after))
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key) != new.get(key):
            yield Change(key, old.get(key), new.get(key))


def _values(table: Mapping[str, TomlValue], path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        here = (*path, key)
        if here[0] not in KEYS:
            continue
        if isinstance(value, Mapping) and (not path or path[0] == "lineage"):
            yield from _values(value, here)
        else:
            yield ".".join(here), inline_text(value)


def seal(handle: Handle, plan: SealPlan, message: str | None = None) -> str | None:
    """Carries out a plan: returns the commit, or None if the file in the work tree was sealed.

    Raises Conflict if the manifest changed since it was planned.
    """
    path = manifest_path(plan.manifest.model)
    if plan.file is not None:
        if read_ordinary(plan.file) != plan.held:
            raise _changed_since(path)
        replace_file(plan.file, plan.content, durable=True)
        return None

    def prepare(records: RecordsAt) -> NewCommit[None]:
        if records.data(path) != plan.held:
            raise _changed_since(path)
        text = action_message(message, f"seal {plan.manifest.reference}", "seal", {})
        return NewCommit({path: plan.content}, text, None)

    return commit_records(handle, prepare, branch=plan.branch).commit


def _changed_since(path: str) -> Conflict:
    return Conflict(f"'{path}' changed in the meantime", "try again")
