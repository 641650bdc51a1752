"""A store in the memory of this process, for tests and trials."""

from fsspec.implementations.memory import MemoryFileSystem

from regolo_git.forks import fork_guard
from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Files
from regolo_git.store.files.fsspec import OBJECT_STORE, FsspecFiles

# The filesystem, one for the process, does not create atomically.
_LOCK = fork_guard()


def open_memory(address: StoreAddress) -> Files:
    """The files at `memory://name/path`."""
    root = "/".join(("", address.place, *filter(None, [address.path])))
    return MemoryFiles(MemoryFileSystem(), root, address.url, OBJECT_STORE)


class MemoryFiles(FsspecFiles):
    """Files of fsspec's memory filesystem."""

    def _create_new(self, path: str, data: bytes) -> bool:
        with _LOCK:
            return super()._create_new(path, data)
