"""Signing a version that has its tag already: tags never move, so a note on the tag object has it."""

from dataclasses import dataclass

from regolo_git.git.notes import append_note
from regolo_git.git.signing import signed_tag
from regolo_git.git.tag_index import TagRow
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.records.references import Reference, version_reference
from regolo_git.records.signatures import later_line
from regolo_git.registry.change import recover_first
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.signatures import NOTES, Signed, signature_of
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest


@dataclass(frozen=True, slots=True)
class SignedVersion:
    """A version, what the signers of the registry branch say of it, and whether it was signed just now."""

    model: str
    version: str
    tag: str
    tag_oid: str
    found: Signed
    is_new: bool

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)


def sign(handle: Handle, reference: Reference) -> SignedVersion:
    """Has git sign the tag object of a version, unless somebody who may sign has done it.

    Raises NotFound, IntegrityError if tag and manifest disagree, Conflict if git cannot sign, InvalidInput
    without a name and address, and MissingDependency without `ssh-keygen` or `gpg`.
    """
    recover_first(handle)
    row = find_row(handle, reference)
    read_tagged_manifest(handle, row)
    signers = handle.records().data(SIGNERS_PATH)
    found = signature_of(handle, row.tag, row.commit_oid, signers)
    if not found.valid:
        _append(handle, row)
        after = signature_of(handle, row.tag, row.commit_oid, signers)
        return SignedVersion(row.model, row.version, row.tag, row.tag_oid, after, is_new=True)
    return SignedVersion(row.model, row.version, row.tag, row.tag_oid, found, is_new=False)


def _append(handle: Handle, row: TagRow) -> None:
    git, message = handle.git, f"Sign {row.tag}\n"
    oid = signed_tag(git, row.tag_oid, row.tag, git.authorship().committer, message)
    append_note(git, row.tag_oid, NOTES, later_line(git.get(oid).read_raw()))
