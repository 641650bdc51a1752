"""Who signed a version: the signature of its tag, by the signers that a commit of the registry lists."""

from typing import NamedTuple

from regolo_git.git.ssh_signatures import check_ssh_signature
from regolo_git.git.tag_objects import TagObject, parse_tag_object
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.records.signatures import SSH_OPENING, split_signed_bytes
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.printable import printable


class Signed(NamedTuple):
    """Whether a version is signed by somebody who may sign, and the words that say so."""

    valid: bool
    words: str


def signature_of(handle: Handle, version: ModelVersion, signers: bytes | None) -> Signed:
    """What a list of signers says of a version's tag; None is a registry without the list.

    Raises MissingDependency without `ssh-keygen`.
    """
    oid = handle.git.tag_target(version.tag) if version.tag else None
    if oid is None:
        return Signed(False, "has no tag that could be signed")
    data = handle.git.get(oid).read_raw()
    tag = parse_tag_object(data)
    if tag is None or tag.signature is None:
        return Signed(False, "is not signed")
    if signers is None:
        return Signed(False, f"is signed, but nobody may sign: there is no '{SIGNERS_PATH}'")
    problem = _problem(tag, tag.signature, version)
    if problem is not None:
        return Signed(False, problem)
    payload, signature = split_signed_bytes(data)
    checked = check_ssh_signature(payload, signature, signers, tag.tagged_seconds)
    if checked.signer is not None:
        return Signed(True, f"is signed by {printable(checked.signer)}")
    return Signed(False, f"its signature {checked.problem} ('{SIGNERS_PATH}')")


def _problem(tag: TagObject, signature: str, version: ModelVersion) -> str | None:
    """What is wrong with a signed tag, whoever signed it: a valid signature can be of something else."""
    if tag.target != version.commit:
        return "its tag is not of its commit"
    if tag.name != version.tag:
        return f"was signed under another name, '{printable(tag.name)}'"
    if not signature.startswith(SSH_OPENING):
        return f"is not signed with an SSH key, as those in '{SIGNERS_PATH}' are"
    if not tag.tagged_seconds:
        return "its tag does not say when it was signed"
    return None
