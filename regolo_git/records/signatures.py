"""The signature at the end of a tag's message, as git finds it, and the lines of signatures made later."""

import json
import re
from collections.abc import Iterator

SSH_OPENING = "-----BEGIN SSH SIGNATURE-----"
OPENPGP_OPENING = "-----BEGIN PGP SIGNATURE-----"
# `ssh-keygen` passes over these lines in the list of signers, as over all that it cannot read.
OPENPGP_SIGNER = re.compile(
    rb"^[ \t]*([^#\s]\S*)[ \t]+openpgp[ \t]+([0-9A-Fa-f]{40}(?:[0-9A-Fa-f]{24})?)(?=\s|\Z)[^\n]*$",
    re.MULTILINE,
)
SIGNED_TAG = "signed_tag"
LINES_READ = 200  # anybody who may push can add lines
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


def signed_later(note: str) -> Iterator[bytes]:
    """The signed tag objects in a note; lines of another kind are skipped."""
    for line in note.split("\n", LINES_READ)[:LINES_READ]:
        try:
            held = json.loads(line)
            text = held.get(SIGNED_TAG) if isinstance(held, dict) else None
            data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""
        except (ValueError, RecursionError):
            continue
        if split_signed_bytes(data)[1]:
            yield data


def openpgp_signers(signers: bytes) -> dict[str, str]:
    """The names in a list of signers by the fingerprint of their OpenPGP key, in capitals."""
    return {
        found[2].decode().upper(): found[1].decode("utf-8", "replace")
        for found in OPENPGP_SIGNER.finditer(signers)
    }


def ssh_signers(signers: bytes) -> bytes:
    """A list of signers without the lines that have OpenPGP keys."""
    return OPENPGP_SIGNER.sub(b"", signers)
