"""Metadata becomes plain values in one order, and what a manifest cannot hold is named by its key."""

import json
import math
import struct
import tomllib
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.records.metadata import metrics_of, normalize_metadata, shortest_float32
from regolo_git.records.toml_text import dump_document

WHEN = datetime(2026, 1, 2, tzinfo=UTC)


def nested(depth: int, inner: object, kind: type = dict) -> Any:
    for _ in range(depth):
        inner = {"k": inner} if kind is dict else [inner]
    return inner


def test_scalars_come_first_then_tables_each_sorted() -> None:
    found = normalize_metadata({"b": {"z": 1, "a": 2}, "c": 1, "a": {}, "Z": "x"})
    assert list(found.items()) == [("Z", "x"), ("c", 1), ("a", {}), ("b", {"a": 2, "z": 1})]
    assert list(found["b"]) == ["a", "z"]  # type: ignore[arg-type]


def test_plain_values_stay_what_they_are() -> None:
    values = {"s": "é", "i": -(2**63), "j": 2**63 - 1, "f": 0.1, "b": False, "d": date(2026, 1, 2), "t": WHEN}
    assert normalize_metadata(values) == values
    assert normalize_metadata({"l": (1, [True, {"k": "v"}])}) == {"l": [1, [True, {"k": "v"}]]}


class Text(str):
    pass


def test_scalars_of_other_libraries_become_pythons() -> None:
    found = normalize_metadata(
        {
            "f32": np.float32(0.92), "f16": np.float16(0.5), "f64": np.float64(0.1), "i": np.int8(-3),
            "b": np.bool_(True), "s": np.str_("x"), "one": np.array([1.5]), "zero": np.array(2), "t": Text("y"),
        }
    )  # fmt: skip
    assert found == {
        "f32": 0.92,
        "f16": 0.5,
        "f64": 0.1,
        "i": -3,
        "b": True,
        "s": "x",
        "one": 1.5,
        "zero": 2,
        "t": "y",
    }
    assert {key: type(value) for key, value in found.items()} == {
        "f32": float, "f16": float, "f64": float, "i": int, "b": bool, "s": str, "one": float, "zero": int, "t": str,
    }  # fmt: skip


