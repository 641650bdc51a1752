"""Where a version comes from, and what it is: lineage, licence and format, against the version before it."""

import posixpath
from collections.abc import Iterator, Mapping

from regolo_git.records.manifest import Lineage, Manifest
from regolo_git.reviews.document import DETAIL, IMPORTANT, NO_BREAK, Inner, Paragraph, strong
from regolo_git.text.numbers import few_of

NAMED = 5
SHORT = 12  # characters of a digest or commit
LICENCE = "license"
FORMATS: Mapping[str, str] = {
    ".safetensors": "safetensors", ".gguf": "GGUF", ".onnx": "ONNX", ".skops": "skops", ".keras": "Keras",
    ".h5": "HDF5", ".hdf5": "HDF5", ".npz": "NumPy", ".npy": "NumPy", ".pt": "a pickle", ".pth": "a pickle",
    ".ckpt": "a pickle", ".bin": "a pickle or raw bytes", ".pkl": "a pickle", ".pickle": "a pickle",
    ".joblib": "a pickle", ".dill": "a pickle", ".tflite": "TFLite", ".mlmodel": "Core ML",
    ".ubj": "XGBoost", ".cbm": "CatBoost",
}  # fmt: skip


def origin(before: Manifest | None, after: Manifest) -> Iterator[Inner]:
    """The paragraph about the origin; empty if nothing is known."""
    parts = [*_formats(before, after), *_lineage(before, after), *_licence(before, after)]
    if parts:
        important = any(part.startswith(("format", "licence")) and "→" in part for part in parts)
        text = "; ".join(parts)
        yield Paragraph(
            (strong("Origin."), f" {text[:1].upper()}{text[1:]}."), IMPORTANT if important else DETAIL
        )


def formats_of(manifest: Manifest) -> tuple[str, ...]:
    """The formats of a version's files by their names, sorted."""
    paths = [manifest.file_name] if manifest.artifact.kind == "file" else list(manifest.files or ())
    found = {FORMATS.get(posixpath.splitext(path)[1].lower(), "") for path in paths}
    return tuple(sorted(found - {""}))


def _formats(before: Manifest | None, after: Manifest) -> Iterator[str]:
    new = formats_of(after)
    old = formats_of(before) if before is not None else new
    if old != new:
        yield f"format {_named(old)} → {_named(new)}"
    elif before is None and new:
        yield f"format {_named(new)}"


def _named(formats: tuple[str, ...]) -> str:
    return " and ".join(formats) or "unknown"


def _lineage(before: Manifest | None, after: Manifest) -> Iterator[str]:
    old = (before.lineage if before is not None else None) or Lineage()
    new = after.lineage or Lineage()
    data = list(_pairs("data", old.data, new.data))
    if data:
        yield few_of(data[:NAMED], len(data))
    for name in ("code", "base"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"{name} {_short(was)} → {_short(now)}"
    if old.parameters != new.parameters:
        names = sorted(
            key
            for key in old.parameters.keys() | new.parameters.keys()
            if old.parameters.get(key) != new.parameters.get(key)
        )
        yield f"parameters {few_of(names[:NAMED], len(names))}"


def _pairs(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield f"{what} {name} {_short(was)} → {_short(now)}"


def _short(value: str | None) -> str:
    if value is None:
        return "none"
    digest = value.rpartition(":")[2]
    return value if len(digest) <= SHORT else f"{digest[:SHORT]}…"


def _licence(before: Manifest | None, after: Manifest) -> Iterator[str]:
    was, now = (_licence_of(manifest) for manifest in (before, after))
    if before is not None and was == now:
        if now is not None:
            yield f"licence {now} as before"
    elif before is None:
        yield f"licence {now}" if now is not None else "no licence"
    else:
        yield f"licence {was or 'none'}{NO_BREAK}→{NO_BREAK}{now or 'none'}"


def _licence_of(manifest: Manifest | None) -> str | None:
    value = manifest.metadata.get(LICENCE) if manifest is not None else None
    return value if isinstance(value, str) else None
