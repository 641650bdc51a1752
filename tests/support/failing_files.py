"""A filesystem that stops answering after some calls."""

import threading
from collections.abc import Sequence

from regolo_git.store.files.contract import Data, Files
from support.counting_files import CountingFiles


class FailingFiles(CountingFiles):
    """Answers `left` calls that read or write, from any thread, and then none."""

    def __init__(self, files: Files, left: int) -> None:
        super().__init__(files)
        self._left = left
        self._left_lock = threading.Lock()

    def _spend(self) -> None:
        with self._left_lock:
            self._left -= 1
            if self._left < 0:
                raise ConnectionResetError("the connection is gone")

    def write(self, path: str, data: Data) -> None:
        self._spend()
        super().write(path, data)

    def put(self, path: str, data: Data) -> bool:
        self._spend()
        return super().put(path, data)

    def create(self, path: str, data: Data) -> bool:
        self._spend()
        return super().create(path, data)

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        self._spend()
        return super().sizes(paths)

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        self._spend()
        return super().read_range(path, offset, length)

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        self._spend()
        return super().read_ranges(path, ranges)

    def read_into(self, path: str, view: memoryview) -> bool:
        self._spend()
        return super().read_into(path, view)
