"""Content that an earlier version of the model already has.

The newest version's is probably committed by mistake; a retired version's was given up for a reason; an older
version's is worth a note.  An environment's name for the content of a version is none of these.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from regolo_git.errors import IntegrityError
from regolo_git.records.references import version_reference
from regolo_git.records.retired import RetiredEntry
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle


@dataclass(frozen=True, slots=True)
class KnownContent:
    """The version that has the content already; `reason` says why it was retired."""

    model: str
    version: str
    kind: Literal["newest", "older", "retired"]
    reason: str | None = None

    @property
    def reference(self) -> str:
        """`MODEL@VERSION`."""
        return version_reference(self.model, self.version)

    @property
    def retirement(self) -> str:
        """The end of a sentence that names the version; empty if it is not retired."""
        return f", which was retired: {self.reason}" if self.kind == "retired" else ""


OnSameContent = Callable[[KnownContent], None]


def find_known_content(
    handle: Handle, model: str, digest: str, version: Version | None, *, on_purpose: bool
) -> KnownContent | None:
    """The version that has the content already, a retired one first; None if it is not worth a note.

    `version` is the requested number.  `on_purpose` is for content taken from a version: only a retired one
    matters then.
    """
    rows = handle.index.with_digest(model, digest)
    if not rows:
        return None
    entries = (_retired(handle, model, row.version) for row in reversed(rows))
    entry = next((entry for entry in entries if entry is not None), None)
    if entry is not None:
        return KnownContent(model, entry.version, "retired", entry.reason)
    if on_purpose or (version is not None and version.environment):
        return None
    newest = handle.index.last_created(model)
    if newest is not None and str(newest.digest) == digest:
        return KnownContent(model, newest.version, "newest")
    plain = [row for row in rows if Version.parse(row.version).environment is None]
    return KnownContent(model, (plain or rows)[-1].version, "older")


def _retired(handle: Handle, model: str, version: str) -> RetiredEntry | None:
    try:
        return handle.records().retired(model).get(version)
    except IntegrityError as error:
        handle.notice_broken([error])
        return None
