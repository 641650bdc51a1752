"""The message of a version's tag: a subject, and the trailers that lists are built from.

Trailers are a cache: the commit's manifest is authoritative, and `fsck` compares the two.
"""

import re
from typing import TYPE_CHECKING, NamedTuple, Self, cast, get_args

from regolo_git.errors import InvalidInput
from regolo_git.records.digests import Algorithm, Digest
from regolo_git.records.pins import OID
from regolo_git.records.references import version_reference
from regolo_git.records.signatures import split_signature
from regolo_git.records.versions import Bump
from regolo_git.text.printable import one_line

if TYPE_CHECKING:
    from regolo_git.records.manifest import Manifest

# Exactly as `to_text` writes them; fast enough for a hundred thousand tags.
CANONICAL = re.compile(
    r"\n\nRegolo-Model: ([^\n]+)\nRegolo-Version: ([^\n]+)\nRegolo-Manifest: ([0-9a-f]{40})\n"
    r"Regolo-Digest: (sha256|blake3):([0-9a-f]{64})\nRegolo-Size: ([0-9]{1,19})\n"
    r"(?:Regolo-Bump: (major|minor|patch)\n)?(?:Regolo-Gates: ([^\n]+)\n)?\n*\Z"
)
SIZE = re.compile(r"[0-9]{1,19}")
SIZE_LIMIT = (1 << 63) - 1
KEYS = ("Regolo-Model", "Regolo-Version", "Regolo-Manifest", "Regolo-Digest", "Regolo-Size")
BUMP = "Regolo-Bump"
GATES = "Regolo-Gates"


class TagMessage(NamedTuple):
    """The data in a tag: `manifest_oid` is the manifest's Git object, `size` is the artifact's in bytes.

    `body` is the message after its first line, which is the subject; it begins with the line break between
    two paragraphs.  `bump` is the part that an automatic number raised, None for a number that was given.
    `gates` is what they said of a merged version, for people; None if nobody asked, or if there are none.
    """

    subject: str
    model: str
    version: str
    manifest_oid: str
    digest: Digest
    size: int
    body: str = ""
    bump: Bump | None = None
    gates: str | None = None

    @classmethod
    def of(
        cls,
        manifest: "Manifest",
        message: str,
        manifest_oid: str,
        *,
        bump: Bump | None = None,
        gates: str | None = None,
    ) -> Self:
        """The message of the tag of a manifest's version, from the user's message."""
        artifact = manifest.artifact
        subject, _, body = message.strip().partition("\n")
        return cls(
            subject,
            manifest.model,
            manifest.version,
            manifest_oid,
            artifact.digest,
            artifact.size,
            body,
            bump,
            gates,
        )

    def to_text(self) -> str:
        """Subject, body, blank line, trailers in a fixed order, one line each."""
        subject = " ".join(self.subject.split())
        # A subject like the first line of a signature would end the message before its trailers.
        if not subject or subject.startswith("-----BEGIN "):
            subject = version_reference(self.model, self.version)
        values = (self.model, self.version, self.manifest_oid, str(self.digest), str(self.size))
        trailers = "".join(f"{key}: {value}\n" for key, value in zip(KEYS, values, strict=True))
        trailers += f"{BUMP}: {self.bump}\n" if self.bump is not None else ""
        trailers += f"{GATES}: {one_line(self.gates)}\n" if self.gates is not None else ""
        body = f"\n{_plain(self.body)}" if self.body.strip() else ""
        return f"{subject}{body}\n\n{trailers}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parses the message of a tag, signed or not; None if it has no valid trailers."""
        body, _ = split_signature(text)
        canonical = CANONICAL.search(body)
        if canonical:
            model, version, oid, algorithm, hexadecimal, size, bump, gates = canonical.groups()
            digest = Digest(cast(Algorithm, algorithm), hexadecimal)
            if int(size) > SIZE_LIMIT:
                return None
            subject, _, rest = body[: canonical.start()].partition("\n")
            bump = cast(Bump | None, bump)
            return cls(subject, model, version, oid, digest, int(size), rest, bump, gates)
        return cls._parse_any_order(body)

    @classmethod
    def _parse_any_order(cls, body: str) -> Self | None:
        """Parses trailers in any order, mixed with others."""
        found: dict[str, str] = {}
        for line in reversed(body.rstrip("\n").split("\n")):
            key, colon, value = line.partition(": ")
            if not colon:
                break  # the trailers are the last paragraph
            found.setdefault(key, value)
        try:
            model, version, oid, digest, size = (found[key] for key in KEYS)
            if not OID.fullmatch(oid) or not SIZE.fullmatch(size) or int(size) > SIZE_LIMIT:
                return None
            bump = next((part for part in get_args(Bump) if part == found.get(BUMP)), None)
            subject = body.split("\n", 1)[0]
            parsed = Digest.parse(digest)
            return cls(subject, model, version, oid, parsed, int(size), bump=bump, gates=found.get(GATES))
        except (KeyError, InvalidInput):
            return None


def _plain(body: str) -> str:
    """The lines of a body, none of which begins a signature for git."""
    lines = (line.rstrip() for line in body.rstrip().split("\n"))
    return "\n".join(f" {line}" if line.startswith("-----BEGIN ") else line for line in lines)
