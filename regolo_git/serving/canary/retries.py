"""When an act on an endpoint that failed may be tried again: soon at first, then once a minute."""

from collections.abc import Callable

RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 60.0)


class Retries:
    """The failed acts by endpoint; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failed: dict[str, tuple[int, float]] = {}

    def is_due(self, name: str) -> bool:
        """Whether an endpoint has no failed act, or one that may be tried again."""
        return self._clock() >= self._failed.get(name, (0, 0.0))[1]

    def failed(self, name: str) -> None:
        """Notes that an act has failed, once more."""
        count = self._failed.get(name, (0, 0.0))[0]
        self._failed[name] = count + 1, self._clock() + RETRY_SECONDS[min(count, len(RETRY_SECONDS) - 1)]

    def over(self, name: str) -> None:
        """Forgets what has failed."""
        self._failed.pop(name, None)
