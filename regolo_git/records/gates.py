"""Gates: the rules that a version must meet before a merge or a promotion, as people write them.

Those of a model are in its card, `[gates.NAME]` with the name of a metric; those of an environment in the
registry's configuration, `[environments.NAME.gates]`.  `verdict/gates.py` applies them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal, cast

from regolo_git.errors import IntegrityError
from regolo_git.records.kinds import is_number
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table
from regolo_git.text.numbers import Number

Failing = Literal["worse", "unproven"]
Scan = Literal["known", "not-dangerous"]
FAILING: tuple[Failing, ...] = ("worse", "unproven")
SCANS: tuple[Scan, ...] = ("known", "not-dangerous")


@dataclass(frozen=True, slots=True)
class MetricGate:
    """The limits of one metric, all inclusive.

    `max_drop` is how far it may move in its bad direction, in its own unit, and `max_drop_rel` the same as a
    share of the former value.  With `fail` "worse", a value fails if it is beyond a limit by more than noise;
    with "unproven", it passes only if the noise leaves no doubt.  `required` fails a version without the
    metric.  `unknown` has the keys that this release does not know, which leave a gate undecided.
    """

    min: Number | None = None
    max: Number | None = None
    max_drop: Number | None = None
    max_drop_rel: Number | None = None
    fail: Failing = "worse"
    required: bool = False
    unknown: Table = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnvironmentGates:
    """The gates of an environment, for every model.

    `signed` requires a signature of somebody who may sign, `scan` that a pickle asks for known names only or
    for no dangerous one, `metadata` are keys that `[metadata]` must have, `licences` the values that
    `license` there may have (None for any), and `metrics` limits for the metrics of any model.
    """

    signed: bool = False
    scan: Scan | None = None
    metadata: tuple[str, ...] = ()
    licences: tuple[str, ...] | None = None
    metrics: Mapping[str, MetricGate] = field(default_factory=dict)
    unknown: Table = field(default_factory=dict)


METRIC_KEYS = tuple(entry.name for entry in fields(MetricGate) if entry.name != "unknown")
ENVIRONMENT_KEYS = tuple(entry.name for entry in fields(EnvironmentGates) if entry.name != "unknown")


def read_metric_gates(reader: TableReader, key: str) -> dict[str, MetricGate]:
    """The gates in a table of tables, by the name of the metric.  Raises IntegrityError."""
    return {name: _read_metric_gate(gate) for name, gate in reader.take_tables(key)}


def _read_metric_gate(reader: TableReader) -> MetricGate:
    gate = MetricGate(
        min=_read_limit(reader, "min"),
        max=_read_limit(reader, "max"),
        max_drop=_read_limit(reader, "max_drop", lowest=0),
        max_drop_rel=_read_limit(reader, "max_drop_rel", lowest=0),
        fail=cast(Failing, _read_word(reader, "fail", FAILING) or "worse"),
        required=reader.take_optional("required", bool) or False,
        unknown=reader.rest,
    )
    if gate.min is not None and gate.max is not None and gate.min > gate.max:
        raise IntegrityError(f"'min' in {reader.what} is above its 'max'")
    if gate in (MetricGate(), MetricGate(fail="unproven")):
        raise IntegrityError(f"{reader.what} has no limit: none of {', '.join(METRIC_KEYS[:4])}, required")
    return gate


def read_environment_gates(reader: TableReader, key: str) -> EnvironmentGates:
    """The gates of an environment.  Raises IntegrityError."""
    table = reader.take_table(key)
    has_licences = "licences" in table.rest
    if table.rest.get("licences") == []:
        raise IntegrityError(f"'licences' in {table.what} is empty, so that no version could be promoted")
    return EnvironmentGates(
        signed=table.take_optional("signed", bool) or False,
        scan=cast("Scan | None", _read_word(table, "scan", SCANS)),
        metadata=table.take_texts("metadata"),
        licences=table.take_texts("licences") if has_licences else None,
        metrics=read_metric_gates(table, "metrics"),
        unknown=table.rest,
    )


def _read_limit(reader: TableReader, key: str, *, lowest: int | None = None) -> Number | None:
    value = reader.take_optional(key, float)
    assert value is None or is_number(value), "a number, as was asked for"
    if value is not None and lowest is not None and value < lowest:
        raise IntegrityError(f"'{key}' in {reader.what} is negative")
    return value


def _read_word(reader: TableReader, key: str, words: tuple[str, ...]) -> str | None:
    value = reader.take_optional(key, str)
    if value is not None and value not in words:
        quoted = " nor ".join(f'"{word}"' for word in words)
        raise IntegrityError(f"'{key}' in {reader.what} is neither {quoted}")
    return value
