"""An opened registry works from any thread, and in a forked child beside its parent."""

import asyncio
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.cached import cached_property
from regolo_git.git.lock import clone_lock

THREADS = 8


@pytest.fixture
def registry(git_repository: Path) -> Iterator[Registry]:
    with Registry.init(git_repository) as opened:
        opened.register_model("m", model_data=b"first", metadata={"accuracy": 0.9})
        opened.list_model_versions("m")
        yield opened


def use(registry: Registry, top: Path, number: int) -> str:
    """Everything that an application does, reading and writing."""
    version = registry.create_model_version("m", model_data=f"content {number}".encode())
    assert registry.get_model_version("m", version.version).digest == version.digest
    assert "1.0" in [held.version for held in registry.list_model_versions("m")]
    assert registry.get_model("m").name == "m"
    place = top.parent / f"out-{number}"
    registry.checkout_model_version("m", version.version, place)
    assert place.read_bytes() == f"content {number}".encode()
    registry.register_model(f"n{number}", model_data=b"own")
    assert registry.list_models()[0].name == "m"
    return version.version


def check(registry: Registry, top: Path, versions: list[str]) -> None:
    assert len(set(versions)) == len(versions)
    assert {held.version for held in registry.list_model_versions("m")} == {"1.0", *versions}
    assert git(top, "status", "--porcelain", "--untracked-files=no") == ""
    assert set(git(top, "tag", "--merged", "main").split()) == set(git(top, "tag", "--list").split())
    git(top, "fsck", "--strict")


def test_eight_threads_read_and_create_at_once(registry: Registry, git_repository: Path) -> None:
    begin = threading.Barrier(THREADS)

    def work(number: int) -> str:
        begin.wait()
        return use(registry, git_repository, number)

    with ThreadPoolExecutor(THREADS) as pool:
        check(registry, git_repository, list(pool.map(work, range(THREADS))))


def test_a_coroutine_uses_it_in_threads(registry: Registry, git_repository: Path) -> None:
    async def work() -> list[str]:
        calls = (asyncio.to_thread(use, registry, git_repository, number) for number in range(4))
        return await asyncio.gather(*calls)

    check(registry, git_repository, asyncio.run(work()))


def test_many_threads_of_a_handle_just_opened_open_everything_once(git_repository: Path) -> None:
    Registry.init(git_repository).close()
    with Registry.open(git_repository) as registry:
        begin = threading.Barrier(THREADS)

        def look(_: int) -> tuple[int, ...]:
            begin.wait()
            handle = registry.handle
            return id(handle.index), id(handle.cache), id(handle.git), id(handle.store)

        with ThreadPoolExecutor(THREADS) as pool:
            assert len(set(pool.map(look, range(THREADS)))) == 1


def in_child(check: Callable[[], object]) -> int:
    """The exit status of a forked child that does something; -1 if it hangs."""
    child = os.fork()
    if child == 0:
        try:
            faulthandler.dump_traceback_later(30)
            check()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - its end is here, whatever it was
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(1)
    deadline = time.monotonic() + 300  # of a slow machine
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def test_a_forked_child_reads_and_creates_and_so_does_its_parent(
    registry: Registry, git_repository: Path
) -> None:
    assert in_child(lambda: use(registry, git_repository, 1)) == 0
    use(registry, git_repository, 2)
    assert len(registry.list_model_versions("m")) == 3


def test_children_forked_while_threads_are_at_work(registry: Registry, git_repository: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(use, registry, git_repository, number) for number in range(6)]
        assert [in_child(lambda n=n: use(registry, git_repository, n)) for n in range(6, 9)] == [0] * 3
        assert len({task.result() for task in running}) == 6
    assert len(registry.list_model_versions("m")) == 10
    git(git_repository, "fsck", "--strict")


def test_a_child_works_out_what_a_thread_of_its_parent_is_working_out() -> None:
    begun, go = threading.Event(), threading.Event()

    class Slow:
        @cached_property
        def value(self) -> int:
            if threading.current_thread() is not threading.main_thread():
                begun.set()
                go.wait()
            return 1

    thread = threading.Thread(target=lambda: Slow().value)
    thread.start()
    begun.wait()
    try:
        assert in_child(lambda: Slow().value) == 0
    finally:
        go.set()
        thread.join()


def test_a_child_does_not_keep_the_lock_that_a_thread_of_its_parent_held(
    registry: Registry, git_repository: Path
) -> None:
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with clone_lock(registry.handle.paths):
            held.set()
            go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    try:
        go.set()
        thread.join()
        begun = time.monotonic()
        registry.create_model_version("m", model_data=b"second")
        assert time.monotonic() - begun < 50
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
