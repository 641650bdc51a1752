"""What a source fetches of a version; a module of its own, so that workers load nothing of the registry."""

from dataclasses import dataclass
from pathlib import Path

from regolo_git.records.digests import Digest
from regolo_git.records.toml_text import Table


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A version's bytes in a place of their own, its manifest's `[serving]` table, and its digest."""

    path: Path
    serving: Table | None
    digest: Digest
