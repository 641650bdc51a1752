"""What passes is tried again, each object by itself; what does not is raised at once, in our words."""

import errno
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.counting_files import CountingFiles
from support.files_suite import FilesSuite

from regolo_git.errors import NotFound
from regolo_git.store.files import retry
from regolo_git.store.files.contract import Data, Files
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.files.retry import TRIES, TRIES_AT_FIRST, RetriedFiles
from regolo_git.store.foreign.failure import Failure, denied, passing
from regolo_git.store.translate import AccessDenied, RemoteError, remote_error

BUSY = remote_error(passing("the server is overloaded"))


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(retry.time, "sleep", waited.append)
    return waited


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stores of these tests have one URL, and none knows what another did."""
    monkeypatch.setattr(retry, "_away", {})


class FailingFiles(CountingFiles):
    """Fails so many times for each call and path, before or after the call is done."""

    def __init__(self, files: Files, error: Exception, times: int, *, after: bool = False) -> None:
        super().__init__(files)
        self.error, self.times, self.after = error, times, after

    def _fail(self, verb: str, path: str, act: Callable[[], object]) -> None:
        self.calls[verb, path] += 1
        if self.calls[verb, path] <= self.times:
            if self.after:
                act()
            raise self.error

    def write(self, path: str, data: Data) -> None:
        self._fail("write", path, lambda: self._files.write(path, data))
        self._files.write(path, data)

    def create(self, path: str, data: Data) -> bool:
        self._fail("create", path, lambda: self._files.create(path, data))
        return self._files.create(path, data)

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        for path in paths:
            self._fail("sizes", path, lambda: None)
        return self._files.sizes(paths)

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        self._fail("read_range", path, lambda: None)
        return self._files.read_range(path, offset, length)

    def move(self, path: str, to: str) -> None:
        self._fail("move", path, lambda: self._files.move(path, to))
        self._files.move(path, to)


@pytest.fixture
def local(tmp_path: Path) -> Files:
    files = LocalFiles(tmp_path / "store")
    files.create_root()
    return files


class TestRetried(FilesSuite):
    @pytest.fixture
    def files(self, local: Files) -> Files:
        return RetriedFiles("test://", lambda: FailingFiles(local, BUSY, 2))


def test_each_object_has_tries_of_its_own(local: Files) -> None:
    files = RetriedFiles("test://", lambda: FailingFiles(local, BUSY, TRIES - 1))
    assert not files.exists("format.toml")
    paths = [f"a/{number}" for number in range(40)]
    for path in paths:
        files.write(path, b"1")
    assert files.sizes(paths) == [1] * 40
    assert [files.read_range(path, 0, 9) for path in paths] == [b"1"] * 40
    local.write("b", b"1" * (3 << 20))
    assert [len(data) for data in files.read_ranges("b", [(0, 1), (1 << 20, 1), (2 << 20, 1)])] == [1, 1, 1]


def test_it_waits_longer_each_time_but_not_forever(local: Files, waits: list[float]) -> None:
    inner = FailingFiles(local, BUSY, 1 << 30)
    files = RetriedFiles("test://", lambda: inner)
    assert not files.exists("format.toml")
    with pytest.raises(RemoteError, match="overloaded") as caught:
        files.write("chunks/ab/1", b"1")
    assert caught.value.path == "chunks/ab/1"
    assert caught.value.__cause__ is None
    assert inner.calls["write", "chunks/ab/1"] == TRIES == len(waits) + 1
    for number, wait in enumerate(waits):
        assert 0.5 * min(0.25 * 2**number, 8) <= wait <= min(0.25 * 2**number, 8)


def test_a_server_that_has_done_nothing_yet_is_given_up_early(local: Files, waits: list[float]) -> None:
    inner = FailingFiles(local, BUSY, 1 << 30)
    files = RetriedFiles("test://", lambda: inner)
    assert files.properties.connections
    with pytest.raises(RemoteError, match="overloaded"):
        files.read_range("format.toml", 0, 9)
    assert inner.calls["read_range", "format.toml"] == TRIES_AT_FIRST
    assert sum(waits) < 2
    with pytest.raises(RemoteError, match="overloaded"):  # the same command opens it once more
        RetriedFiles("test://", lambda: inner).read_range("format.toml", 0, 9)
    assert inner.calls["read_range", "format.toml"] == TRIES_AT_FIRST + 1
    inner.times = 0
    files = RetriedFiles("test://", lambda: inner)
    assert not files.exists("format.toml")
    inner.times = 1 << 30
    with pytest.raises(RemoteError, match="overloaded"):
        files.write("a", b"1")
    assert inner.calls["write", "a"] == TRIES


def test_no_try_begins_late(local: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(retry.time, "monotonic", lambda: now)

    class Silent(FailingFiles):
        def write(self, path: str, data: Data) -> None:
            nonlocal now
            now += retry.SILENCE_SECONDS
            super().write(path, data)

    inner = Silent(local, TimeoutError(), 1 << 30)
    with pytest.raises(RemoteError, match="the server does not answer"):
        RetriedFiles("test://", lambda: inner).write("a", b"1")
    assert now < 60
    assert inner.calls["write", "a"] == 3


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (remote_error(Failure("the bucket does not exist")), RemoteError),
        (remote_error(denied("access is denied", "ask")), AccessDenied),
        (FileNotFoundError(errno.ENOENT, "no", "http://host/a?signature=secret"), FileNotFoundError),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), OSError),
        (NotFound("ours"), NotFound),
        (ValueError("what a library raises"), RemoteError),
        (KeyError("name"), RemoteError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
def test_a_permanent_failure_is_tried_once(
    local: Files, waits: list[float], error: Exception, raised: type[Exception]
) -> None:
    inner = FailingFiles(local, error, 1 << 30)
    with pytest.raises(raised) as caught:
        RetriedFiles("test://", lambda: inner).write("a", b"1")
    assert type(caught.value) is raised
    assert inner.calls["write", "a"] == 1
    assert waits == []
    assert "secret" not in repr(caught.value)


def test_a_mistake_of_ours_stays_one(local: Files) -> None:
    with pytest.raises(TypeError):
        RetriedFiles("test://", lambda: FailingFiles(local, TypeError("no"), 1)).write("a", b"1")


def test_a_creation_that_was_done_before_it_failed_is_ours(local: Files) -> None:
    files = RetriedFiles("test://", lambda: FailingFiles(local, BUSY, 1, after=True))
    assert files.create("records/1", b"ours") is True
    assert files.create("records/1", b"ours") is False  # not at its first try
    local.create("records/2", b"theirs")
    assert files.create("records/2", b"ours") is False


def test_a_move_that_was_done_before_it_failed_is_done(local: Files) -> None:
    local.write("a", b"1")
    files = RetriedFiles("test://", lambda: FailingFiles(local, BUSY, 1, after=True))
    files.move("a", "b")
    assert local.sizes(["a", "b"]) == [None, 1]
    with pytest.raises(FileNotFoundError):
        files.move("nothing", "c")


def test_files_are_opened_again_once_after_a_lost_connection(local: Files) -> None:
    lost = remote_error(Failure("the connection was lost", passing=True, lost=True))
    opened: list[FailingFiles] = []

    def open_files() -> Files:
        opened.append(FailingFiles(local, lost, 1 if len(opened) == 0 else 0))
        return opened[-1]

    files = RetriedFiles("test://", open_files)
    start = threading.Barrier(4)

    def write(number: int) -> None:
        start.wait()
        files.write(f"a/{number}", b"1")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 2
    assert local.sizes([f"a/{number}" for number in range(4)]) == [1] * 4


def test_opening_is_tried_again(local: Files) -> None:
    tries = 0

    def open_files() -> Files:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ConnectionResetError(errno.ECONNRESET, "reset")
        return local

    assert RetriedFiles("test://", open_files).properties == local.properties
    assert tries == 3
