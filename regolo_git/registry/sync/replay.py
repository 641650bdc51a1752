"""Committing again, on what the remote has, the commits that it lacks: a push was overtaken by another one.

    each commit, the oldest first: a version gets the next free number, if its number was automatic
    → the other records follow: parents, pins of environments and endpoints, reverts → objects, without a ref

Only commits of ours are committed again, whose records nobody else changed meanwhile.  Everything else is the
user's to merge, and stops it before anything is written to a ref.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from regolo_git.cached import cached_property
from regolo_git.git.commit_again import changes_of, commit_again, special_file
from regolo_git.git.history import own_commits
from regolo_git.git.new_commit import NewTag, WrittenTag
from regolo_git.git.note_text import read_note
from regolo_git.git.repository import CommitInfo
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import card_path, manifest_path
from regolo_git.records.references import version_reference
from regolo_git.records.seal import sealed
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Bump, Version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import check_readable
from regolo_git.registry.signatures import NOTES
from regolo_git.registry.sync.diverged import MERGE, Diverged
from regolo_git.registry.sync.merged_record import merged_record, with_moved_versions
from regolo_git.registry.versions.number import next_free
from regolo_git.registry.versions.renumber_step import Step, with_new_numbers
from regolo_git.registry.versions.tagged_manifest import read_tag_message, read_tagged_manifest
from regolo_git.text.commits import short
from regolo_git.text.printable import one_line

ACTION = "Regolo-Action"
Taken = Callable[[str], Sequence[Version]]


class MovedVersion(NamedTuple):
    """A version that was committed again: its step, with the new commit, and its new tag."""

    step: Step
    tag: WrittenTag


@dataclass(frozen=True, slots=True)
class Replayed:
    """The commits of a branch that were committed again, by their old ids, and the versions among them."""

    commits: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[MovedVersion, ...] = ()


class Replay:
    """Commits the commits of branches again; pins follow from one branch to the next.

    `unpushed` has the versions whose tags the remote lacks, by their commits; `taken` the numbers of a model
    that other versions have, on the remote and here.  `landed` is what an earlier run has pushed already.
    """

    def __init__(
        self, handle: Handle, unpushed: Mapping[str, TagRow], taken: Taken, landed: Replayed
    ) -> None:
        self._handle = handle
        self._unpushed = unpushed
        self._taken = taken
        self._commits = dict(landed.commits)
        self._versions = list(landed.versions)
        self._chain: Sequence[str] = ()

    @cached_property
    def _tagged(self) -> set[str]:
        return self._handle.index.tagged_commits()

    @property
    def done(self) -> Replayed:
        """What was committed again, in order."""
        return Replayed(dict(self._commits), tuple(self._versions))

    def branch(self, name: str, tip: str, onto: str) -> str:
        """Commits again what a branch has and `onto` lacks; returns the new tip.

        Raises Conflict, with the command that helps, if a commit is the user's, a version's number was given
        and is taken, or another clone changed the same record.
        """
        git, new = self._handle.git, onto
        self._chain = own_commits(git, tip, onto)
        for commit in self._chain:
            known = self._commits.get(commit)  # of a branch before, or pushed by an earlier run
            if known is not None and git.is_ancestor(known, new):
                continue
            if known is None or not git.is_ancestor(new, known):
                known = self._again(name, git.commit_info(commit), new)
            new = self._commits[commit] = known
        return new

    def _again(self, branch: str, info: CommitInfo, onto: str) -> str:
        row = self._unpushed.get(info.oid)
        if any(moved.step.row.commit_oid == info.oid for moved in self._versions):
            row = None  # a version has one commit: that of a branch before, whose manifest this one gets
        else:
            self._refuse(branch, info, row)
        parent, git = info.parents[0], self._handle.git
        changes = changes_of(git, info.oid, parent)
        special = special_file(git, (info.oid, parent), changes)
        if special is not None:  # amended by the user: only the content of files is committed again
            raise self._user_decides(branch, f"'{special}' is an executable, a link or a submodule")
        version = self._version(branch, row, parent, onto) if row is not None else None
        files: dict[str, bytes | None] = {}
        for path, oid in changes.items():
            ours = version.text if version and path == version.path else self._following(path, oid)
            base = self._following(path, git.blob_oid(parent, path))
            theirs = git.read_file(onto, path)
            if version and path in (version.path, card_path(version.manifest.model)) and theirs != base:
                files[path] = ours if path == version.path else theirs  # a model's card is there already
                continue
            merged = merged_record(path, base, ours, theirs)
            if merged is None:
                raise self._user_decides(branch, f"'{path}' was changed by another clone, too")
            files[path] = merged.content
        check_readable(files)
        return self._commit(info, onto, files, version)

    def _refuse(self, branch: str, info: CommitInfo, row: TagRow | None) -> None:
        """Raises Conflict for a commit that is not ours, or whose version was pushed without its branch."""
        named = f"{short(info.oid)} '{one_line(info.subject)}'"
        if not info.parents:
            raise self._user_decides(branch, "they have no commit in common")
        if len(info.parents) > 1:
            raise self._user_decides(branch, f"{named} is a merge")
        if row is None and info.oid in self._tagged:
            why = f"the tag of {named} was pushed without its branch, and a published version cannot move"
            raise Diverged(self._handle.git, branch, why, pull=MERGE)
        if row is None and info.trailer(ACTION) is None:
            raise self._user_decides(branch, f"{named} is not a commit of regolo-git")

    def _user_decides(self, branch: str, why: str, row: TagRow | None = None) -> Diverged:
        """The error for commits that only the user can put in order; the hint renumbers what clashes."""
        on_it = (self._unpushed[commit] for commit in self._chain if commit in self._unpushed)
        clash = row or next((each for each in on_it if self._is_taken(each)), None)
        after = Hint("push") if clash is None else Hint("renumber", _reference(clash))
        return Diverged(self._handle.git, branch, why, then=after)

    def _is_taken(self, row: TagRow) -> bool:
        return Version.parse(row.version) in self._taken(row.model)

    def _version(self, branch: str, row: TagRow, parent: str, onto: str) -> "_Numbered":
        """The version with its number on the tip `onto`."""
        manifest, message = read_tagged_manifest(self._handle, row), read_tag_message(self._handle, row)
        bump = message.bump if message is not None else None
        number = self._number(branch, row, bump, parent, onto)
        moved = {m.step.row.identity: m.step.version for m in self._versions if m.step.row.model == row.model}
        parents = tuple(moved.get(Version.parse(name).identity, name) for name in manifest.parents)
        said = f"{message.subject}\n{message.body}" if message is not None else row.subject
        again = sealed(replace(manifest, version=number, parents=parents))
        return _Numbered(row, manifest, again, said, bump)

    def _number(self, branch: str, row: TagRow, bump: Bump | None, parent: str, onto: str) -> str:
        version, records = Version.parse(row.version), self._handle.records_of(onto, onto)
        held = records.manifest(row.model)
        taken = [*self._taken(row.model), *([Version.parse(held.version)] if held is not None else [])]
        taken += [Version.parse(m.step.version) for m in self._versions if m.step.row.model == row.model]
        if held is not None and self._handle.git.blob_oid(parent, manifest_path(row.model)) is None:
            raise self._user_decides(branch, f"another clone registered model '{row.model}', too", row)
        if bump is None and version in taken:
            raise self._user_decides(
                branch, f"the number of '{_reference(row)}' was given, and is taken", row
            )
        if bump is None:
            return row.version
        card = records.card(row.model)
        written = card.zero_patch if card is not None else version.patch_written
        return next_free(self._handle, row.model, taken, bump).text(zero_patch=written)

    def _following(self, path: str, oid: str | None) -> bytes | None:
        """The content that a commit gave a record, with the new numbers of the versions that it names."""
        if oid is None:
            return None
        for moved in self._versions:  # a revert to a version that has another manifest now
            if moved.step.row.manifest_oid == oid and path == manifest_path(moved.step.row.model):
                return self._handle.git.read_file(moved.step.committed, path)
        return with_moved_versions(path, self._handle.git.read_blob(oid), [m.step for m in self._versions])

    def _commit(
        self, info: CommitInfo, onto: str, files: dict[str, bytes | None], version: "_Numbered | None"
    ) -> str:
        git, steps = self._handle.git, [moved.step for moved in self._versions]
        changed = {path: data for path, data in files.items() if data != git.read_file(onto, path)}
        if version is None and not changed:
            return onto  # another clone did the same
        if version is None:
            return commit_again(git, info.oid, onto, changed, with_new_numbers(info.message, steps))[0]
        step = Step(version.row, version.before, version.manifest.version)
        message, said = (with_new_numbers(text, [*steps, step]) for text in (info.message, version.said))
        tag = NewTag(
            tag_name(version.manifest.model, version.manifest.version),
            lambda blobs: TagMessage.of(
                version.manifest, said, blobs[version.path], bump=version.bump
            ).to_text(),
        )
        commit, written = commit_again(git, info.oid, onto, files, message, tag)
        assert written is not None, "it was asked for"
        self._say_unsigned(step, written)
        self._versions.append(MovedVersion(replace(step, commit=commit), written))
        return commit

    def _say_unsigned(self, step: Step, new: WrittenTag) -> None:
        """Issues a notice if the tag of a version was signed in a way that its new one is not."""
        git, old = self._handle.git, step.row.tag_oid
        signed_later = read_note(git, old, NOTES) is not None
        if signed_later or (git.tag_signature(old) is not None and git.tag_signature(new.oid) is None):
            sign = self._handle.step(Hint("sign", step.after))
            self._handle.notice_once(f"a signature of '{step.before}' does not count for its new tag: {sign}")


class _Numbered(NamedTuple):
    """A version with its new number: its manifest before and now, and what its tag says."""

    row: TagRow
    before: Manifest
    manifest: Manifest
    said: str
    bump: Bump | None

    @property
    def path(self) -> str:
        return manifest_path(self.manifest.model)

    @property
    def text(self) -> bytes:
        return self.manifest.to_text().encode()


def _reference(row: TagRow) -> str:
    return version_reference(row.model, row.version)
