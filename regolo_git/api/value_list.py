"""The lists that the API returns: ordinary lists that a notebook shows as a table and pandas takes as one."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, SupportsIndex, TypeVar, overload

from regolo_git.errors import MissingDependency, RegoloError
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.version_values import summary_of
from regolo_git.text.commits import person, short
from regolo_git.text.html import framed, section, table
from regolo_git.text.json_values import Plain
from regolo_git.text.numbers import MISSING, counted, rounded_text, share_text
from regolo_git.text.sizes import size_text
from regolo_git.text.times import local_time, parse_time

SHOWN = 60  # rows of a table, half of them from each end
METRICS_SHOWN = 8
PEOPLE = ("created_by", "by")
TIMES = ("created_at", "updated_at", "when", "since")
# What a table shows of each kind of value; of others, everything that is not a list or a table itself.
COLUMNS: Mapping[str, Sequence[str]] = {
    "ModelVersion": ("reference", "status", "size", "created_at", "created_by", "message"),
    "ModelSummary": ("model", "latest", "versions", "updated_at", "environments", "endpoints"),
    "MetricOrigin": ("metric", "value", "previous", "verdict", "version", "by", "created_at", "message"),
    "HeldVersion": ("environment", "model", "version", "replicas", "since", "by", "commit"),
    "Endpoint": ("endpoint", "model", "environment", "engine", "versions"),
}


class Value(Protocol):
    """A value of the API."""

    def to_dict(self) -> Plain: ...


T = TypeVar("T", bound=Value)


class ValueList(list[T]):
    """A list of values, which a notebook shows as a table."""

    @overload
    def __getitem__(self, at: SupportsIndex) -> T: ...

    @overload
    def __getitem__(self, at: slice) -> "ValueList[T]": ...

    def __getitem__(self, at: SupportsIndex | slice) -> "T | ValueList[T]":
        return ValueList(super().__getitem__(at)) if isinstance(at, slice) else super().__getitem__(at)

    def to_dict(self) -> list[Plain]:
        """Each value as plain values."""
        return [value.to_dict() for value in self]

    def to_pandas(self) -> Any:
        """A `pandas.DataFrame` with a row for each value, and a column for each metric of versions.

        A metric that has the name of another column is `metrics.NAME`.  Raises MissingDependency without
        pandas.
        """
        try:
            pandas: Any = import_module("pandas")
        except ImportError as error:
            raise MissingDependency("pandas is not installed", "pip install pandas") from error
        frame = pandas.DataFrame([_row(value) for value in self])
        for name in TIMES:
            if name in frame:
                frame[name] = pandas.to_datetime(frame[name], utc=True)
        return frame

    def _repr_html_(self) -> str:
        return framed(_parts(self))


def _row(value: Value) -> Plain:
    if not isinstance(value, ModelVersion):
        return value.to_dict()
    found, measured = summary_of(value), _metrics(value)
    return found | {f"metrics.{name}" if name in found else name: held for name, held in measured.items()}


def _metrics(version: ModelVersion) -> Mapping[str, int | float]:
    """The metrics of a version; none if its manifest cannot be read."""
    try:
        return version.metrics
    except RegoloError:
        return {}


def _parts(values: Sequence[Value]) -> Iterator[str]:
    if not values:
        yield section("nothing")
        return
    half = SHOWN // 2
    shown = list(values) if len(values) <= SHOWN else [*values[:half], *values[-half:]]
    rows = [_shown(value) for value in shown]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    numbers = [name for name in columns if any(isinstance(row.get(name), int | float) for row in rows)]
    yield table(columns, [[_text(name, row.get(name)) for name in columns] for row in rows], numbers)
    if len(values) > len(shown):
        yield section(f"{counted(len(values) - len(shown), 'row')} in the middle left out")


def _shown(value: Value) -> Plain:
    row = _row(value)
    names = COLUMNS.get(type(value).__name__)
    if names is None:
        return {name: held for name, held in row.items() if not isinstance(held, dict | list)}
    measured = list(_metrics(value))[:METRICS_SHOWN] if isinstance(value, ModelVersion) else []
    return {name: row[name] for name in (*names, *measured)}


def _text(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={_share(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_name_of(inner) for inner in value)
    if isinstance(value, str):
        return _words(name, value)
    if name == "size" and isinstance(value, int):
        return size_text(value)
    return rounded_text(value) if isinstance(value, int | float) else MISSING


def _words(name: str, value: str) -> str:
    when = parse_time(value) if name in TIMES else None
    if when is not None:
        return local_time(when)
    return short(value) if name == "commit" else person(value) if name in PEOPLE else value


def _share(value: object) -> str:
    """The share of a version of an endpoint, or another value as it is."""
    return share_text(value["weight"]) if isinstance(value, Mapping) and "weight" in value else str(value)


def _name_of(value: object) -> str:
    return str(value.get("endpoint", value)) if isinstance(value, Mapping) else str(value)
