"""A measurement is a number, or a number with what it was measured on, and is written in one way."""

import math
from typing import Any

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.measurement import Measurement, as_measurements

ON = f"sha256:{'9' * 64}"
FULL = Measurement(0.912, n=2000, on=ON, stderr=0.01, runs=5, predictions="eval.jsonl")


def test_a_plain_number_stays_one() -> None:
    assert Measurement(3).to_toml() == 3
    assert Measurement(0.5).to_dict() == {"value": 0.5}


def test_the_keys_have_one_order() -> None:
    assert list(FULL.to_dict()) == ["value", "n", "on", "stderr", "runs", "predictions"]
    assert FULL.to_toml() == FULL.to_dict()


def test_data_are_named_by_a_digest() -> None:
    assert Measurement(1, on=Digest.parse(ON)).on == ON  # type: ignore[arg-type] # a digest is one, too


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": math.nan},
        {"value": math.inf},
        {"value": 2**63},
        {"n": 0},
        {"n": 1.5},
        {"runs": 1},
        {"stderr": -0.1},
        {"stderr": math.nan},
        {"on": "test.csv"},
        {"predictions": "../eval.jsonl"},
    ],
    ids=str,
)
def test_a_number_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Measurement(**({"value": 0.5} | wrong))


@pytest.mark.parametrize("wrong", [{"value": "0.9"}, {"value": True}, {"n": "7"}, {"on": 5}], ids=str)
def test_a_value_of_another_type_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Measurement(**({"value": 0.5} | wrong))


def test_nested_numbers_become_dotted_names() -> None:
    given = {"eval": {"f1": 0.8, "accuracy": {"value": 0.9, "n": 10}}, "loss": Measurement(0.1)}
    assert as_measurements(given) == {
        "eval.accuracy": Measurement(0.9, n=10),
        "eval.f1": Measurement(0.8),
        "loss": Measurement(0.1),
    }
    assert list(as_measurements(given)) == ["eval.accuracy", "eval.f1", "loss"]


@pytest.mark.parametrize(
    "wrong",
    [{"a": {"b": 1}, "a.b": 2}, {"a": {"value": 1, "N": 2}}, {"": 1}, {"a": None}, {"a": math.nan}],
    ids=str,
)
def test_metrics_that_cannot_be_kept_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="'"):
        as_measurements(wrong)
