"""Ends a conversation with a remote in which nothing is heard any more."""

import threading
import time
from collections.abc import Callable

LOOK_SECONDS = 0.2


class Watch:
    """Ends a process when nothing was heard of it for some time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._heard = time.monotonic()
        self._over = threading.Event()
        self._end: Callable[[], None] | None = None
        self.expired = False

    def heard(self, _size: int = 0, _kind: str = "") -> None:
        """Notes that something happened; dulwich calls it for all that it reads and writes."""
        self._heard = time.monotonic()

    def begin(self, end: Callable[[], None]) -> None:
        """Watches from now on; `end` is called at most once."""
        self._end = end
        self.heard()
        threading.Thread(target=self._look, daemon=True).start()

    def stop(self) -> None:
        """Watches no longer."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if time.monotonic() - self._heard > self._seconds and self._end is not None:
                self.expired = True
                self._end()
                return
