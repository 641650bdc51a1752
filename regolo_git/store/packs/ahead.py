"""Runs work ahead of the reader of its results, as far as the bytes that the results hold allow."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Generic, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


class _Threads(Generic[Result]):
    """Threads that end with the process: nobody waits for a connection that stalls after an interrupt."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._started = 0
        self._tasks: SimpleQueue[tuple[Future[Result], Callable[[], Result]] | None] = SimpleQueue()

    def submit(self, task: Callable[[], Result]) -> Future[Result]:
        future: Future[Result] = Future()
        self._tasks.put((future, task))
        if self._started < self._limit:
            self._started += 1
            threading.Thread(target=self._serve, name="regolo-fetch", daemon=True).start()
        return future

    def stop(self) -> None:
        for _ in range(self._started):
            self._tasks.put(None)

    def _serve(self) -> None:
        while (item := self._tasks.get()) is not None:
            future, task = item
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(task())
                except BaseException as error:  # noqa: BLE001 - raised where the result is taken
                    future.set_exception(error)
            del item, future, task  # with the bytes that they hold


def run_ahead(
    works: Iterable[Work],
    size: Callable[[Work], int],
    run: Callable[[Work], Result],
    threads: int,
    budget: int,
) -> Iterator[Result]:
    """The result of each work, in order; works and results that wait to be taken hold up to `budget` bytes.

    Raises the first error of `run`, after which nothing begins.
    """
    waiting: deque[tuple[int, Future[Result]]] = deque()
    free, pool = budget, _Threads[Result](threads)
    try:
        for work in works:
            needed = min(size(work), budget)
            while free < needed:
                held, future = waiting.popleft()
                yield future.result()
                free += held
                del future
            free -= needed
            waiting.append((needed, pool.submit(partial(run, work))))
        while waiting:
            yield waiting.popleft()[1].result()
    finally:
        for _, future in waiting:
            future.cancel()
        pool.stop()
