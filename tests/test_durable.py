"""Several files made durable at once: all of them, and the first error is raised after that."""

import _thread
import errno
import os
from pathlib import Path

import pytest

from regolo_git import durable
from regolo_git.durable import THREADS, make_all_durable, make_directories_durable


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(durable, "make_durable", found.append)
    return found


@pytest.mark.parametrize("count", [0, 1, 2, THREADS, 3 * THREADS + 1])
def test_each_is_made_durable_once(synced: list[int], count: int) -> None:
    make_all_durable(list(range(count)))
    assert sorted(synced) == list(range(count))


def test_without_more_threads_it_takes_longer(synced: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(_thread, "start_new_thread", no_thread)
    make_all_durable(range(20))
    assert sorted(synced) == list(range(20))


def test_an_error_is_raised_after_all_others_are_durable(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def sync(descriptor: int) -> None:
        if descriptor == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        done.append(descriptor)

    monkeypatch.setattr(durable, "make_durable", sync)
    with pytest.raises(OSError, match="Input/output"):
        make_all_durable(range(20))
    assert sorted(done) == [number for number in range(20) if number != 3]


def test_a_directory_that_is_gone_has_no_entries(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    make_directories_durable([tmp_path, tmp_path / "gone", tmp_path])
    assert len(list(Path("/dev/fd").iterdir())) == before
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotADirectoryError):
        make_directories_durable([tmp_path, file / "below"])
