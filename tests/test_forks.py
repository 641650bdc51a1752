"""A forked child leaves alone what its parent has, and the locks of both stay usable."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from regolo_git.forks import fork_guard, keep_from_children, no_fork


class Thing:
    """Writes to a pipe when it is ended; all of them are equal."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Thing)

    def __hash__(self) -> int:
        return 1

    def __del__(self) -> None:
        os.write(self._pipe, b"ended ")


class OfThread(threading.local):
    thing: Thing | None = None


@contextmanager
def kept_by_a_thread(thing: Thing) -> Iterator[None]:
    """A thread that has a thing in a variable of its own, and nobody else has it."""
    own, begun, go = OfThread(), threading.Event(), threading.Event()
    found = [thing]
    del thing

    def keep() -> None:
        own.thing = found.pop()
        begun.set()
        go.wait()

    thread = threading.Thread(target=keep)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        go.set()
        thread.join()


def test_a_child_does_not_end_what_threads_of_its_parent_have() -> None:
    read, write = os.pipe()
    with (
        kept_by_a_thread(keep_from_children(Thing(write))),
        kept_by_a_thread(keep_from_children(Thing(write))),
    ):
        child = os.fork()
        if not child:
            gc.collect()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        os.write(write, b"| ")
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read() == "| ended ended "


ENDS = """
import os, sys, weakref
from regolo_git.forks import keep_from_children
class Thing:
    def __del__(self):
        print("ended", os.getpid() == parent, flush=True)
parent = os.getpid()
thing = keep_from_children(Thing())
weakref.finalize(thing, lambda: print("finalized", os.getpid() == parent, flush=True))
if child := os.fork():
    os.waitpid(child, 0)
del thing
sys.exit()
"""


def test_a_child_ends_without_ending_it_and_runs_no_finalizer_of_it() -> None:
    done = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split("\n")) == ["", "ended True", "finalized True"]


def test_what_is_not_used_any_more_is_ended_in_its_process() -> None:
    thing = keep_from_children(type("Thing", (), {})())
    ended = weakref.ref(thing)
    del thing
    assert ended() is None


@pytest.fixture
def interrupts() -> Iterator[None]:
    """An alarm is an interrupt."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_while_a_fork_waits_leaves_no_lock_held(interrupts: None) -> None:
    free, held = [fork_guard() for _ in range(20)], fork_guard()  # some are taken before the one that is held
    locked, go = threading.Event(), threading.Event()

    def hold() -> None:
        with held, no_fork():
            locked.set()
            go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait()
    begun = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    child = os.fork()  # waits until the interrupt, which ends the waiting alone
    if not child:
        with no_fork():
            os._exit(0)
    assert time.monotonic() - begun < 4
    assert os.waitpid(child, 0)[1] == 0
    go.set()
    thread.join()
    others = [threading.Thread(target=use, args=[guard], daemon=True) for guard in (*free, held)]
    for other in others:
        other.start()
    for other in others:
        other.join(10)
        assert not other.is_alive()


def use(guard: "threading.RLock") -> None:
    with guard, no_fork():
        pass


def test_a_fork_gives_way_to_a_thread_that_holds_one_guard_and_wants_others() -> None:
    held, others = fork_guard(), [fork_guard() for _ in range(30)]  # some come before the one that is held
    locked = threading.Event()

    def work() -> None:
        with held:
            locked.set()
            time.sleep(0.2)  # the fork waits by now
            for guard in others:
                with guard:
                    pass

    thread = threading.Thread(target=work)
    thread.start()
    locked.wait()
    begun = time.monotonic()
    child = os.fork()
    if not child:
        os._exit(0 if held.acquire(blocking=False) else 1)
    assert time.monotonic() - begun < 4
    assert os.waitpid(child, 0)[1] == 0
    thread.join()
