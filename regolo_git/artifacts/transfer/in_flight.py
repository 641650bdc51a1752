"""Transfers that run at the same time, as many as the bytes that they hold in memory allow."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from regolo_git.records.recipe import CHUNK_LIMIT
from regolo_git.system_calls import page_aligned, share_heaps

BUDGET = 3 * CHUNK_LIMIT
Work = Callable[[], object]


class InFlight:
    """A context manager that runs work in threads; leaving it waits for what is running.

    After a KeyboardInterrupt it does not wait: a connection that stalls would keep the user from stopping.
    So the threads end with the process.
    """

    def __init__(self, threads: int, budget: int = BUDGET) -> None:
        """Uses up to so many threads, and lets work hold up to `budget` bytes at a time."""
        share_heaps()
        self._left_to_start = max(1, threads)
        self._budget = self._free = budget
        self._waiting: SimpleQueue[tuple[int, Work] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._changed = threading.Condition()
        self._unfinished = 0
        self._own = threading.local()
        self._memories: list[memoryview] = []  # those that no work has
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._fail(error)
        for _ in self._threads:
            self._waiting.put(None)
        if not isinstance(error, KeyboardInterrupt):
            for thread in self._threads:
                thread.join()

    def submit(self, size: int, work: Work) -> None:
        """Runs work that holds `size` bytes, as soon as there is room for them.

        Raises the first error of earlier work, after which nothing begins.
        """
        size = min(size, self._budget)
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or self._free >= size)
            self._raise()
            self._free -= size
            self._unfinished += 1
        self._waiting.put((size, work))
        if self._left_to_start:
            self._left_to_start -= 1
            thread = threading.Thread(target=self._run, name="regolo-transfer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def memory(self) -> memoryview:
        """`CHUNK_LIMIT` bytes of memory for the work that asks, until it ends; later work gets the same.

        So there are no more of them than the budget has room for, however many threads there are.
        """
        memory: memoryview | None = getattr(self._own, "memory", None)
        if memory is None:
            with self._changed:
                memory = self._memories.pop() if self._memories else None
            memory = self._own.memory = memory or page_aligned(CHUNK_LIMIT, huge=True)
        return memory

    def _give_back(self) -> None:
        """Has other work get the memory of this thread."""
        memory: memoryview | None = getattr(self._own, "memory", None)
        if memory is not None:
            self._own.memory = None
            self._memories.append(memory)

    def finish(self) -> None:
        """Waits for all work.  Raises the first error."""
        with self._changed:
            self._changed.wait_for(lambda: self._error is not None or not self._unfinished)
            self._raise()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            size, work = item
            try:
                if self._error is None:
                    work()
            except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                self._fail(error)
            del item, work  # with the bytes that it holds
            with self._changed:
                self._give_back()
                self._free += size
                self._unfinished -= 1
                self._changed.notify_all()

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._error = self._error or error
            self._changed.notify_all()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error
