"""A proposal that is made again, before it is published: what of it goes on another commit, and how.

This module has everything that depends on that commit, because it runs again when another writer is faster.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.commit_again import changes_of
from regolo_git.git.history import UNSHALLOW, common_commit
from regolo_git.git.ignore import IGNORE_PATH
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.commit_message import with_paragraph
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import MODELS, manifest_path
from regolo_git.records.places import RECORD_NAMES
from regolo_git.records.seal import sealed
from regolo_git.records.versions import Version
from regolo_git.registry.again.branch import ProposalBranch
from regolo_git.registry.again.number import number_again
from regolo_git.registry.handle import Handle
from regolo_git.registry.made_again import with_number
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.sync.merged_record import merged_record
from regolo_git.registry.versions.known_tags import require_every_tag
from regolo_git.registry.versions.number import writes_zero_patch
from regolo_git.registry.versions.proposed import proposed_manifests
from regolo_git.registry.versions.renumber_step import with_new_references
from regolo_git.registry.versions.tagged_ancestor import newest_tagged_ancestor, unknown_parents
from regolo_git.text.printable import printable


class DraftedAgain(NamedTuple):
    """The manifest of a proposal made again, the paths that came with it, and remarks for the user."""

    manifest: Manifest
    kept: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DraftAgain:
    """A proposal on `branch` whose manifest was `held`, to go on the branch `target`.

    `written` is the commit that brought the manifest, whose message is used unless another one is given.
    """

    handle: Handle
    branch: ProposalBranch
    target: str
    held: Manifest
    written: str
    message: str | None

    def prepare(self, records: RecordsAt) -> NewCommit[DraftedAgain]:
        """The commit that proposes the version on the commit of these records."""
        start = records.registry
        assert start is not None, "the registry branch has a commit before any proposal"
        base, changes = changes_since(self.handle, self.branch.tip, start, self.target)
        self._refuse_others(changes)
        manifest, remarks = self._manifest(records, base)
        path = manifest_path(self.held.model)
        files: dict[str, bytes | None] = {}
        for changed, oid in changes.items():
            ours = self.handle.git.read_blob(oid) if oid is not None else None
            if changed == path:
                files[path] = manifest.to_text().encode()
                continue
            merged = merged_record(
                changed,
                self.handle.git.read_file(base, changed),
                with_number(changed, ours, self.held, manifest.version) if ours is not None else None,
                self.handle.git.read_file(start, changed),
            )
            if merged is None:
                raise self._by_hand(f"'{changed}' was changed on '{self.target}', too")
            files[changed] = merged.content
        files = {name: data for name, data in files.items() if data != self.handle.git.read_file(start, name)}
        kept = tuple(sorted(name for name in files if name != path))
        return NewCommit(files, self._text(manifest), DraftedAgain(manifest, kept, remarks))

    def _refuse_others(self, paths: Iterable[str]) -> None:
        """Raises Conflict if the proposal changes more than the records of its model."""
        for path in paths:
            directory, _, name = path.rpartition("/")
            if directory == f"{MODELS}/{self.held.model}" and name in RECORD_NAMES:
                continue
            if name != IGNORE_PATH:
                raise self._by_hand(f"it changes other files, too, such as '{printable(path)}'")

    def _by_hand(self, why: str) -> Conflict:
        reference = self.held.reference
        return Conflict(
            f"'{reference}' on branch '{self.branch.name}' cannot be proposed again: {why}",
            f"git rebase {self.target} {self.branch.name}",
        )

    def _manifest(self, records: RecordsAt, base: str) -> tuple[Manifest, tuple[str, ...]]:
        handle, model, version = self.handle, self.held.model, Version.parse(self.held.version)
        untagged = require_every_tag(handle, model)
        own = {self.branch.tip, self.branch.here, self.branch.there}
        others = [m for tip, m in proposed_manifests(handle, model) if tip not in own]
        number = number_again(
            handle,
            model,
            version,
            handle.records_at(base).manifest(model),
            records.manifest(model),
            untagged=untagged,
            waiting=[Version.parse(other.version) for other in others],
        )
        card = records.card(model) or handle.records_at(self.branch.tip).card(model)
        written = number.text(zero_patch=writes_zero_patch(handle, model, card, number))
        name = self.held.version if number == version else written
        parents, remarks = self._parents({each.identity for each in untagged})
        if name != self.held.version:
            now = records.manifest(model)
            past = f"'{self.target}' has {now.version} now" if now is not None else "it is taken"
            remarks = (f"it was {self.held.version}: {past}", *remarks)
        return sealed(replace(self.held, version=name, parents=parents)), remarks

    def _parents(self, untagged: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The parents that have a tag or are merged; the newest tagged ancestor stands for each other one."""
        held, model = self.held, self.held.model
        unknown = [
            name
            for name in unknown_parents(self.handle, held)
            if Version.parse(name).identity not in untagged
        ]
        if not unknown:
            return held.parents, ()
        row = newest_tagged_ancestor(self.handle, model, self.branch.tip)
        found = [name for name in held.parents if name not in unknown]
        if row is not None and row.version not in found:
            found.append(row.version)
        counts = f"{row.version}, the newest tagged version before it, is" if row else "nothing is"
        return tuple(found), (f"its parent {', '.join(unknown)} has no tag: {counts} its parent now",)

    def _text(self, manifest: Manifest) -> str:
        if self.message:
            return with_paragraph(self.message, manifest.reference)
        said = self.handle.git.commit_info(self.written).message
        return with_new_references(said, {self.held.reference: manifest.reference})


def changes_since(handle: Handle, tip: str, start: str, target: str) -> tuple[str, Mapping[str, str | None]]:
    """The commit at which a proposal began, and the files that it changed since, with their blobs."""
    base = common_commit(handle.git, tip, start)
    if base is None:
        raise NotFound(f"the proposal and '{target}' have no commit in common", UNSHALLOW)
    return base, changes_of(handle.git, tip, base)


def held_version(handle: Handle, branch: ProposalBranch, model: str, base: str) -> Manifest:
    """The version that a branch proposes since the commit `base`.  Raises NotFound, IntegrityError."""
    path = manifest_path(model)
    manifest = handle.records_at(branch.tip).manifest(model)
    if manifest is None or handle.git.blob_oid(branch.tip, path) == handle.git.blob_oid(base, path):
        raise NotFound(
            f"branch '{branch.name}' proposes no version of '{model}' that is not merged", Hint("list", model)
        )
    return manifest
