"""A thread pool with a ring of large buffers: the threads of one ingest, checkout or verification.

One thread runs tasks in order (a file's digest needs its bytes in order); as many as the store can use run
the others (hashing, reading and writing chunks).  A buffer is reused only when every task that reads it
is done, so the same bytes are read, hashed and stored, and memory is bounded for artifacts of any size.
"""

import mmap
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from regolo_git.records.recipe import CHUNK_LIMIT
from regolo_git.system_calls import use_huge_pages

BUFFERS = 6

P = ParamSpec("P")
T = TypeVar("T")


class _AtOnce(Executor):
    """Runs each task when it is submitted: starting a thread takes longer than a small task."""

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        done: Future[T] = Future()
        try:
            done.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised when the result is asked for
            done.set_exception(error)
        return done


class ThreadPool:
    """A context manager; leaving it waits for every thread, and after an error cancels pending tasks."""

    def __init__(self, workers: int) -> None:
        """Starts `workers` threads for tasks in any order, and one for those in order; none for 0 workers."""
        self._ordered = ThreadPoolExecutor(1, "regolo-digest") if workers else _AtOnce()
        self._workers = ThreadPoolExecutor(workers, "regolo-chunks") if workers else _AtOnce()
        self._allocated = 0
        self._busy: deque[tuple[memoryview, tuple[Future[Any], ...]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._workers, self._ordered):
            pool.shutdown(wait=True, cancel_futures=error is not None)

    def buffer(self) -> memoryview:
        """A free buffer of `CHUNK_LIMIT` bytes; waits for one.

        Raises the errors of the tasks that used it.
        """
        if self._allocated < BUFFERS:
            self._allocated += 1
            # Anonymous memory is page-aligned, as direct writes require.  Huge pages cause 8 page faults
            # instead of 4096, and fewer pieces for the disk.  Small artifacts use a part of one buffer, where
            # clearing a huge page would cost more than it saves.  Private, because shared memory has none.
            memory = mmap.mmap(-1, CHUNK_LIMIT, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            if self._allocated > 1:
                use_huge_pages(memory)
            return memoryview(memory)
        view, tasks = self._busy.popleft()
        for task in tasks:
            task.result()
        return view

    def release(self, view: memoryview, *tasks: "Future[Any]") -> None:
        """Returns a whole buffer, to be reused when these tasks are done."""
        self._busy.append((view, tasks))

    def submit_in_order(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Runs a task after all tasks that were submitted in order before it."""
        return self._ordered.submit(function, *args, **kwargs)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Runs a task when a thread is free."""
        return self._workers.submit(function, *args, **kwargs)

    def finish(self) -> None:
        """Waits for every task.  Raises the error of the first that failed."""
        while self._busy:
            for task in self._busy.popleft()[1]:
                task.result()
