"""Each kind of filesystem keeps the promises, and what only the local one does."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from support.files_suite import FilesSuite

from regolo_git.errors import InvalidInput, MissingDependency
from regolo_git.store.files import Files
from regolo_git.store.fsspec_files import FsspecFiles
from regolo_git.store.local_files import LocalFiles
from regolo_git.store.locate import files_at


class TestLocal(FilesSuite):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return LocalFiles(tmp_path / "store")


class TestMemory(FilesSuite):
    @pytest.fixture
    def files(self) -> Iterator[Files]:  # type: ignore[override]
        root = f"/{secrets.token_hex(8)}"
        yield FsspecFiles(MemoryFileSystem(), root, f"memory:/{root}")
        MemoryFileSystem().rm(root, recursive=True) if MemoryFileSystem().exists(root) else None


class TestFsspecWithoutWholeWrites(FilesSuite):
    """fsspec's own local filesystem stands for those where half a file can be seen, such as SFTP."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return FsspecFiles(LocalFileSystem(), str(tmp_path / "store"), "test://")


def left_behind(root: Path, *, age: float) -> Path:
    temporary = root / "tmp" / "1-abc"
    temporary.parent.mkdir(parents=True)
    temporary.write_bytes(b"half")
    status = temporary.stat()
    os.utime(temporary, (status.st_atime - age, status.st_mtime - age))
    return temporary


def test_what_a_killed_writer_left_is_stale(tmp_path: Path) -> None:
    left_behind(tmp_path, age=60)
    assert [file.path for file in LocalFiles(tmp_path).stale_temporaries()] == ["tmp/1-abc"]


def test_what_somebody_is_writing_is_not_stale(tmp_path: Path) -> None:
    with left_behind(tmp_path, age=60).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert list(LocalFiles(tmp_path).stale_temporaries()) == []


def test_what_was_made_this_moment_is_not_stale(tmp_path: Path) -> None:
    left = left_behind(tmp_path, age=0)
    left.write_bytes(b"")  # nothing is in it before it is locked
    assert list(LocalFiles(tmp_path).stale_temporaries()) == []
    left.write_bytes(b"half")
    assert [file.path for file in LocalFiles(tmp_path).stale_temporaries()] == ["tmp/1-abc"]


def test_a_stored_file_cannot_be_changed_by_accident(tmp_path: Path) -> None:
    LocalFiles(tmp_path).put("chunks/ab/abcd", b"content")
    assert (tmp_path / "chunks/ab/abcd").stat().st_mode & 0o222 == 0


def test_a_memory_that_cannot_be_written_directly_is_written_all_the_same(tmp_path: Path) -> None:
    data = bytes(3 << 20) + b"tail"
    LocalFiles(tmp_path).put("a/b", memoryview(data)[1:])
    assert (tmp_path / "a/b").read_bytes() == data[1:]


def test_a_path_and_a_file_url_are_the_same_store(tmp_path: Path) -> None:
    files_at(str(tmp_path)).put("a", b"1")
    assert files_at(f"file://{tmp_path}").read("a", 9) == b"1"


@pytest.mark.parametrize(
    "url", ["", "s3://a::memory://b", "filecache::s3://a", "http://a/b", "git+x://y", "file://host/dir"]
)
def test_urls_that_are_not_of_a_known_kind_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        files_at(url)


def test_a_filesystem_that_is_not_installed_is_named_with_its_extra() -> None:
    with pytest.raises(MissingDependency) as caught:
        files_at("s3://bucket/store")
    assert caught.value.hint == "pip install 'regolo-git[s3]'"
