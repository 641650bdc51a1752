"""A thread pool with a ring of large buffers: the threads of one ingest, checkout or verification.

One thread runs tasks in order (a file's digest needs its bytes in order), three run any (hashing and writing
chunks; one of them is mostly waiting for the disk).  A buffer is handed out again only when every task that
looks at it is done, so what is hashed, what is stored and what was read are the same bytes, and memory stays
bounded however large the artifact is.
"""

import mmap
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from regolo_git.records.recipe import CHUNK_LIMIT

BUFFERS = 6
WORKERS = 3

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """A context manager; leaving it waits for every thread, and after an error drops what has not begun."""

    def __init__(self) -> None:
        self._ordered = ThreadPoolExecutor(1, "regolo-digest")
        self._workers = ThreadPoolExecutor(WORKERS, "regolo-chunks")
        self._made = 0
        self._busy: deque[tuple[memoryview, tuple[Future[Any], ...]]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._workers, self._ordered):
            pool.shutdown(wait=True, cancel_futures=error is not None)

    def buffer(self) -> memoryview:
        """A buffer of `CHUNK_LIMIT` bytes that nothing looks at any more; waits for one.

        Raises what the tasks that had it raised.
        """
        if self._made < BUFFERS:
            self._made += 1
            # Anonymous memory begins at a page, as writes past the page cache need it; huge pages make 8 of
            # 4096 page faults, and fewer pieces for the disk.  Small artifacts need one buffer and little of
            # it, where clearing a huge page would cost more than it saves.
            memory = mmap.mmap(-1, CHUNK_LIMIT)
            if self._made > 1 and hasattr(mmap, "MADV_HUGEPAGE"):
                with suppress(OSError):  # a kernel without them
                    memory.madvise(mmap.MADV_HUGEPAGE)
            return memoryview(memory)
        view, tasks = self._busy.popleft()
        for task in tasks:
            task.result()
        return view

    def release(self, view: memoryview, *tasks: "Future[Any]") -> None:
        """Gives a whole buffer back; it is handed out again when these tasks are done."""
        self._busy.append((view, tasks))

    def submit_in_order(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Runs a task after all that were submitted in order before it."""
        return self._ordered.submit(function, *args, **kwargs)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Runs a task when a thread is free."""
        return self._workers.submit(function, *args, **kwargs)

    def finish(self) -> None:
        """Waits for every task.  Raises what one of them raised."""
        while self._busy:
            for task in self._busy.popleft()[1]:
                task.result()
