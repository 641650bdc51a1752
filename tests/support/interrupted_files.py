"""Files between whose requests something else happens."""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

from regolo_git.store.files.contract import Files


class Interrupted:
    """Files whose calls are counted, and let something else happen before one of them."""

    def __init__(self, files: Files, at: int, act: Callable[[], None]) -> None:
        self._files, self._at, self._act = files, at, act
        self._lock = threading.Lock()
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._files, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            with self._lock:
                if self.calls == self._at:
                    self._act()
                self.calls += 1
            return found(*arguments, **named)

        return call


def advance(steps: Iterator[str], count: int) -> None:
    for _ in itertools.islice(steps, count):
        pass
