"""Predictions of two versions, compared case by case: files of JSON Lines, paired by the `id` of each line.

The files are read once, line by line, and only the ids of one of them and a number for each row and metric
are kept: a million rows with two metrics take 200 MB.
"""

import hashlib
import json
import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from regolo_git.errors import InvalidInput
from regolo_git.records.kinds import is_number
from regolo_git.text.numbers import Number
from regolo_git.text.printable import one_line
from regolo_git.verdict.bootstrap import noise_of_differences
from regolo_git.verdict.noise import Noise, PairedShares

ROWS_LIMIT = 1_000_000
VALUES_LIMIT = 8_000_000
LINE_LIMIT = 1 << 20  # bytes
ROWS_LEAST = 5
ID_KEPT = 32  # characters; of a longer id its hash is kept
ID_SHOWN = 40
HINT = "write one JSON object a line, with 'id' and the value of each metric for that case"
Key = str | bytes
Values = Mapping[str, tuple[Number, Number]]


@dataclass(frozen=True, slots=True)
class Predictions:
    """A file of predictions: its name in messages, and its lines."""

    name: str
    lines: Iterable[bytes]


def pair_predictions(a: Predictions, b: Predictions, values: Values) -> dict[str, Noise]:
    """The noise of each metric of `values`, which has the metric's value in both versions.

    Raises InvalidInput, naming file and line, for a line that is too long or not a JSON object with an id and
    a finite number for each metric, for an id that is there twice or in one file only, for fewer than five
    rows or too many, and if the mean of the rows is not the metric's value.
    """
    names = list(values)
    rows: dict[Key, int] = {}
    columns = [_Column() for _ in names]
    for line, key, numbers in _rows(a, names):
        if key in rows:
            _refuse(a, line, "has an id that is there twice")
        rows[key] = len(rows)
        if len(rows) > ROWS_LIMIT or len(rows) * len(names) > VALUES_LIMIT:
            most = min(ROWS_LIMIT, VALUES_LIMIT // len(names))
            raise InvalidInput(f"'{a.name}' has more than {most} rows", "state 'n' or 'stderr' instead")
        for column, number in zip(columns, numbers, strict=True):
            column.first(number)
    _check_count(a, len(rows))
    _pair(a, b, names, rows, columns)
    for name, column in zip(names, columns, strict=True):
        _check_mean(a, name, column.total_a / len(rows), values[name][0])
        _check_mean(b, name, column.total_b / len(rows), values[name][1])
    return {name: column.noise() for name, column in zip(names, columns, strict=True)}


class _Column:
    """One metric: the values of a, which become the differences b - a."""

    __slots__ = ("binary", "only_a", "only_b", "total_a", "total_b", "values")

    def __init__(self) -> None:
        self.values = array("d")
        self.binary = True
        self.total_a = self.total_b = 0.0
        self.only_a = self.only_b = 0

    def first(self, number: float) -> None:
        self.values.append(number)
        self.total_a += number

    def second(self, row: int, number: float) -> None:
        before = self.values[row]
        self.total_b += number
        self.values[row] = number - before
        self.binary = self.binary and before in (0, 1) and number in (0, 1)
        self.only_a += before > number
        self.only_b += number > before

    def noise(self) -> Noise:
        if self.binary:
            return PairedShares(len(self.values), self.only_a, self.only_b)
        return noise_of_differences(self.values)


def _pair(
    a: Predictions, b: Predictions, names: Sequence[str], rows: Mapping[Key, int], columns: Sequence[_Column]
) -> None:
    paired = bytearray(len(rows))
    for line, key, numbers in _rows(b, names):
        row = rows.get(key)
        if row is None:
            _refuse(b, line, f"has an id that '{a.name}' lacks")
        if paired[row]:
            _refuse(b, line, "has an id that is there twice")
        paired[row] = 1
        for column, number in zip(columns, numbers, strict=True):
            column.second(row, number)
    missing = paired.find(0)
    if missing >= 0:
        key = next(key for key, row in rows.items() if row == missing)
        shown = f"id '{_shown(key)}'" if isinstance(key, str) else f"the id of row {missing + 1}"
        raise InvalidInput(f"'{b.name}' lacks {shown} of '{a.name}'", "evaluate both on the same cases")


def _rows(file: Predictions, names: Sequence[str]) -> Iterator[tuple[int, Key, list[float]]]:
    """The number of each line that is not blank, the key of its id, and its values."""
    for line, text in enumerate(file.lines, 1):
        if len(text) > LINE_LIMIT:
            _refuse(file, line, f"is longer than {LINE_LIMIT} bytes")
        if text.isspace():
            continue
        row = _parse(file, line, text)
        key = _key(row.get("id"))
        if key is None:
            _refuse(file, line, "has no 'id' that is a string or an integer")
        yield line, key, [_value(file, line, row, name) for name in names]


def _parse(file: Predictions, line: int, text: bytes) -> dict[str, object]:
    try:
        row = json.loads(text.decode(), parse_constant=_not_finite)
    except OverflowError:
        _refuse(file, line, "has a number that is not finite")
    except (ValueError, RecursionError):
        _refuse(file, line, "is not JSON in UTF-8")
    if not isinstance(row, dict):
        _refuse(file, line, "is not a JSON object")
    return row


def _not_finite(text: str) -> NoReturn:
    raise OverflowError(text)


def _key(given: object) -> Key | None:
    if isinstance(given, bool) or not isinstance(given, str | int):
        return None
    text = str(given)
    if len(text) <= ID_KEPT:
        return text
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _value(file: Predictions, line: int, row: dict[str, object], name: str) -> float:
    """The value of a metric, by its dotted name or in nested objects."""
    value: object = row
    if name in row:
        value = row[name]
    else:
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if value is None:
        _refuse(file, line, f"has no '{_shown(name)}'")
    if not isinstance(value, bool) and not is_number(value):
        _refuse(file, line, f"has a '{_shown(name)}' that is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(file, line, f"has a '{_shown(name)}' that is not finite")
    return number


def _shown(text: str) -> str:
    line = one_line(text)
    return line if len(line) <= ID_SHOWN else f"{line[:ID_SHOWN]}…"


def _refuse(file: Predictions, line: int, what: str) -> NoReturn:
    raise InvalidInput(f"line {line} of '{file.name}' {what}", HINT)


def _check_count(file: Predictions, count: int) -> None:
    if count < ROWS_LEAST:
        raise InvalidInput(f"'{file.name}' has {count} rows, and at least {ROWS_LEAST} are needed", HINT)


def _check_mean(file: Predictions, name: str, mean: float, value: Number) -> None:
    """A value may be rounded: it must be the mean up to one in its last digit."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    digit = 10.0**exponent if isinstance(exponent, int) and value else 0.0
    most = max(0.1, 0.01 * abs(value))
    if abs(mean - value) > max(min(digit, most), 1e-6 * max(1.0, abs(value))):
        raise InvalidInput(
            f"the rows of '{file.name}' have a mean '{_shown(name)}' of {mean:.6g}, not {value}",
            "predictions are for metrics that are the mean of their values for each case",
        )
