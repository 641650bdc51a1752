"""The lock of the clone: one at a time, in turn, and free when its holder is dead."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support.places import PYTHONPATH

from regolo_git.errors import Conflict, RegoloError
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.lock import clone_lock, held_lock

HOLDER = """
import sys
from pathlib import Path
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.lock import clone_lock
with clone_lock(RepositoryPaths(Path(sys.argv[1]), Path(sys.argv[1]), None)):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def paths(tmp_path: Path) -> RepositoryPaths:
    return RepositoryPaths(tmp_path, tmp_path, None)


def start_holder(paths: RepositoryPaths) -> "subprocess.Popen[str]":
    """Another process that holds the lock until it is killed or reads a line."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, paths.common_dir],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_the_lock_names_its_holder_and_can_be_taken_again(paths: RepositoryPaths) -> None:
    for _ in range(2):
        with clone_lock(paths):
            assert (paths.common_dir / "regolo" / "lock").read_text() == f"{os.getpid()}\n"


def test_a_holder_that_stays_is_named(paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 0.0)
    with start_holder(paths) as holder:
        with pytest.raises(Conflict, match=f"process {holder.pid} "), clone_lock(paths):
            pass
        holder.communicate("\n")
    with clone_lock(paths):
        pass


def test_a_holder_that_has_not_said_who_it_is_yet_is_unknown(
    paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 0.0)
    with start_holder(paths) as holder:
        os.truncate(paths.common_dir / "regolo" / "lock", 0)
        with pytest.raises(Conflict, match="unknown"), clone_lock(paths):
            pass
        holder.communicate("\n")


def test_the_lock_of_a_killed_holder_is_free(paths: RepositoryPaths) -> None:
    with start_holder(paths) as holder:
        holder.kill()
    with clone_lock(paths):
        pass


def test_threads_take_turns(paths: RepositoryPaths) -> None:
    inside, most = 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with clone_lock(paths):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_an_error_inside_lets_go(paths: RepositoryPaths) -> None:
    with pytest.raises(ZeroDivisionError), clone_lock(paths):
        raise ZeroDivisionError
    with clone_lock(paths):
        pass


def test_only_the_thread_that_holds_it_hands_it_to_a_child(paths: RepositoryPaths) -> None:
    assert held_lock() == ()
    with clone_lock(paths):
        (handle,) = held_lock()
        assert os.path.samestat(os.fstat(handle), (paths.common_dir / "regolo" / "lock").stat())
        elsewhere: list[tuple[int, ...]] = []
        thread = threading.Thread(target=lambda: elsewhere.append(held_lock()))
        thread.start()
        thread.join()
        assert elsewhere == [()]
    assert held_lock() == ()


STARTER = """
import os, signal, subprocess, sys
from pathlib import Path
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.lock import clone_lock, held_lock
with clone_lock(RepositoryPaths(Path(sys.argv[1]), Path(sys.argv[1]), None)):
    child = subprocess.Popen(["sleep", "60"], pass_fds=held_lock(), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    exec(sys.argv[2])
"""
ENDS = {"killed": "os.kill(os.getpid(), signal.SIGKILL)", "interrupted": "raise KeyboardInterrupt"}


def started_by(paths: RepositoryPaths, how: str) -> int:
    """The number of a child of a process that had the lock and has ended."""
    done = subprocess.run(
        [sys.executable, "-c", STARTER, paths.common_dir, how],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )  # fmt: skip
    return int(done.stdout)


@pytest.mark.parametrize("how", ENDS.values(), ids=ENDS)
def test_a_child_that_was_handed_the_lock_holds_it_after_its_parent(
    paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 0.0)
    child = started_by(paths, how)
    with pytest.raises(Conflict, match="is writing to this registry"), clone_lock(paths):
        pass
    os.kill(child, signal.SIGKILL)
    monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 60.0)
    with clone_lock(paths):
        pass


@pytest.mark.parametrize("how", ["", "raise ValueError"], ids=["done", "failed"])
def test_what_git_leaves_in_the_background_does_not_keep_the_lock(
    paths: RepositoryPaths, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("regolo_git.git.lock.PATIENCE_SECONDS", 0.0)
    child = started_by(paths, how)
    with clone_lock(paths):
        os.kill(child, signal.SIGKILL)  # it was there all the time


def test_a_place_where_nothing_can_be_written_is_an_error_of_ours(paths: RepositoryPaths) -> None:
    (paths.common_dir / "regolo").write_text("a file")
    with pytest.raises(RegoloError, match=r"^lock '"), clone_lock(paths):
        pass
