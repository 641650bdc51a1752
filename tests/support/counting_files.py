"""A filesystem that counts what is asked of another one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from regolo_git.store.files.contract import Data, Files, Properties, StoredFile, Writer


class CountingFiles:
    """Counts each call by its verb and path, and the bytes that were read and written."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.calls: Counter[tuple[str, str]] = Counter()
        self.read_bytes = 0
        self.written_bytes = 0

    def reset(self) -> None:
        """Counts from zero."""
        self.calls.clear()
        self.read_bytes = self.written_bytes = 0

    def counted(self, verb: str, directory: str) -> dict[str, int]:
        """How often a verb was asked for each path below a directory."""
        return {
            path: count
            for (called, path), count in self.calls.items()
            if called == verb and path.startswith(directory)
        }

    @property
    def url(self) -> str:
        return self._files.url

    @property
    def properties(self) -> Properties:
        return self._files.properties

    def create_root(self, rights: int = 0) -> None:
        self._files.create_root(rights)

    def writer(self) -> AbstractContextManager[Writer]:
        return self._files.writer()

    def put(self, path: str, data: Data) -> bool:
        self.calls["put", path] += 1
        written = self._files.put(path, data)
        self.written_bytes += len(data) if written else 0
        return written

    def write(self, path: str, data: Data) -> None:
        self.calls["write", path] += 1
        self._files.write(path, data)
        self.written_bytes += len(data)

    def create(self, path: str, data: Data) -> bool:
        self.calls["create", path] += 1
        created = self._files.create(path, data)
        self.written_bytes += len(data) if created else 0
        return created

    def settle(self) -> None:
        self.calls["settle", ""] += 1
        self._files.settle()

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        self.calls.update(("sizes", path) for path in paths)
        return self._files.sizes(paths)

    def exists(self, path: str) -> bool:
        return self._files.exists(path)

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        self.calls["read_range", path] += 1
        data = self._files.read_range(path, offset, length)
        self.read_bytes += len(data)
        return data

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        self.calls["read_ranges", path] += 1
        found = self._files.read_ranges(path, ranges)
        self.read_bytes += sum(map(len, found))
        return found

    def read_into(self, path: str, view: memoryview) -> bool:
        self.calls["read_into", path] += 1
        self.read_bytes += len(view)
        return self._files.read_into(path, view)

    def move(self, path: str, to: str) -> None:
        self.calls["move", path] += 1
        self._files.move(path, to)

    def remove(self, path: str) -> None:
        self.calls["remove", path] += 1
        self._files.remove(path)

    def walk(self, directory: str) -> Iterator[StoredFile]:
        self.calls["walk", directory] += 1
        return self._files.walk(directory)

    def names(self, directory: str) -> Iterator[str]:
        self.calls["names", directory] += 1
        return self._files.names(directory)

    def scratch_directory(self) -> Path | None:
        return self._files.scratch_directory()

    def stale_temporaries(self) -> Iterator[StoredFile]:
        return self._files.stale_temporaries()
