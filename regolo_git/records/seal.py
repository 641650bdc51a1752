"""The seal of a manifest: a digest of what belongs together, so that a mixture of two manifests is found.

It changes with every version, so two proposals conflict on it, and no merge can pair the bytes of one with
the metrics of another unnoticed.  Description, metadata and serving are outside it: people may edit them.
"""

from collections.abc import Mapping
from dataclasses import replace

from regolo_git.records.digests import blake3_hex
from regolo_git.records.manifest import Manifest
from regolo_git.records.toml_text import TomlValue, dump_document

KEYS = ("model", "version", "parents", "artifact", "files", "metrics", "lineage")


def seal_of(manifest: Manifest) -> str:
    """The seal that belongs to a manifest, whichever it has: `blake3:<hex>`."""
    return f"blake3:{blake3_hex(sealed_text(manifest).encode())}"


def sealed_text(manifest: Manifest) -> str:
    """The canonical text of what is sealed."""
    document = manifest.document()
    held = {key: document[key] for key in KEYS if key in document}
    if isinstance(lineage := held.get("lineage"), Mapping):
        held["lineage"] = {key: _ordered(value) for key, value in lineage.items()}
    return dump_document(held, "the manifest")


def sealed(manifest: Manifest) -> Manifest:
    """The manifest with the seal that belongs to it; the metrics of one of 0.1 get their own table."""
    metrics, metadata = manifest.measurements or None, manifest.plain_metadata
    apart = replace(manifest, metrics=metrics, metadata=metadata, seal=None)
    return replace(apart, seal=seal_of(apart))


def seal_problem(manifest: Manifest, *, required: bool) -> str | None:
    """Why a seal is not right; None if it is, or if there is none and none is `required`."""
    if manifest.seal is None:
        return "it is not sealed, and versions of the model before it are" if required else None
    if manifest.seal != seal_of(manifest):
        return "its seal is of other content: two versions were mixed in a merge, or it was edited"
    return None


def _ordered(value: TomlValue) -> TomlValue:
    """The value with the keys of its tables sorted, as we write parameters."""
    if isinstance(value, Mapping):
        return {key: _ordered(held) for key, held in sorted(value.items())}
    if isinstance(value, list):
        return [_ordered(element) for element in value]
    return value
