"""The local filesystem keeps the promises, and some of its own."""

import fcntl
import os
from pathlib import Path

import pytest
from support.counting_files import CountingFiles
from support.files_suite import FilesSuite

from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles


class TestLocal(FilesSuite):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return LocalFiles(tmp_path / "store")


class TestCounted(FilesSuite):
    """A filesystem that wraps another one keeps the promises too."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return CountingFiles(LocalFiles(tmp_path / "store"))


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
