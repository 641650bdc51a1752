"""Whether an artifact shows that it is incomplete: from headers, names and indexes, never from weights.

Nothing here decides: a problem is a remark about one file, and a file without a problem may still be damaged.
"""

import io
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from regolo_git.layouts import gguf, onnx, shards
from regolo_git.layouts.items import Cut, Item, Malformed
from regolo_git.layouts.layout import inspect_layout, may_have_layout
from regolo_git.layouts.placeholders import (
    HEAD,
    JSON_LIMIT,
    UNFINISHED,
    WEIGHTS,
    in_place_of_weights,
    pointer,
)
from regolo_git.layouts.whole_size import has_whole_size, whole_size
from regolo_git.text.printable import printable
from regolo_git.text.sizes import size_text

BUFFER = 1 << 14
UNNAMED = "the data"


class Openable(Protocol):
    """A file of an artifact: its path, "" for a single file, and its size in bytes."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    def head(self, count: int) -> bytes:
        """Its first bytes."""
        ...

    def opened(self) -> AbstractContextManager[io.RawIOBase | io.BytesIO]:
        """The file, readable and seekable."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """What a file says about content that is missing: `'a.gguf' is incomplete: …`."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"'{printable(self.path)}' {self.what}"


@dataclass(slots=True)
class Examination:
    """The problems of an artifact, and the layouts that were read on the way, by path."""

    problems: list[Problem] = field(default_factory=list)
    layouts: dict[str, tuple[Item, ...] | None] = field(default_factory=dict)


def examine(files: Sequence[Openable], name: str) -> Examination:
    """Examines an artifact; `name` is that of a single file, empty for data in memory.

    Opens only files that could hold weights, an index or a pointer.  Raises what opening a file raises.
    """
    found = Examination()
    directory = _Directory({file.path or name: file.size for file in files})
    for file in files:
        path = file.path or name
        suffix = posixpath.splitext(path)[1].lower()
        if suffix in UNFINISHED:
            found.problems.append(Problem(path, "is the rest of an interrupted download"))
            continue
        weights = not file.path or suffix in WEIGHTS
        if not weights and file.size > HEAD and not path.endswith(shards.INDEX):
            continue
        head = file.head(HEAD)
        if not _wants_more(head, file.size, path, suffix, weights=weights):
            what = _by_head(head, file.size, suffix, weights=weights)
            if weights:
                found.layouts[file.path] = None
        else:
            with file.opened() as opened, buffered(opened) as reader:
                layout, what = _examine_file(reader, file.size, suffix, weights=weights)
                if layout is not UNREAD:
                    found.layouts[file.path] = layout
                if what is None:
                    directory.look(reader, path or UNNAMED, file.size, suffix)
        if what is not None:
            found.problems.append(Problem(path or UNNAMED, what))
    found.problems += directory.problems()
    return found


def problem_of(file: Openable, name: str) -> Problem | None:
    """The problem of one file by its own content, without those of a directory and of ONNX."""
    suffix = posixpath.splitext(name)[1].lower()
    with file.opened() as opened, buffered(opened) as reader:
        _, what = _examine_file(reader, file.size, suffix, weights=not file.path or suffix in WEIGHTS)
    return Problem(name, what) if what is not None else None


UNREAD: tuple[Item, ...] = ()


def _wants_more(head: bytes, size: int, path: str, suffix: str, *, weights: bool) -> bool:
    """Whether the start of a file leaves something to look at, for which it is opened once more."""
    if path.endswith(shards.INDEX) or suffix == ".onnx":
        return True
    json_text = HEAD < size <= JSON_LIMIT and head.lstrip()[:1] == b"{"
    return weights and (json_text or may_have_layout(head) or has_whole_size(head))


def _by_head(head: bytes, size: int, suffix: str, *, weights: bool) -> str | None:
    """The problem that the start of a file shows."""
    what = pointer(head, size)
    return what if what is not None or not weights else in_place_of_weights(head, size, suffix)


