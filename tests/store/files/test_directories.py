"""Directories that several create at the same moment."""

import os
from pathlib import Path
from threading import Barrier, Thread

import pytest

from regolo_git.store.files.directories import Directories
from regolo_git.store.files.local import LocalFiles


def test_a_directory_that_another_replaces_at_that_moment_is_tried_again(tmp_path: Path) -> None:
    directory, calls = tmp_path / "ab", 0

    def act() -> int:
        nonlocal calls
        calls += 1
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            if calls == 1:
                (tmp_path / "ab.other").mkdir()
                (tmp_path / "ab.other").rename(directory)
            created = os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        os.close(created)
        return calls

    assert Directories(tmp_path).act_in(directory, act) == 2
    assert [entry.name for entry in directory.iterdir()] == ["file"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Directories(tmp_path).act_in(tmp_path / "ab", (tmp_path / "missing").unlink)


def test_a_root_that_goes_meanwhile_is_not_created_again(tmp_path: Path) -> None:
    root = tmp_path / "disk" / "store"
    root.mkdir(parents=True)
    calls = 0

    def act() -> None:
        nonlocal calls
        calls += 1
        (root / "ab").rmdir()
        root.rmdir()
        (root / "ab" / "file").touch()

    with pytest.raises(FileNotFoundError):
        Directories(root).act_in(root / "ab", act)
    assert calls == 1
    assert not root.exists()


def test_threads_that_write_to_the_same_new_directories_all_succeed(tmp_path: Path) -> None:
    count = 4
    stores = [LocalFiles(tmp_path) for _ in range(count)]
    together, failed = Barrier(count), []

    def write(number: int) -> None:
        together.wait()
        for directory in range(200):
            try:
                stores[number].write(f"{directory}/{number}", b"x")
            except OSError as error:
                failed.append(error)

    threads = [Thread(target=write, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len(list(tmp_path.glob("*/*"))) == 200 * count + len(list(tmp_path.glob("tmp/*")))
