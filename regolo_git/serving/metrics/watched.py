"""Counts for the comparison of two versions, kept only for endpoints on which a canary runs.

Each metric of the policy is a counter of failures: an error, or a request that took longer than a limit,
which is counted exactly and not read off the bins of a histogram.  Where callers stick to a version, their
requests are not independent, so a caller counts once in a block of time, and fails if one of its requests
does.  A gateway knows callers by a hash of their key; the supervisor joins what all gateways report of one
block.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from regolo_git.records.canary import Watch
from regolo_git.records.json_reader import Json, JsonReader

Key = tuple[str, str]

# Further callers are not counted, so that memory is bounded; the rest is still a fair sample of both
# versions.
MOST_REPORTED: Final = 20_000
MOST_IN_A_BLOCK: Final = 200_000


def failed_metrics(watch: Watch, *, is_error: bool, seconds: float) -> int:
    """The metrics by which a request failed, as bits in the order of the policy."""
    bits = 0
    for index, limit in enumerate(watch):
        if is_error if limit is None else seconds > limit:
            bits |= 1 << index
    return bits


def caller_hash(key: str) -> int:
    """A number for a caller that is the same in every gateway."""
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")


@dataclass(slots=True)
class WatchedTally:
    """The requests of one version since the last hand-over, and how many failed by each metric.

    Requests of callers that stick are in `callers` instead: the metrics by which each has failed.
    """

    requests: int = 0
    failures: list[int] = field(default_factory=list)
    callers: dict[int, int] = field(default_factory=dict)

    def add(self, watch: Watch, failed: int, caller: str | None) -> None:
        """Counts one request."""
        if caller is not None:
            add_caller(self.callers, caller_hash(caller), failed, MOST_REPORTED)
            return
        if not self.failures:
            self.failures = [0] * len(watch)
        self.requests += 1
        for index in range(len(watch)):
            self.failures[index] += failed >> index & 1

    def to_json(self) -> Json:
        """The form sent by a gateway."""
        callers: list[Json] = [[caller, failed] for caller, failed in self.callers.items()]
        return {"requests": self.requests, "failures": list(self.failures), "callers": callers}

    @classmethod
    def read(cls, reader: JsonReader) -> "WatchedTally":
        """Reads `to_json`.  Raises InvalidInput."""
        return cls(
            reader.get("requests", int),
            reader.list_of("failures", int),
            {row.get(0, int): row.get(1, int) for row in reader.rows("callers", 2)},
        )


def add_caller(callers: dict[int, int], caller: int, failed: int, most: int) -> None:
    """Adds what one caller saw, unless there are too many to add another."""
    before = callers.get(caller)
    if before is not None:
        callers[caller] = before | failed
    elif len(callers) < most:
        callers[caller] = failed


class WatchedCounts:
    """The counts of every watched version, in the supervisor: totals that grow while it is watched."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._totals: dict[Key, list[int]] = {}
        self._open: dict[Key, dict[int, int]] = {}

    def watch(self, watches: Mapping[str, Watch]) -> None:
        """Counts these endpoints; what was counted of others, or by another watch, is forgotten."""
        if watches == self._watches:
            return
        same = {name for name, watch in self._watches.items() if watches.get(name) == watch}
        self._totals = {key: total for key, total in self._totals.items() if key[0] in same}
        self._open = {key: callers for key, callers in self._open.items() if key[0] in same}
        self._watches = dict(watches)

    def add(self, watched: Mapping[Key, WatchedTally]) -> None:
        """Adds what a gateway has handed over."""
        for key, tally in watched.items():
            watch = self._watches.get(key[0])
            if watch is None:
                continue
            if len(tally.failures) == len(watch):
                self._add(key, tally.requests, tally.failures)
            callers = self._open.setdefault(key, {}) if tally.callers else {}
            for caller, failed in tally.callers.items():
                add_caller(callers, caller, failed, MOST_IN_A_BLOCK)

    def close_block(self, endpoint: str) -> dict[str, list[int]]:
        """Ends a block: each version's total of requests (or callers), then its failures by each metric."""
        for key in [key for key in self._open if key[0] == endpoint]:
            callers, watch = self._open.pop(key), self._watches[endpoint]
            failed = [sum(bits >> index & 1 for bits in callers.values()) for index in range(len(watch))]
            self._add(key, len(callers), failed)
        return {key[1]: list(total) for key, total in self._totals.items() if key[0] == endpoint}

    def _add(self, key: Key, requests: int, failures: list[int]) -> None:
        total = self._totals.setdefault(key, [0] * (1 + len(failures)))
        for index, count in enumerate((requests, *failures)):
            total[index] += count
