"""The counts of an engine in a file, from its orderly stop until it starts again or somebody asks.

Latencies are kept by the upper bounds of their bins and outcomes by their names, so that a release with other
bins or outcomes reads them.  Only here does the wall clock count, for the time between stop and start.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from regolo_git.errors import InvalidInput
from regolo_git.records.json_reader import Json, JsonReader
from regolo_git.serving.metrics.counts import OUTCOMES, Key, ShadowTally, Tally
from regolo_git.serving.metrics.latency import BOUNDS, bin_of
from regolo_git.serving.metrics.windows import Bucket, WindowStore

FORMAT = 1


@dataclass(frozen=True, slots=True)
class KeptCounts:
    """The counts at the time when they were saved; they cover the `seconds` before."""

    saved: datetime
    seconds: float
    buckets: tuple[Bucket, ...]

    @classmethod
    def of(cls, store: WindowStore, now: float) -> Self:
        """Everything in a store; `now` is its clock's."""
        return cls(datetime.now(UTC), store.age(now), tuple(store.buckets(now)))

    def store(self, now: float, *, elapsed: float = 0.0) -> WindowStore:
        """A store that has them, `elapsed` seconds after they were saved; `now` is its clock's."""
        store = WindowStore(now - self.seconds - elapsed)
        for step, age, tallies in self.buckets:
            store.put_back(Bucket(step, age + elapsed, tallies), now)
        return store

    def write(self, path: Path) -> None:
        """Replaces the file.  Raises OSError; then the file before is unchanged."""
        document = {
            "format": FORMAT,
            "saved": self.saved.isoformat(),
            "seconds": self.seconds,
            "buckets": [_bucket_json(bucket) for bucket in self.buckets],
        }
        new = path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(document, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The counts in a file; None if there are none, or none that this release can read."""
        try:
            reader = JsonReader.parse(path.read_bytes(), "the counts")
            saved = datetime.fromisoformat(reader.get("saved", str)).astimezone(UTC)
            buckets = tuple(_read_bucket(bucket) for bucket in reader.objects("buckets"))
            known = reader.get("format", int) == FORMAT
            return cls(saved, reader.get("seconds", float), buckets) if known else None
        except (OSError, ValueError, RecursionError, InvalidInput):
            return None


def _bucket_json(bucket: Bucket) -> Json:
    tallies = [_tally_json(key, tally) for key, tally in bucket.tallies.items()]
    return {"step": bucket.step, "age": bucket.age, "tallies": tallies}


def _tally_json(key: Key, tally: Tally) -> Json:
    document: dict[str, Json] = {"endpoint": key[0], "version": key[1], **_counts_json(tally)}
    if tally.shadow is not None:
        shadow = tally.shadow
        copies = _counts_json(shadow.copies)
        document["shadow"] = {**copies, "compared": shadow.compared, "agreed": shadow.agreed}
    return document


def _counts_json(tally: Tally) -> dict[str, Json]:
    bounds = (*BOUNDS, None)
    return {
        "outcomes": {name: count for name, count in zip(OUTCOMES, tally.outcomes, strict=True) if count},
        "latencies": [[bounds[index], count] for index, count in sorted(tally.bins.items())],
        "seconds": tally.seconds,
        "longest": tally.longest,
    }


def _read_bucket(reader: JsonReader) -> Bucket:
    tallies = dict(_read_tally(tally) for tally in reader.objects("tallies"))
    return Bucket(reader.get("step", float), reader.get("age", float), tallies)


def _read_tally(reader: JsonReader) -> tuple[Key, Tally]:
    tally = _read_counts(reader)
    if reader.get_optional("shadow", dict) is not None:
        held, tally.shadow = reader.object("shadow"), ShadowTally()
        tally.shadow.copies = _read_counts(held)
        tally.shadow.compared, tally.shadow.agreed = held.get("compared", int), held.get("agreed", int)
    return (reader.get("endpoint", str), reader.get("version", str)), tally


def _read_counts(reader: JsonReader) -> Tally:
    tally, counts = Tally(), reader.dict_of("outcomes", int)
    tally.outcomes = [counts.get(name, 0) for name in OUTCOMES]
    for row in reader.rows("latencies", 2):
        bound = row.get_optional(0, float)
        index = bin_of(bound) if bound is not None else len(BOUNDS)
        tally.bins[index] = tally.bins.get(index, 0) + row.get(1, int)
    tally.seconds, tally.longest = reader.get("seconds", float), reader.get("longest", float)
    return tally
