"""How long a request may still take, which is how long draining waits.

A request keeps the limit of the table that it was accepted by.  So an endpoint's limit counts from before any
gateway uses it, and for as long as it allows after the last gateway has replaced it.
"""

import time
from collections.abc import Callable, Mapping


class RequestLimits:
    """The limits of all endpoints in seconds, past ones too; `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._current: dict[str, float] = {}
        self._past: list[tuple[str, float, float]] = []

    def offer(self, limits: Mapping[str, float]) -> None:
        """Takes the limits of a table that gateways are about to use, beside those of the one before."""
        for name, seconds in limits.items():
            self._current[name] = max(seconds, self._current.get(name, 0.0))

    def settle(self, limits: Mapping[str, float]) -> None:
        """Takes the limits of the table that every gateway uses now."""
        now = self._clock()
        self._past = [past for past in self._past if past[2] > now]
        for name, seconds in self._current.items():
            if seconds > limits.get(name, 0.0):
                self._past.append((name, seconds, now + seconds))
        self._current = dict(limits)

    def longest(self, endpoint: str | None = None) -> float:
        """The longest that a request of an endpoint, or of any, may still take."""
        now = self._clock()
        past = [(name, seconds) for name, seconds, until in self._past if until > now]
        every = [*self._current.items(), *past]
        return max((seconds for name, seconds in every if endpoint in (None, name)), default=0.0)
