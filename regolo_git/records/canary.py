"""The tables `[canary]` and `[candidate]` of an endpoint: how new versions are tried, and the present one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.kinds import is_kind, is_number
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue
from regolo_git.records.versions import Version
from regolo_git.text.json_values import Plain, plain
from regolo_git.text.printable import printable
from regolo_git.text.times import parse_duration

ERROR_RATE: Final = "error_rate"
LATENCY_OVER: Final = "latency_over"
METRICS: Final = (ERROR_RATE, LATENCY_OVER)
LONGEST_SECONDS = 366 * 86400.0
# What is counted of each request, one entry for each metric: None for errors, or the limit in seconds.
Watch = tuple[float | None, ...]
# A larger value is refused without being shown.
MOST_SHOWN = 10**15
UNITS = ((86400, "d"), (3600, "h"), (60, "m"))


@dataclass(frozen=True, slots=True)
class CanaryMetric:
    """One metric: the share of errors, or the share of requests that took longer than `limit_ms`.

    The candidate is worse if its share is more than `margin` above that of the baseline, and not worse if it
    is less than `promote_margin` above it.  Raises InvalidInput for an unknown metric or a margin of 1.
    """

    name: str
    margin: float = 0.0
    promote_margin: float = 0.01
    limit_ms: float | None = None

    def __post_init__(self) -> None:
        if self.name not in METRICS:
            raise InvalidInput(
                f"there is no canary metric '{printable(str(self.name))}'", f"metrics: {', '.join(METRICS)}"
            )
        _between("margin", self.margin, 0, 1, least_included=True)
        _between("promote_margin", self.promote_margin, 0, 1)
        if (self.limit_ms is None) is (self.name == LATENCY_OVER):
            raise InvalidInput(f"'limit_ms' is set for '{LATENCY_OVER}', and for no other metric")
        if self.limit_ms is not None:
            _between("limit_ms", self.limit_ms, 0, 3_600_001)

    @classmethod
    def read(cls, table: TomlValue, what: str) -> Self:
        """Parses the inline table.  Raises IntegrityError, InvalidInput."""
        if not isinstance(table, Mapping):
            raise IntegrityError(f"a metric in {what} is not a table")
        reader = TableReader(table, what)
        default = cls(ERROR_RATE)
        margin, promotion = (
            reader.take_optional("margin", float),
            reader.take_optional("promote_margin", float),
        )
        metric = cls(
            reader.take("name", str),
            default.margin if margin is None else float(margin),
            default.promote_margin if promotion is None else float(promotion),
            reader.take_optional("limit_ms", float),
        )
        if reader.rest:
            # A key that changes what is compared must not be ignored.
            raise InvalidInput(f"a metric of a canary has no '{printable(next(iter(reader.rest)))}'")
        return metric

    def to_dict(self) -> Plain:
        """The metric as plain values."""
        return {key: plain(value) for key, value in self.to_table().items()}

    def to_table(self) -> Table:
        """The inline table."""
        table: dict[str, TomlValue] = {"name": self.name}
        if self.limit_ms is not None:
            table["limit_ms"] = self.limit_ms
        return table | {"margin": self.margin, "promote_margin": self.promote_margin}


@dataclass(frozen=True, slots=True)
class CanaryPolicy:
    """How a new version is tried: the shares it gets, how long each is watched, and what is compared.

    `rejected` are the digests that a rollback has ruled out.  Raises InvalidInput for a policy that cannot be
    followed.
    """

    steps: tuple[float, ...] = (0.01, 0.1, 0.5)
    bake_seconds: float = 600.0
    min_requests: int = 200
    max_seconds: float = 86400.0
    promote: bool = False
    rollback_level: float = 0.01
    promote_level: float = 0.05
    metrics: tuple[CanaryMetric, ...] = field(default_factory=lambda: (CanaryMetric(ERROR_RATE),))
    rejected: tuple[Digest, ...] = ()
    unknown: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        for step in self.steps:
            _between("steps", step, 0, 1)
        if not self.steps or any(later <= earlier for earlier, later in pairwise(self.steps)):
            raise InvalidInput("the 'steps' of a canary do not rise", "give shares such as [0.01, 0.1, 0.5]")
        for name, level in (("rollback", self.rollback_level), ("promote", self.promote_level)):
            _between(f"level.{name}", level, 0, 1)
        for name, seconds in (("bake", self.bake_seconds), ("max_duration", self.max_seconds)):
            _between(name, seconds, 0, LONGEST_SECONDS)
        if self.max_seconds < self.bake_seconds:
            raise InvalidInput("the 'max_duration' of a canary is shorter than its 'bake'")
        if not is_kind(self.min_requests, int) or not 1 <= self.min_requests <= 10**9:
            raise InvalidInput("'min_requests' of a canary is not a whole number of at least 1")
        names = [(metric.name, metric.limit_ms) for metric in self.metrics]
        if not names:
            raise InvalidInput("the 'metrics' of a canary are empty", f"metrics: {', '.join(METRICS)}")
        if len(set(names)) < len(names):
            raise InvalidInput("the 'metrics' of a canary have the same one twice")

    @property
    def watch(self) -> Watch:
        """What is counted of each request, in the order of the metrics."""
        return tuple(m.limit_ms / 1000 if m.limit_ms is not None else None for m in self.metrics)

    def next_step(self, share: float) -> int | None:
        """The index of the first step above a share; None if everything comes next.

        By the share, because the steps may have been edited since it was given.
        """
        return next((index for index, step in enumerate(self.steps) if step > share), None)

    def to_dict(self) -> Plain:
        """The policy as plain values."""
        return {key: plain(value) for key, value in self.to_table().items()}

    def to_table(self) -> Table:
        """The table in the endpoint file."""
        table: dict[str, TomlValue] = {
            "steps": [float(step) for step in self.steps],
            "bake": _duration_text(self.bake_seconds),
            "min_requests": self.min_requests,
            "max_duration": _duration_text(self.max_seconds),
            "promote": self.promote,
            "level": {"rollback": self.rollback_level, "promote": self.promote_level},
            "metrics": [metric.to_table() for metric in self.metrics],
        }
        if self.rejected:
            table["rejected"] = [str(digest) for digest in self.rejected]
        return table | dict(sorted(self.unknown.items()))

    @classmethod
    def read(cls, reader: TableReader) -> Self:
        """Parses the table; what is missing is as in the default.  Raises IntegrityError, InvalidInput."""
        default, level = cls(), reader.take_table("level")
        steps, metrics = reader.take_optional("steps", list), reader.take_optional("metrics", list)
        count, promote = reader.take_optional("min_requests", int), reader.take_optional("promote", bool)
        rollback, promotion = level.take_optional("rollback", float), level.take_optional("promote", float)
        if level.rest:
            raise InvalidInput(f"there is no level '{printable(next(iter(level.rest)))}' in {reader.what}")
        return cls(
            steps=default.steps if steps is None else tuple(_share(step) for step in steps),
            bake_seconds=_read_duration(reader, "bake", default.bake_seconds),
            min_requests=default.min_requests if count is None else count,
            max_seconds=_read_duration(reader, "max_duration", default.max_seconds),
            promote=default.promote if promote is None else promote,
            rollback_level=default.rollback_level if rollback is None else rollback,
            promote_level=default.promote_level if promotion is None else promotion,
            metrics=default.metrics
            if metrics is None
            else tuple(CanaryMetric.read(metric, reader.what) for metric in metrics),
            rejected=tuple(Digest.parse(text) for text in reader.take_texts("rejected")),
            unknown=reader.rest,
        )


@dataclass(frozen=True, slots=True)
class Candidate:
    """The version that is tried, at a step of the policy (an index) since a time; who decides, if anybody.

    A person has `held` it: it gets no more traffic until somebody resumes it.
    """

    version: str
    step: int
    since: datetime
    decided_by: str | None = None
    held: bool = False
    unknown: Table = field(default_factory=dict)

    def to_dict(self) -> Plain:
        """The candidate as plain values."""
        return {key: plain(value) for key, value in self.to_table().items()}

    def to_table(self) -> Table:
        """The table in the endpoint file."""
        table: dict[str, TomlValue] = {"version": self.version, "step": self.step, "since": self.since}
        if self.decided_by is not None:
            table["decided_by"] = self.decided_by
        if self.held:
            table["held"] = True
        return table | dict(sorted(self.unknown.items()))

    @classmethod
    def read(cls, reader: TableReader) -> Self:
        """Parses the table.  Raises IntegrityError, InvalidInput."""
        since, step = reader.rest.pop("since", None), reader.take("step", int)
        if not isinstance(since, datetime) or since.tzinfo is None:
            raise IntegrityError(f"'since' in {reader.what} is not a time with a zone")
        if step < 0:
            raise IntegrityError(f"'step' in {reader.what} is negative")
        version = reader.take("version", str)
        Version.parse(version)
        return cls(
            version=version,
            step=step,
            since=since.astimezone(UTC),
            decided_by=reader.take_optional("decided_by", str),
            held=reader.take_optional("held", bool) or False,
            unknown=reader.rest,
        )


def _between(name: str, value: object, least: float, most: float, *, least_included: bool = False) -> None:
    is_inside = is_number(value) and least <= value < most
    if not is_inside or (value == least and not least_included):
        found = f" ({value:g})" if is_number(value) and abs(value) < MOST_SHOWN else ""
        raise InvalidInput(f"'{name}' of a canary is not between {least:g} and {most:g}{found}")


def _share(value: TomlValue) -> float:
    if not is_number(value):
        raise InvalidInput("the 'steps' of a canary are not numbers")
    return float(value)


def _read_duration(reader: TableReader, key: str, default: float) -> float:
    text = reader.take_optional(key, str)
    seconds = parse_duration(text) if text is not None else default
    if seconds is None:
        raise IntegrityError(f"'{key}' in {reader.what} is not a duration such as 10m")
    return seconds


def _duration_text(seconds: float) -> str:
    """The shortest text that `parse_duration` reads as the same seconds: `10m`, `90s`."""
    for size, unit in UNITS:
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{float(seconds):f}".rstrip("0").rstrip(".") + "s"
