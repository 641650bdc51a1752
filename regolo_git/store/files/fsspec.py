"""A store's directory on any filesystem that fsspec supports.

Object stores show only whole objects, and can refuse to replace one.  On filesystems that show partial files
(such as SFTP), a write goes to `tmp/` and is renamed once its size is right; these cannot refuse to replace a
file.  The modules in `filesystems/` open the filesystem of each scheme, and override what it does in a way of
its own.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any  # fsspec is not typed; its values stay in this module

from fsspec import AbstractFileSystem

from regolo_git.forks import keep_from_children
from regolo_git.store.files.at_once import at_once
from regolo_git.store.files.contract import TEMPORARIES, Data, Properties, StoredFile, Writer
from regolo_git.store.files.ranges import read_by_spans
from regolo_git.store.files.writers import OneOfMany
from regolo_git.system_calls import random_name

OBJECT_STORE = Properties(connections=4, atomic_create=True, whole_writes=True, views=False)
FILE_SERVER = Properties(connections=4, atomic_create=False, whole_writes=False, views=False)
STALE_SECONDS = 24 * 3600.0
# The keys that filesystems use for the modification time.
TIME_KEYS = ("mtime", "LastModified", "last_modified", "updated", "created")


class FsspecFiles:
    """Files below one directory of an fsspec filesystem."""

    def __init__(
        self, filesystem: AbstractFileSystem, root: str, url: str, properties: Properties = FILE_SERVER
    ) -> None:
        self._fs = keep_from_children(filesystem)
        self._root = root.rstrip("/")
        self._url = url
        self._properties = properties

    @property
    def url(self) -> str:
        """The URL as given."""
        return self._url

    @property
    def properties(self) -> Properties:
        """See `Files.properties`."""
        return self._properties

    def create_root(self, rights: int = 0) -> None:
        """See `Files.create_root`: directories are created with their files."""

    def writer(self) -> AbstractContextManager[Writer]:
        """See `Files.writer`: without locks nobody knows of the others."""
        return nullcontext(OneOfMany())

    def put(self, path: str, data: Data) -> bool:
        """See `Files.put`."""
        if self._size_of(path) == len(data):
            return False
        self.write(path, data)
        return True

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        if self._properties.whole_writes:
            self._fs.pipe_file(self._at(path), bytes(data))
        else:
            self._write_beside(path, bytes(data))

    def create(self, path: str, data: Data) -> bool:
        """See `Files.create`."""
        if self._size_of(path) is not None:
            return False
        if not self._properties.atomic_create:
            self.write(path, data)
            return True
        return self._create_new(path, bytes(data))

    def settle(self) -> None:
        """See `Files.settle`: a remote filesystem confirms a write once it is durable."""

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """See `Files.sizes`: one request for each, several at a time."""
        return at_once(self._size_of, paths, self._properties.connections)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return bool(self._fs.exists(self._at(path)))

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Files.read_range`."""
        if not length:  # some filesystems read an empty range as the whole file
            return b""
        data = self._read(path, offset, offset + length)
        # More than was asked for: the server ignored the range, and this is the file from its beginning.
        return data if len(data) <= length else data[offset : offset + length]

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """See `Files.read_ranges`."""
        return read_by_spans(ranges, lambda span: self.read_range(path, *span))

    def read_into(self, path: str, view: memoryview) -> bool:
        """See `Files.read_into`."""
        data = self.read_range(path, 0, len(view) + 1)
        if len(data) != len(view):
            return False
        view[:] = data
        return True

    def move(self, path: str, to: str) -> None:
        """See `Files.move`."""
        self._make_parent(to)
        self._fs.mv(self._at(path), self._at(to))

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._at(path))

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`."""
        try:
            found: Mapping[str, Mapping[str, Any]] = self._fs.find(self._at(directory), detail=True)
        except FileNotFoundError:
            return
        start = len(self._fs._strip_protocol(self._root)) + 1  # noqa: SLF001 - its public name is the same
        for name, info in found.items():
            yield StoredFile(name[start:], int(info["size"]), time_of(info))

    def names(self, directory: str) -> Iterator[str]:
        """See `Files.names`."""
        return (file.path.rpartition("/")[2] for file in self.walk(directory))

    def scratch_directory(self) -> Path | None:
        """See `Files.scratch_directory`: there is none."""
        return None

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """See `Files.stale_temporaries`: without locks, files older than a day."""
        for file in self.walk(TEMPORARIES):
            if time.time() - file.modified.timestamp() > STALE_SECONDS:
                yield file

    # -- what some filesystems do in another way ------------------------------------------------------------

    def _size_of(self, path: str) -> int | None:
        """The size of a file, None if there is none."""
        try:
            found = self._fs.info(self._at(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return int(found["size"]) if found["type"] == "file" else None

    def _read(self, path: str, start: int, end: int) -> bytes:
        """Bytes from `start` (none if that is past the end of the file) to before `end`, which is greater."""
        return bytes(self._fs.cat_file(self._at(path), start=start, end=end))

    def _create_new(self, path: str, data: bytes) -> bool:
        """Writes a file unless it exists, atomically; False if it does."""
        try:
            self._fs.pipe_file(self._at(path), data, mode="create")
        except FileExistsError:
            return False
        return True

    # -- writing ------------------------------------------------------------------------------------------

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _write_beside(self, path: str, data: bytes) -> None:
        temporary = f"{TEMPORARIES}/{random_name(16)}"
        self._make_parent(temporary)
        try:
            self._fs.pipe_file(self._at(temporary), data)
            if self._size_of(temporary) != len(data):
                raise OSError("the filesystem stored fewer bytes than it was sent")
            self.move(temporary, path)
        except BaseException:
            with suppress(OSError):
                self.remove(temporary)
            raise

    def _make_parent(self, path: str) -> None:
        if not self._properties.whole_writes:
            self._fs.makedirs(self._at(path).rsplit("/", 1)[0], exist_ok=True)


def time_of(info: Mapping[str, Any]) -> datetime:
    """The modification time, or now if it is unknown, so that no file looks stale by mistake."""
    found = next((info[key] for key in TIME_KEYS if info.get(key) is not None), None)
    if isinstance(found, int | float):
        return datetime.fromtimestamp(found, UTC)
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    if isinstance(found, datetime):
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.now(UTC)