def test_a_torch_scalar_is_recognized_by_the_end_of_its_type() -> None:
    loss = SimpleNamespace(item=lambda: float(np.float32(0.92)), dtype="torch.float32", ndim=0)
    exact = SimpleNamespace(item=lambda: float(np.float32(0.92)), dtype="torch.float64", ndim=0)
    assert normalize_metadata({"loss": loss, "exact": exact}) == {"loss": 0.92, "exact": 0.9200000166893005}


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (None, "k"),
        (math.nan, "k"),
        (-math.inf, "k"),
        (np.float32("inf"), "k"),
        (2**63, "k"),
        (-(2**63) - 1, "k"),
        (datetime(2026, 1, 2), "k"),
        ("\ud800", "k"),
        ("x\udfff", "k"),
        (b"bytes", "k"),
        (object(), "k"),
        ({1, 2}, "k"),
        (np.array([1, 2]), "k"),
        ({"inner": {"deep": None}}, "k.inner.deep"),
        ([1, {"x": [None]}], "k.1.x.0"),
        ({"": 1}, "k"),
        ({3: 1}, "k.3"),
    ],
)
def test_a_value_that_no_manifest_can_hold_is_named_by_its_key(value: object, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        normalize_metadata({"k": value})
    assert caught.value.message.startswith(f"'{key}' ")


@pytest.mark.parametrize("kind", [dict, list])
def test_tables_and_lists_are_nested_to_a_limit(kind: type) -> None:
    normalize_metadata({"k": nested(31, 1, kind)})
    with pytest.raises(InvalidInput, match="deeper than 32"):
        normalize_metadata({"k": nested(32, 1, kind)})


def test_only_a_mapping_is_metadata() -> None:
    with pytest.raises(TypeError):
        normalize_metadata([("k", 1)])  # type: ignore[arg-type]


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_the_shortest_decimal_is_the_same_short_float(value: float) -> None:
    found = shortest_float32(value)
    assert struct.pack("<f", found) == struct.pack("<f", value)
    assert len(repr(found)) <= len(repr(value))


@pytest.mark.parametrize("value", [0.1, 0.92, 1e-8, 3.0, 16777216.0, 3.4028235e38])
def test_a_short_float_reads_as_it_was_typed(value: float) -> None:
    assert shortest_float32(float(np.float32(value))) == value


def test_metrics_are_the_numbers_by_their_dotted_names() -> None:
    metadata = normalize_metadata({"a": 1, "b": True, "c": "x", "d": {"e": 0.5, "f": {"g": 2}}, "h": [1]})
    assert metrics_of(metadata) == {"a": 1, "d.e": 0.5, "d.f.g": 2}


class Task(str, Enum):  # noqa: UP042 - whose `str()` is not its text
    QA = "qa"

    def __format__(self, spec: str) -> str:
        return "formatted"


class Named(StrEnum):
    QA = "qa"


class Level(IntEnum):
    HIGH = 3


class Share(float, Enum):
    HALF = 0.5


class Loud(str):
    def __str__(self) -> str:
        return "LOUD"

    def __repr__(self) -> str:
        return "LOUD"

    def __iter__(self) -> Iterator[str]:
        return iter("LOUD")

    def item(self) -> str:
        return "LOUD"


class Number(int):
    def __str__(self) -> str:
        return "ninety"

    def __int__(self) -> int:
        return 90

    __repr__ = __str__
    __index__ = __int__


class Decimals(float):
    def __repr__(self) -> str:
        return "lots"

    def __float__(self) -> float:
        return 0.0


class ByIdentity(str):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


class Moment(datetime):
    def isoformat(self, *_: object, **__: object) -> str:
        return "noon"


class Pair(NamedTuple):
    a: Task
    b: int


@pytest.mark.parametrize(
    "value",
    [
        Task.QA,
        Named.QA,
        Level.HIGH,
        Share.HALF,
        Loud("x"),
        Number(9),
        Decimals(1.5),
        Pair(Task.QA, 1),
        OrderedDict(b=Loud("y"), a=Level.HIGH),
        defaultdict(list, {"k": [Task.QA]}),
        {Task.QA: 1, Loud("z"): {Named.QA: Number(3)}},
        MappingProxyType({"k": (Loud("x"), Task.QA)}),
    ],
    ids=repr,
)
def test_a_value_of_a_subclass_is_stored_as_json_writes_it(value: object) -> None:
    plain = dict(value) if isinstance(value, MappingProxyType) else value
    stored = tomllib.loads(dump_document({"metadata": normalize_metadata({"k": value})}))["metadata"]["k"]
    assert stored == json.loads(json.dumps(plain))
    assert exact_types(normalize_metadata({"k": value})) <= {str, int, float, dict, list}


def exact_types(value: object) -> set[type]:
    if isinstance(value, dict):
        return {dict, *(kind for pair in value.items() for part in pair for kind in exact_types(part))}
    if isinstance(value, list):
        return {list, *(kind for element in value for kind in exact_types(element))}
    return {type(value)}


def test_a_time_of_a_subclass_is_stored_as_the_time_that_it_is() -> None:
    moment = Moment(2026, 1, 2, 3, tzinfo=UTC)
    found = normalize_metadata({"k": moment})
    assert (found["k"], type(found["k"])) == (datetime(2026, 1, 2, 3, tzinfo=UTC), datetime)
    assert dump_document({"k": found["k"]}) == "k = 2026-01-02T03:00:00Z\n"


@dataclass
class Settings:
    rate: float = 0.1


@pytest.mark.parametrize("value", [Settings(), Decimal("0.1"), Fraction(1, 3), 1j, Path("x"), Settings])
def test_a_value_that_json_refuses_is_named_by_its_key(value: object) -> None:
    with pytest.raises(InvalidInput, match=r"^'k\.v' is a \w+, which a manifest cannot store"):
        normalize_metadata({"k": {"v": value}})


def test_two_keys_with_one_text_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"^'k\.qa' is there twice"):
        normalize_metadata({"k": {ByIdentity("qa"): 1, "qa": 2}})
