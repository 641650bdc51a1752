"""Runs work ahead of who takes its results, as far as the bytes that the results hold allow."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")


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
    free = budget
    with ThreadPoolExecutor(threads, "regolo-fetch") as pool:
        try:
            for work in works:
                needed = min(size(work), budget)
                while free < needed:
                    held, future = waiting.popleft()
                    yield future.result()
                    free += held
                free -= needed
                waiting.append((needed, pool.submit(run, work)))
            while waiting:
                yield waiting.popleft()[1].result()
        finally:
            for _, future in waiting:
                future.cancel()
