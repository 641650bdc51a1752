"""Versions of a model, written by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from regolo_git.records.digests import Digest
from regolo_git.records.evaluations import Evaluations
from regolo_git.records.manifest import Artifact, Manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.model_version import ModelVersion

HEX = "ab" * 32
WHEN = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


def manifest(kind: Any = "file", size: int = 1500, **values: Any) -> Manifest:
    artifact = Artifact(kind, values.pop("path", "m.bin"), Digest("sha256", HEX), size, Digest("blake3", HEX))
    return Manifest("m", values.pop("version", "1.0"), artifact, **values)


@dataclass(frozen=True)
class _ByHand:
    """What a version reads of a registry, without one."""

    known: Manifest
    armored: str | None

    @property
    def handle(self) -> Handle:
        raise AssertionError("a version written by hand is in no registry")

    def manifest(self) -> Manifest:
        return self.known

    def evaluations(self) -> Evaluations:
        return Evaluations()

    def signature(self) -> str | None:
        return self.armored

    def signer(self) -> str | None:
        return None


def model_version(
    held: Manifest | None = None, *, signature: str | None = None, **values: Any
) -> ModelVersion:
    """A version with a manifest; `values` replace what its tag says."""
    held = held or manifest()
    usual: dict[str, Any] = {
        "model_id": "m",
        "version": held.version,
        "status": "ready",
        "size_bytes": held.artifact.size,
        "digest": str(held.artifact.digest),
        "created_at": WHEN,
        "created_by": "Ada Byron <ada@example.com>",
        "commit": "c" * 40,
        "tag": f"m@v{held.version}",
        "message": "first",
    }
    return ModelVersion(**usual | values, _source=_ByHand(held, signature))
