"""Small files, each read whole by a thread of the pool: the digest of the file and those of its items.

Only the digests of the items tell where chunks end, so files are read ahead of the cuts, to where they will
be in the buffer of their chunks.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import NamedTuple

from blake3 import blake3

from regolo_git.artifacts.source.snapshot import SourceFile
from regolo_git.layouts.items import Item
from regolo_git.layouts.layout import HEAD, may_have_layout, read_layout
from regolo_git.records.digests import Algorithm, Digest, new_hasher

Layouts = Mapping[str, tuple[Item, ...] | None]


class LoadedFile(NamedTuple):
    """A file in memory: its digest, and its items with the BLAKE3 of each."""

    file: SourceFile
    digest: Digest
    items: list[tuple[Item, bytes]]


def load_files(
    files: Sequence[tuple[SourceFile, memoryview]], algorithm: Algorithm, layouts: Layouts
) -> list[LoadedFile]:
    """Reads each file into the view of its size, with its layout if that is known.

    Raises Conflict if one changes meanwhile, InvalidInput if it cannot be read.
    """
    return [_load(file, view, algorithm, layouts) for file, view in files]


def _load(file: SourceFile, view: memoryview, algorithm: Algorithm, layouts: Layouts) -> LoadedFile:
    file.load(view)
    hasher = new_hasher(algorithm)
    hasher.update(view)
    layout = layouts[file.path] if file.path in layouts else _layout_of(view)
    items = []
    for item in layout or (Item(file.size),):
        items.append((item, blake3(view[: item.size]).digest()))
        view = view[item.size :]
    return LoadedFile(file, Digest(algorithm, hasher.hexdigest()), items)


def _layout_of(view: memoryview) -> tuple[Item, ...] | None:
    return read_layout(BytesIO(view), len(view)) if may_have_layout(bytes(view[:HEAD])) else None
