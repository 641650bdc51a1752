"""What an engine needs to know of a registry: where the branch is, what it says, and the bytes it names.

The engine sees a registry through `Source` only; `registry_source.py` is the real one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from regolo_git.records.digests import Digest
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.toml_text import Table


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A version's bytes in a place of their own, its manifest's `[serving]` table, and its digest."""

    path: Path
    serving: Table | None
    digest: Digest


class Source(Protocol):
    """The desired state of endpoints.

    `head` and `endpoints` are called from one thread, `fetch` and `keep_only` from another, and the two may
    overlap: bringing a cold version's bytes must not delay the rollback of a warm one.
    """

    def head(self) -> str:
        """The commit that the registry branch is at.  Cheap: asked four times a second."""
        ...

    def endpoints(self, commit: str) -> Mapping[str, Endpoint]:
        """Every endpoint as of a commit.  Raises RegoloError, naming the file, for one that is broken."""
        ...

    def fetch(self, model: str, pinned: PinnedVersion) -> ModelFiles:
        """Brings a version's bytes, verified against the pinned digest; asking again is cheap.

        Raises NotFound where the bytes are missing, IntegrityError where they are not what was pinned.
        """
        ...

    def keep_only(self, digests: Collection[Digest]) -> None:
        """Removes what `fetch` ever brought, for other digests than these; `fetch` may bring it again."""
        ...
