"""A metric's value, with what is known of how it was measured.

In TOML it is a plain number where nothing else is known, otherwise an inline table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from regolo_git.errors import IntegrityError, InvalidInput
from regolo_git.records import toml_limits
from regolo_git.records.digests import Digest
from regolo_git.records.kinds import is_kind, is_number
from regolo_git.records.metadata import plain_scalar
from regolo_git.records.names import check_artifact_path, check_text
from regolo_git.records.tables import TableReader
from regolo_git.records.toml_text import Table, TomlValue
from regolo_git.text.numbers import Number
from regolo_git.text.printable import has_lone_surrogate, printable

LEAST = {"n": 1, "runs": 2}


@dataclass(frozen=True, slots=True)
class Measurement:
    """The value of a metric.

    `n` is the number of cases that it is the mean or the share of, `on` the digest of the data, `stderr` the
    standard error of the value, in its unit, `runs` the number of runs that the value is the mean of, and
    `predictions` a file of the artifact with one JSON object for each case.
    Raises InvalidInput for a number out of range, TypeError for a value of another type.
    """

    value: Number
    n: int | None = None
    on: str | None = None
    stderr: float | None = None
    runs: int | None = None
    predictions: str | None = None
    unknown: Table = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("value", "n", "stderr", "runs"):
            number = getattr(self, name)
            if number is not None or name == "value":
                object.__setattr__(self, name, _checked(name, number))
        on: object = self.on
        if on is not None:
            digest = on if isinstance(on, Digest) else Digest.parse(check_text("'on'", on))
            object.__setattr__(self, "on", str(digest))
        if self.predictions is not None:
            path = check_artifact_path(check_text("'predictions'", self.predictions))
            object.__setattr__(self, "predictions", path)

    def to_toml(self) -> TomlValue:
        """A plain number, or a table with its keys in order."""
        table = self.to_dict()
        return self.value if len(table) == 1 else table

    def to_dict(self) -> dict[str, TomlValue]:
        """All that is known, by name; `value` is always there."""
        known = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "unknown"}
        return {k: v for k, v in known.items() if v is not None} | dict(sorted(self.unknown.items()))

    @classmethod
    def of(cls, given: object) -> Self:
        """The measurement that a number, a mapping or a measurement is.  Raises InvalidInput, TypeError."""
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            return cls(given)  # type: ignore[arg-type] # checked there
        known = {each.name for each in fields(cls)} - {"unknown"}
        other = sorted(str(key) for key in given if key not in known)
        if other or "value" not in given:
            raise InvalidInput(
                f"'{printable(other[0])}' is not known of a measurement" if other else "'value' is missing",
                "give value, and of n, on, stderr, runs and predictions what is known",
            )
        return cls(**given)

    @classmethod
    def read(cls, reader: TableReader) -> Self:
        """Reads the table of a measurement.  Raises IntegrityError."""
        value = reader.take("value", float)
        known = {"n": reader.take_optional("n", int), "runs": reader.take_optional("runs", int)}
        try:
            return cls(
                value,
                on=reader.take_optional("on", str),
                stderr=reader.take_optional("stderr", float),
                predictions=reader.take_optional("predictions", str),
                unknown=reader.rest,
                **known,
            )
        except InvalidInput as error:
            raise IntegrityError(f"{error.message}, in {reader.what}") from error


def _checked(name: str, given: object) -> Number:
    number = plain_scalar(given, (name,))
    if not is_number(number):
        raise TypeError(f"'{name}' of a measurement must be a number, not {given!r}")
    if name in LEAST and (not is_kind(number, int) or number < LEAST[name]):
        raise InvalidInput(f"'{name}' is {number}, and must be an integer of at least {LEAST[name]}")
    if name == "stderr" and number < 0:
        raise InvalidInput(f"'stderr' is {number}, and cannot be negative")
    return number


def check_metric_name(name: object) -> str:
    """Returns the dotted name of a metric.  Raises InvalidInput for one that TOML cannot hold."""
    text = check_text("the name of a metric", name)
    if not text or has_lone_surrogate(text):
        raise InvalidInput(f"metric name '{printable(text)}' is empty or not valid UTF-8")
    return text


def as_measurements(given: Mapping[str, object]) -> dict[str, Measurement]:
    """Metrics by dotted name, sorted; nested tables of numbers become dotted names.

    Raises InvalidInput, naming the metric, and TypeError.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"expected a mapping of names to numbers, not {given!r}")
    found: dict[str, Measurement] = {}
    _collect(given, (), found)
    return dict(sorted(found.items()))


def is_measurement(table: Mapping[str, object]) -> bool:
    """Whether a table is one measurement, rather than several by name."""
    return "value" in table and not isinstance(table["value"], Mapping)


def _collect(given: Mapping[str, object], path: tuple[str, ...], found: dict[str, Measurement]) -> None:
    toml_limits.check_depth(path)
    for key, value in given.items():
        here = (*path, check_metric_name(key))
        if isinstance(value, Mapping) and not is_measurement(value):
            _collect(value, here, found)
            continue
        name = ".".join(here)
        if "" in name.split("."):
            raise InvalidInput(f"metric name '{printable(name)}' has a part that is empty")
        if name in found:
            raise InvalidInput(f"metric '{name}' is there twice", "leave one of them out")
        try:
            found[name] = Measurement.of(value)
        except InvalidInput as error:
            raise InvalidInput(f"metric '{name}': {error.message}", error.hint) from error
        except TypeError as error:
            raise TypeError(f"metric '{name}': {error}") from error


def read_measurements(reader: TableReader) -> dict[str, Measurement]:
    """The measurements of a table by name, sorted.  Raises IntegrityError."""
    what, names = reader.what, sorted(reader.rest)
    for name in names:
        _check_name(name, what)
    return {name: _read(reader, name) for name in names}


def _check_name(name: str, what: str) -> None:
    try:
        check_metric_name(name)
    except InvalidInput as error:
        raise IntegrityError(f"{error.message}, in {what}") from error


def _read(reader: TableReader, name: str) -> Measurement:
    value = reader.rest[name]
    return (
        Measurement.read(reader.take_table(name))
        if isinstance(value, dict)
        else Measurement(reader.take(name, float))
    )


def measurements_table(metrics: Mapping[str, Measurement]) -> Table:
    """The table of some measurements, sorted by name."""
    return {name: measurement.to_toml() for name, measurement in sorted(metrics.items())}
