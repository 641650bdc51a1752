"""The signature at the end of a tag's message, as git finds it, and the lines of signatures made later."""

import base64
import binascii
import json
import re
from collections.abc import Iterator

SSH_OPENING = "-----BEGIN SSH SIGNATURE-----"
OPENPGP_OPENING = "-----BEGIN PGP SIGNATURE-----"
# `ssh-keygen` skips these lines in the list of signers, like all that it cannot read.
OPENPGP_SIGNER = re.compile(
    rb"^[ \t]*([^#\s]\S*)[ \t]+openpgp[ \t]+([0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?)(?=\s|\Z)[^\n]*$",
    re.MULTILINE,
)
SIGNED_TAG = "signed_tag"
# Anybody who may push can add lines, so those that are verified are bounded: some 300 signatures by SSH keys.
LATER_BYTES = 256 * 1024
OTHERS_GIVEN = 2  # so that a problem with the signature that is there is reported
# OpenPGP, X.509 (gitsign, too) and SSH; git looks only at the beginning of a line.
OPENING = re.compile(
    r"^-----BEGIN (?:PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE|SSH SIGNATURE)-----", re.MULTILINE
)


def split_signature(text: str) -> tuple[str, str | None]:
    """The signed text and its signature, which begins at the last opening line; None for unsigned text."""
    # A hundred thousand tags are read at once, and most have no line like that.
    openings = list(OPENING.finditer(text)) if "-----BEGIN" in text else []
    if not openings:
        return text, None
    start = openings[-1].start()
    return text[:start], text[start:]


def split_signed_bytes(data: bytes) -> tuple[bytes, str]:
    """The signed bytes of an object, exactly as stored, and its signature; empty for an unsigned one."""
    text, signature = split_signature(data.decode("latin-1"))
    return text.encode("latin-1"), signature or ""


def later_line(data: bytes) -> str:
    """The line of a note that has a signed tag object."""
    return json.dumps({SIGNED_TAG: data.decode("utf-8", "surrogateescape")})


def later_object(line: str) -> bytes | None:
    """The signed tag object in a line of a note; None for a line of another kind."""
    try:
        held = json.loads(line)
        text = held.get(SIGNED_TAG) if isinstance(held, dict) else None
        data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
    except (ValueError, RecursionError):
        return None
    return data if split_signed_bytes(data)[1] else None


def signed_later(note: str, target: str, signers: bytes) -> Iterator[bytes]:
    """The signed tag objects in a note, those that name a target and have a listed key first.

    No more than LATER_BYTES of those that name the target are given, and two of the others: lines about
    something else hide nothing, however many there are.
    """
    fitting, others, opening = list[bytes](), list[bytes](), f"object {target}\n".encode()
    for line in dict.fromkeys(note.split("\n")):
        if target in line or len(others) < OTHERS_GIVEN:
            data = later_object(line)
            if data is not None and data.startswith(opening):
                fitting.append(data)
            elif data is not None and len(others) < OTHERS_GIVEN:
                others.append(data)
    given = 0
    for data in sorted(fitting, key=lambda data: not _may_be_listed(data, signers)):
        given += len(data)
        if given > LATER_BYTES:
            break
        yield data
    yield from others


def _may_be_listed(data: bytes, signers: bytes) -> bool:
    """Whether a signature says that it is of a listed key; only a verifier knows whether it is."""
    signature = split_signed_bytes(data)[1]
    if not signature.startswith(SSH_OPENING):
        return OPENPGP_SIGNER.search(signers) is not None
    key = ssh_public_key(signature)
    return key is not None and key in signers


def ssh_public_key(signature: str) -> bytes | None:
    """The public key that an armored SSH signature names, as lists of signers have it; None if broken."""
    armored = signature.removeprefix(SSH_OPENING).partition("-----END")[0]
    try:
        blob = base64.b64decode("".join(armored.split()), validate=True)
    except (ValueError, binascii.Error):
        return None
    # The magic word, a version of four bytes, and the key after its length of four bytes.
    length = int.from_bytes(blob[10:14])
    key = blob[14 : 14 + length]
    return base64.b64encode(key) if blob.startswith(b"SSHSIG") and key and len(key) == length else None


def openpgp_signers(signers: bytes) -> dict[str, str]:
    """The names in a list of signers by the fingerprint of their OpenPGP key, in capitals."""
    return {
        found[2].decode().upper(): found[1].decode("utf-8", "replace")
        for found in OPENPGP_SIGNER.finditer(signers)
    }


def ssh_signers(signers: bytes) -> bytes:
    """A list of signers without the lines that have OpenPGP keys."""
    return OPENPGP_SIGNER.sub(b"", signers)
