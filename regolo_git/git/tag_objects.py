"""Annotated tags as raw objects, byte for byte as git writes them."""

import hashlib
import re
from typing import NamedTuple

from regolo_git.git.identity import Identity
from regolo_git.records.signatures import split_signature

HEADER = re.compile(
    r"object ([0-9a-f]{40})\ntype (\w+)\ntag ([^\n]+)\n"
    r"(?:tagger ([^\n<]*) <([^\n>]*)> (\d{1,12}) [+-]\d{4}\n)?"
)


class TagObject(NamedTuple):
    """An annotated tag: its target, name, tagger, and message without the signature."""

    target: str
    target_kind: str
    name: str
    tagger: str
    tagged_seconds: int
    message: str
    signature: str | None


def tag_object_bytes(commit: str, name: str, tagger: Identity, message: str) -> bytes:
    """The bytes of a tag object; equal arguments give equal bytes, and so the same id in every clone."""
    head = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger.line}"
    return f"{head}\n\n{message}".encode()


def tag_object_id(data: bytes) -> str:
    """The id of a tag object."""
    return hashlib.sha1(b"tag %d\0%b" % (len(data), data), usedforsecurity=False).hexdigest()


def parse_tag_object(data: bytes) -> TagObject | None:
    """Parses a tag object; None if git would not accept it either."""
    text = data.decode("utf-8", "replace")
    header = HEADER.match(text)
    if header is None:
        return None
    body = text[header.end() :].removeprefix("\n")
    message, signature = split_signature(body)
    return TagObject(
        target=header[1],
        target_kind=header[2],
        name=header[3],
        tagger=f"{header[4] or ''} <{header[5] or ''}>".strip(),
        tagged_seconds=int(header[6] or 0),
        message=message,
        signature=signature,
    )
