"""Counts of each version's requests, in the gateway and in the supervisor.

A gateway counts into tallies and hands them over (`take`); the supervisor merges them.  Handing over instead
of reporting totals keeps every count exact when one gateway replaces another.
"""

from collections.abc import Iterable
from typing import Final, Self

from regolo_git.records.canary import Watch
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.metrics.latency import bin_of
from regolo_git.serving.metrics.watched import WatchedTally, failed_metrics

# The outcome of a request: a status below 400; 5xx; the caller's own mistake (4xx); no answer in time (504);
# refused because too many were in flight (503); its caller hung up before the answer.
OUTCOMES: Final = ("ok", "error", "client_error", "timeout", "dropped", "abandoned")
OK, ERROR, CLIENT_ERROR, TIMEOUT, DROPPED, ABANDONED = range(len(OUTCOMES))
# These have no latency: nobody waited for an answer.
UNTIMED: Final = (DROPPED, ABANDONED)
# The caller got a 5xx.
ERRORS: Final = (ERROR, TIMEOUT, DROPPED)

Key = tuple[str, str]


def outcome_of(status: int) -> int:
    """The outcome of a request that was answered."""
    if status < 400:
        return OK
    if status < 500:
        return CLIENT_ERROR
    return TIMEOUT if status == 504 else ERROR


class Tally:
    """Counts of one version's requests by outcome, and the latencies of those that were answered.

    `seconds` is their sum and `longest` the largest of them.  `shadow` has what a shadow got copies of.
    """

    __slots__ = ("bins", "longest", "outcomes", "seconds", "shadow")

    def __init__(self) -> None:
        self.outcomes = [0] * len(OUTCOMES)
        self.bins: dict[int, int] = {}
        self.seconds = 0.0
        self.longest = 0.0
        self.shadow: ShadowTally | None = None

    def add(self, outcome: int, seconds: float) -> None:
        """Counts one request."""
        self.outcomes[outcome] += 1
        if outcome not in UNTIMED:
            index = bin_of(seconds)
            self.bins[index] = self.bins.get(index, 0) + 1
            self.seconds += seconds
            self.longest = max(self.longest, seconds)

    def merge(self, other: "Tally") -> None:
        """Adds another's counts to these."""
        for outcome, count in enumerate(other.outcomes):
            self.outcomes[outcome] += count
        for index, count in other.bins.items():
            self.bins[index] = self.bins.get(index, 0) + count
        self.seconds += other.seconds
        self.longest = max(self.longest, other.longest)
        if other.shadow is not None:
            self.shadow = self.shadow or ShadowTally()
            self.shadow.merge(other.shadow)

    @property
    def requests(self) -> int:
        """Every request, whatever became of it."""
        return sum(self.outcomes)

    @property
    def timed(self) -> int:
        """Requests that have a latency."""
        return self.requests - sum(self.outcomes[outcome] for outcome in UNTIMED)

    @property
    def abandoned(self) -> int:
        """Requests whose caller hung up before the answer."""
        return self.outcomes[ABANDONED]

    @property
    def errors(self) -> int:
        """Requests whose caller got a 5xx; the caller's own mistakes are not among them."""
        return sum(self.outcomes[outcome] for outcome in ERRORS)

    @property
    def client_errors(self) -> int:
        """Requests that were the caller's own mistake (4xx)."""
        return self.outcomes[CLIENT_ERROR]


class ShadowTally:
    """Counts of the copies that a shadow got: `copies` by outcome, and what its answers agreed with.

    `compared` are those whose answer and the served one could be compared, `agreed` those of them where both
    say the same.  `DROPPED` are copies that it never got, because it was behind.
    """

    __slots__ = ("agreed", "compared", "copies")

    def __init__(self) -> None:
        self.copies = Tally()
        self.compared = 0
        self.agreed = 0

    def merge(self, other: "ShadowTally") -> None:
        """Adds another's counts to these."""
        self.copies.merge(other.copies)
        self.compared += other.compared
        self.agreed += other.agreed


