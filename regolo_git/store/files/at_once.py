"""Several requests at a time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


def at_once(ask: Callable[[Asked], Answer], asked: Sequence[Asked], threads: int) -> list[Answer]:
    """The answers in order, from several threads; the first error is raised and ends the requests."""
    if len(asked) < 2:
        return [ask(one) for one in asked]
    pool = ThreadPoolExecutor(min(threads, len(asked)), "regolo-files")
    try:
        return [one.result() for one in [pool.submit(ask, one) for one in asked]]
    finally:  # after an error or an interrupt, nobody waits for those that have begun
        pool.shutdown(wait=False, cancel_futures=True)
