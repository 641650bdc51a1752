"""Who signed a version: its tag, or the tag object later, by the signers that a commit of the registry lists.

A later signature is a tag object of the same name that git signed, whose target is the version's own; a note
on that has it, because tags never move.
"""

from collections.abc import Iterator
from typing import NamedTuple

from regolo_git.git.note_text import read_note
from regolo_git.git.tag_objects import TagObject, parse_tag_object
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.records.signatures import (
    OPENPGP_OPENING,
    SSH_OPENING,
    openpgp_signers,
    signed_later,
    split_signed_bytes,
    ssh_signers,
)
from regolo_git.registry.handle import Handle
from regolo_git.text.printable import printable

NOTES = "refs/notes/regolo-signatures"
UNSIGNED = "is not signed"


class Signed(NamedTuple):
    """Whether a version is signed by somebody who may sign, the words that say so, and the signer."""

    valid: bool
    words: str
    signer: str | None = None

    @property
    def exists(self) -> bool:
        """Whether there is a signature at all, right or wrong."""
        return self.words != UNSIGNED


def signature_of(handle: Handle, tag: str | None, commit: str, signers: bytes | None) -> Signed:
    """What a list of signers says of the tag of a version at a commit; None is a registry without the list.

    Any signature that is right counts; else the first one decides what is said.  Raises MissingDependency
    without the program that verifies it.
    """
    oid = handle.git.tag_target(tag) if tag else None
    if tag is None or oid is None:
        return Signed(False, "has no tag that could be signed")
    wrong: Signed | None = None
    for data, target in _signed_objects(handle, oid, commit, signers or b""):
        if signers is None:
            return Signed(False, f"is signed, but nobody may sign: there is no '{SIGNERS_PATH}'")
        found = _checked(handle, data, tag, target, signers)
        if found.valid:
            return found
        wrong = wrong or found
    return wrong or Signed(False, UNSIGNED)


def _signed_objects(handle: Handle, oid: str, commit: str, signers: bytes) -> Iterator[tuple[bytes, str]]:
    """The signed objects of a version, each with the target that it must have; likely ones first."""
    data = handle.git.get(oid).read_raw()
    if split_signed_bytes(data)[1]:
        yield data, commit
    for later in signed_later(read_note(handle.git, oid, NOTES) or "", oid, signers):
        yield later, oid


def _checked(handle: Handle, data: bytes, name: str, target: str, signers: bytes) -> Signed:
    tag, (payload, signature) = parse_tag_object(data), split_signed_bytes(data)
    if tag is None:
        return Signed(False, "is signed, but the signature is not of a tag object")
    problem = _problem(tag, signature, name, target)
    if problem is not None:
        return Signed(False, problem)
    if signature.startswith(SSH_OPENING):
        from regolo_git.git.ssh_signatures import check_ssh_signature  # noqa: PLC0415 - few versions are signed

        checked = check_ssh_signature(payload, signature, ssh_signers(signers), tag.tagged_seconds)
    else:
        from regolo_git.git.openpgp_signatures import check_openpgp_signature  # noqa: PLC0415 - as above

        checked = check_openpgp_signature(_gpg(handle), payload, signature, openpgp_signers(signers))
    if checked.signer is not None:
        return Signed(True, f"is signed by {printable(checked.signer)}", checked.signer)
    return Signed(False, f"is signed, but the signature {checked.problem} ('{SIGNERS_PATH}')")


def _gpg(handle: Handle) -> str:
    settings = handle.git.settings()
    return settings.get("gpg.openpgp.program") or settings.get("gpg.program") or "gpg"


def _problem(tag: TagObject, signature: str, name: str, target: str) -> str | None:
    """What is wrong with a signed tag, whoever signed it: a valid signature can be of something else."""
    if tag.name != name:
        return f"was signed under another name, '{printable(tag.name)}'"
    if tag.target != target:
        return "is signed, but the signature is of another tag object"
    if not signature.startswith((SSH_OPENING, OPENPGP_OPENING)):
        return "is signed with X.509, and only SSH and OpenPGP signatures count"
    if not tag.tagged_seconds:
        return "is signed, but the signature does not say when it was made"
    return None