class Recorder:
    """A gateway's counts since the last hand-over."""

    def __init__(self) -> None:
        self._tallies: dict[Key, Tally] = {}
        self._rejected: dict[str, int] = {}
        self._watched: dict[Key, WatchedTally] = {}

    def record(self, endpoint: str, version: str, outcome: int, seconds: float) -> None:
        """Counts one request of a version."""
        tally = self._tallies.get((endpoint, version))
        if tally is None:
            tally = self._tallies[endpoint, version] = Tally()
        tally.add(outcome, seconds)

    def watch(self, key: Key, watch: Watch, outcome: int, seconds: float, caller: str | None) -> None:
        """Counts one request of a version that is compared; `caller` is the key by which it sticks."""
        tally = self._watched.get(key)
        if tally is None:
            tally = self._watched[key] = WatchedTally()
        tally.add(watch, failed_metrics(watch, is_error=outcome in ERRORS, seconds=seconds), caller)

    def record_copy(
        self, endpoint: str, version: str, outcome: int, seconds: float, *, agrees: bool | None = None
    ) -> None:
        """Counts one copy that a shadow got, apart from its requests; `agrees` is None if none could tell."""
        tally = self._tallies.setdefault((endpoint, version), Tally())
        shadow = tally.shadow = tally.shadow or ShadowTally()
        shadow.copies.add(outcome, seconds)
        shadow.compared += agrees is not None
        shadow.agreed += agrees is True

    def reject(self, reason: str) -> None:
        """Counts one request that was refused before a version was chosen."""
        self._rejected[reason] = self._rejected.get(reason, 0) + 1

    def take(self) -> "Counts":
        """Hands over the counts and starts again from zero."""
        taken = Counts(self._tallies, self._rejected, self._watched)
        self._tallies, self._rejected, self._watched = {}, {}, {}
        return taken


class Counts:
    """Tallies by (endpoint, version), and rejected requests by reason.

    `watched` is for the comparison of versions; it is handed over, and not merged.
    """

    def __init__(
        self,
        tallies: dict[Key, Tally] | None = None,
        rejected: dict[str, int] | None = None,
        watched: dict[Key, WatchedTally] | None = None,
    ) -> None:
        self.tallies = tallies if tallies is not None else {}
        self.rejected = rejected if rejected is not None else {}
        self.watched = watched if watched is not None else {}

    def merge(self, other: "Counts") -> None:
        """Adds another's counts to these."""
        merge_tallies(self.tallies, other.tallies.items())
        for reason, count in other.rejected.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + count

    def to_json(self) -> Json:
        """The form sent by a gateway."""
        return {
            "tallies": [_tally_json(key, tally) for key, tally in self.tallies.items()],
            "rejected": dict(self.rejected),
            "watched": [[*key, tally.to_json()] for key, tally in self.watched.items()],
        }

    @classmethod
    def read(cls, reader: JsonReader) -> Self:
        """Reads `to_json`.  Raises InvalidInput."""
        tallies = dict(_read_tally(entry) for entry in reader.objects("tallies"))
        rows = reader.rows("watched", 3)
        watched = {(row.get(0, str), row.get(1, str)): WatchedTally.read(row.object(2)) for row in rows}
        return cls(tallies, reader.dict_of("rejected", int), watched)


def merge_tallies(into: dict[Key, Tally], tallies: Iterable[tuple[Key, Tally]]) -> None:
    """Adds tallies to those of the same version."""
    for key, tally in tallies:
        held = into.get(key)
        if held is None:
            held = into[key] = Tally()
        held.merge(tally)


def _tally_json(key: Key, tally: Tally) -> Json:
    endpoint, version = key
    shadow = tally.shadow
    return {
        "endpoint": endpoint,
        "version": version,
        **_counts_json(tally),
        "shadow": [_counts_json(shadow.copies), shadow.compared, shadow.agreed] if shadow else None,
    }


def _counts_json(tally: Tally) -> dict[str, Json]:
    return {
        "outcomes": list(tally.outcomes),
        "bins": [[index, count] for index, count in tally.bins.items()],
        "seconds": tally.seconds,
        "longest": tally.longest,
    }


def _read_tally(reader: JsonReader) -> tuple[Key, Tally]:
    tally = _read_counts(reader)
    if reader.get_optional("shadow", list) is not None:
        row, tally.shadow = reader.elements("shadow"), ShadowTally()
        tally.shadow.copies = _read_counts(row.object(0))
        tally.shadow.compared, tally.shadow.agreed = row.get(1, int), row.get(2, int)
    return (reader.get("endpoint", str), reader.get("version", str)), tally


def _read_counts(reader: JsonReader) -> Tally:
    tally = Tally()
    tally.outcomes = reader.list_of("outcomes", int)
    tally.bins = {pair.get(0, int): pair.get(1, int) for pair in reader.rows("bins", 2)}
    tally.seconds = reader.get("seconds", float)
    tally.longest = reader.get("longest", float)
    return tally
