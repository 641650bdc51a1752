"""The signature at the end of a tag's message, as git finds it."""

import re

SSH_OPENING = "-----BEGIN SSH SIGNATURE-----"
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
