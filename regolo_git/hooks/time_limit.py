"""Work that must end within some seconds, whatever a library waits for: in a child process."""

import os
import selectors
import signal
import time
from collections.abc import Callable
from contextlib import suppress

READ_AT_ONCE = 1 << 16
DONE = b"+"  # before an answer, which may be empty


def within(seconds: float, work: Callable[[], bytes]) -> bytes | None:
    """What `work` returns, or None if it takes longer or dies.

    It runs in a fork of this process, which should have no other thread.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(writing, work)
    os.close(writing)
    try:
        said = _read(reading, time.monotonic() + seconds)
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return said.removeprefix(DONE) if said.startswith(DONE) else None


def _answer(writing: int, work: Callable[[], bytes]) -> None:
    """Writes the answer and ends the child, which must not go on with what the parent does."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(DONE + work())
    finally:
        os._exit(0)


def _read(reading: int, deadline: float) -> bytes:
    """What the child writes until it closes its end; nothing if that takes too long."""
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            part = os.read(reading, READ_AT_ONCE)
            if not part:
                return b"".join(parts)
            parts.append(part)
    return b""
