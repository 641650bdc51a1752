"""Several requests at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def at_once(ask: Callable[[Asked], Answer], asked: Sequence[Asked], threads: int) -> list[Answer]:
    """The answer to each, in order, by several threads; the first error is raised, and no more is asked."""
    if len(asked) < 2:
        return [ask(one) for one in asked]
    with ThreadPoolExecutor(min(threads, len(asked)), "regolo-files") as pool:
        waiting = [pool.submit(ask, one) for one in asked]
        try:
            return [one.result() for one in waiting]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
