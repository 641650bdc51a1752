"""The local filesystem keeps the promises, and some of its own."""

import fcntl
import os
import random
from pathlib import Path

import pytest
from support.counting_files import CountingFiles
from support.files_suite import FilesSuite

from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles
from regolo_git.system_calls import page_aligned


def created(files: Files) -> Files:
    files.create_root()
    return files


class TestLocal(FilesSuite):
    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return created(LocalFiles(tmp_path / "store"))


class TestCounted(FilesSuite):
    """A filesystem that wraps another one keeps the promises too."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return created(CountingFiles(LocalFiles(tmp_path / "store")))


@pytest.mark.parametrize("path", ["a", "a/b/c"])
def test_a_root_that_is_not_there_is_not_created_by_the_way(tmp_path: Path, path: str) -> None:
    files = LocalFiles(tmp_path / "disk" / "store")
    for write in (files.put, files.create):
        with pytest.raises(FileNotFoundError):
            write(path, b"1")
    with pytest.raises(FileNotFoundError):
        files.scratch_directory()
    assert list(tmp_path.iterdir()) == []
    created(files)
    files.create_root()
    assert files.put(path, b"1")


def left_behind(root: Path, *, age: float) -> Path:
    temporary = root / "tmp" / "1-abc"
    temporary.parent.mkdir(parents=True)
    temporary.write_bytes(b"half")
    status = temporary.stat()
    os.utime(temporary, (status.st_atime - age, status.st_mtime - age))
    return temporary


def test_leftovers_of_a_killed_writer_are_stale(tmp_path: Path) -> None:
    left_behind(tmp_path, age=60)
    assert [file.path for file in LocalFiles(tmp_path).stale_temporaries()] == ["tmp/1-abc"]


def test_a_file_being_written_is_not_stale(tmp_path: Path) -> None:
    with left_behind(tmp_path, age=60).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert list(LocalFiles(tmp_path).stale_temporaries()) == []


def test_a_file_created_just_now_is_not_stale(tmp_path: Path) -> None:
    left = left_behind(tmp_path, age=0)
    left.write_bytes(b"")  # nothing is in it before it is locked
    assert list(LocalFiles(tmp_path).stale_temporaries()) == []
    left.write_bytes(b"half")
    assert [file.path for file in LocalFiles(tmp_path).stale_temporaries()] == ["tmp/1-abc"]


def test_a_stored_file_cannot_be_changed_by_accident(tmp_path: Path) -> None:
    LocalFiles(tmp_path).put("chunks/ab/abcd", b"content")
    assert (tmp_path / "chunks/ab/abcd").stat().st_mode & 0o222 == 0


@pytest.mark.parametrize("size", [1 << 20, (3 << 20) + 4, 1 << 22, (1 << 23) + 4096 + 7])
@pytest.mark.parametrize("start", [0, 1, 512, 4096])
def test_memory_of_any_alignment_is_written_whole(tmp_path: Path, start: int, size: int) -> None:
    memory = page_aligned(start + size)
    memory[:] = random.Random(size).randbytes(start + size)
    LocalFiles(tmp_path).put("a/b", memory[start:])
    LocalFiles(tmp_path, cached=True).put("a/c", memory[start:])
    assert (tmp_path / "a/b").read_bytes() == memory[start:]
    assert (tmp_path / "a/c").read_bytes() == memory[start:]
