"""A model's answer as JSON: whatever numerical libraries return, and numbers that JSON has no form for."""

import json
from collections import UserDict, defaultdict, deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import inf, nan
from pathlib import PurePosixPath
from uuid import UUID

import numpy as np
import pytest

from regolo_git.serving.local.worker.plain_answer import dump_answer


class Frame:
    """As pandas has it."""

    def to_dict(self, orient: str) -> object:
        return [{"orient": orient}]


class Series:
    """As polars has it."""

    def to_list(self) -> list[int]:
        return [1, 2]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, (2, 3)]}, {"a": [1, [2, 3]]}),
        (np.array([[1, 2]]), [[1, 2]]),
        ([np.float32(0.5), np.int64(3)], [0.5, 3]),
        (Frame(), [{"orient": "records"}]),
        (Series(), [1, 2]),
        (UserDict(a=1), {"a": 1}),
        ([nan, inf, -inf, 1.5], [None, None, None, 1.5]),
        (np.array([nan, 1.0]), [None, 1.0]),
        ({"a": ({"b": nan},), "c": "x", "d": None}, {"a": [{"b": None}], "c": "x", "d": None}),
    ],
)
def test_an_answer_becomes_plain_json(value: object, expected: object) -> None:
    assert json.loads(dump_answer(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(days=1, microseconds=-1), "PT86399.999999S"),
        (-timedelta(seconds=1.5), "-PT1.5S"),
        (np.datetime64("2026-01-02T03:04:05", "ns"), "2026-01-02T03:04:05.000000000"),
        (np.array([["2026-01-02", "NaT"]], dtype="M8[D]"), [["2026-01-02", None]]),
        (np.array([1500, "NaT"], dtype="m8[ms]"), ["PT1.5S", None]),
        (np.timedelta64(5, "ns"), "PT0.000000005S"),
        ([Decimal("0.1"), Decimal("2.00"), Decimal(2**70), Decimal("NaN")], [0.1, 2, 2**70, None]),
        (Decimal("1e999999999"), None),
        ([b"good", bytearray(b"\xff"), np.bytes_(b"good")], ["Z29vZA==", "/w==", "Z29vZA=="]),
        (np.array([b"good", None, date(2026, 1, 2)], dtype=object), ["Z29vZA==", None, "2026-01-02"]),
        ([{3, 1, 2}, frozenset("a")], [[1, 2, 3], ["a"]]),
        ([range(2), deque([1]), {"a": 1}.values()], [[0, 1], [1], [1]]),
        ([UUID(int=1), PurePosixPath("a/b")], ["00000000-0000-0000-0000-000000000001", "a/b"]),
        (np.longdouble(1.5), 1.5),
        (np.array([1.5], dtype=np.longdouble), [1.5]),
    ],
)
def test_values_of_the_standard_library_and_of_numpy_are_written(value: object, expected: object) -> None:
    assert json.loads(dump_answer(value)) == expected
    assert json.loads(dump_answer([value, nan])) == [expected, None]


class Colour(Enum):
    RED = "red"


@dataclass
class Box:
    label: Colour
    score: object


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({np.int64(0): 0.1, np.int64(1): nan}, {"0": 0.1, "1": None}),
        ({np.float32(0.5): 1, np.bool_(True): 2, np.str_("a"): 3}, {"0.5": 1, "true": 2, "a": 3}),
        ({None: 1, True: 2, 0.5: 3, 7: 4}, {"null": 1, "true": 2, "0.5": 3, "7": 4}),
        ({date(2026, 1, 2): {Colour.RED: [1]}}, {"2026-01-02": {"red": [1]}}),
        ([defaultdict(list, {np.uint8(3): [1]})], [{"3": [1]}]),
        (Box(Colour.RED, np.float32(0.5)), {"label": "red", "score": 0.5}),
    ],
)
def test_keys_become_text(value: object, expected: object) -> None:
    assert json.loads(dump_answer(value)) == expected


@pytest.mark.parametrize(
    "value", [{1: 0, "1": 0}, [1, {"a": ({True: 1, "true": 2},)}], {"a": {0.5: nan, "0.5": 1}}]
)
def test_two_keys_that_would_read_the_same_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="two values with the key"):
        dump_answer(value)


def test_tables_and_sparse_matrices_are_written() -> None:
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    table = pandas.DataFrame(
        {
            "count": pandas.array([1, None], dtype="Int64"),
            "day": pandas.to_datetime(["2026-01-02", None]),
            "raw": [b"good", b""],
        }
    )
    assert json.loads(dump_answer(table)) == [
        {"count": 1, "day": "2026-01-02T00:00:00", "raw": "Z29vZA=="},
        {"count": None, "day": None, "raw": ""},
    ]
    assert json.loads(dump_answer(table["day"])) == ["2026-01-02T00:00:00", None]
    assert json.loads(dump_answer(sparse.csr_matrix([[1, 0], [0, 2]]))) == [[1, 0], [0, 2]]
    with pytest.raises(TypeError, match="two columns 'a'"):
        dump_answer(pandas.DataFrame([[1, 2]], columns=["a", "a"]))


@pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), {(1, 2): 3}, [object(), nan]])
def test_what_json_cannot_hold_is_named_by_its_type(value: object) -> None:
    with pytest.raises(TypeError, match="which cannot be written as JSON"):
        dump_answer(value)


def test_periods_and_intervals_of_pandas_are_text() -> None:
    pandas = pytest.importorskip("pandas")
    months = pandas.Series(pandas.period_range("2026-11", periods=2, freq="M"))
    assert json.loads(dump_answer({"month": months, "range": pandas.Interval(0, 1)})) == {
        "month": ["2026-11", "2026-12"],
        "range": "(0, 1]",
    }