def _examine_file(
    reader: BinaryIO, size: int, suffix: str, *, weights: bool
) -> tuple[tuple[Item, ...] | None, str | None]:
    """The layout (`UNREAD` if it was not looked for), and the problem."""
    head = reader.read(JSON_LIMIT if size <= JSON_LIMIT else HEAD)
    what = _by_head(head, size, suffix, weights=weights)
    if what is not None or not weights:
        return UNREAD, what
    layout = inspect_layout(reader, size)
    cut = layout.cut
    if layout.items is None and cut is None:
        said = whole_size(reader, size)
        cut = Cut(said) if said is not None and said > size else None
    return layout.items, f"is incomplete: {cut_text(cut, size)}" if cut is not None else None


def cut_text(cut: Cut, size: int) -> str:
    """How a file differs from what it says: `header says 1.4 MB, file has 720 kB`."""
    if cut.said is None:
        return f"the file of {size_text(size)} ends before its header does"
    said, has = size_text(cut.said), size_text(size)
    if said == has:
        said, has = f"{cut.said} B", f"{size} B"
    return f"header says {said}, file has {has}"


class _Directory:
    """What the files of an artifact say about each other."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        self._indexes: dict[str, set[str]] = {}
        self._external: dict[str, dict[str, int]] = {}
        self._splits: dict[tuple[str, int], list[str]] = {}
        self._cut: list[Problem] = []

    def look(self, reader: BinaryIO, path: str, size: int, suffix: str) -> None:
        """Reads what a file without a problem of its own says about others."""
        if path.endswith(shards.INDEX) and size <= shards.INDEX_LIMIT:
            reader.seek(0)
            self._indexes[path] = shards.shards_of_index(reader.read(size))
        elif suffix == ".onnx":
            try:
                self._external[path] = onnx.external_data(reader, size)
            except Cut as cut:
                self._cut.append(Problem(path, f"is incomplete: {cut_text(cut, size)}"))
            except Malformed:
                pass  # not a model that can be read: nothing is claimed
        elif suffix in (".gguf", "") and not shards.NUMBERED.fullmatch(path):
            count = gguf.split_count(reader, size)
            if count > 1:
                self._splits.setdefault((posixpath.dirname(path), count), []).append(path)

    def problems(self) -> Iterator[Problem]:
        """The problems that only the whole artifact shows."""
        yield from self._cut
        named = shards.missing_of_indexes(self._indexes, self._sizes.keys())
        for index, names in named.items():
            yield Problem(index, shards.index_problem(names))
        known = {name for names in named.values() for name in names}
        for path, (total, missing, absent) in shards.missing_of_numbers(self._sizes).items():
            if not known.issuperset(absent):
                yield Problem(path, shards.set_problem(total, missing, absent))
        for (_, count), paths in self._splits.items():
            if len(paths) < count:
                yield Problem(min(paths), f"is one of {count} files, of which {len(paths)} are there")
        for path, locations in self._external.items():
            yield from self._external_problems(path, locations)

    def _external_problems(self, path: str, locations: Mapping[str, int]) -> Iterator[Problem]:
        places = {
            name: posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) for name in locations
        }
        missing = sorted(name for name, place in places.items() if place not in self._sizes)
        if missing:
            yield Problem(path, shards.index_problem(missing))
        for name, needed in locations.items():
            size = self._sizes.get(places[name])
            if size is not None and size < needed:
                text = cut_text(Cut(needed), size).replace("header", f"'{printable(path)}'")
                yield Problem(places[name], f"is incomplete: {text}")


@contextmanager
def buffered(opened: io.RawIOBase | io.BytesIO) -> Iterator[BinaryIO]:
    """The file from its start through a small buffer: headers are read a few bytes at a time."""
    opened.seek(0)
    if isinstance(opened, io.BytesIO):
        yield opened
        return
    reader = io.BufferedReader(opened, BUFFER)
    try:
        yield reader
    finally:
        reader.detach()  # closing it would close the file
