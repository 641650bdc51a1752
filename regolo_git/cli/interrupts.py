"""How a command that has something to say when it is stopped hears of it: each request to end is a Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

TO_END = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Has a request to end, or a terminal that is closed, end this process as Ctrl-C does.

    What was ignored, as by `nohup`, still is.
    """
    before = {number: signal.getsignal(number) for number in TO_END}
    answered = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in answered:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in answered:
            signal.signal(number, before[number])


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A short block that is not left half-way: what interrupts it does so after it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *TO_END))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
