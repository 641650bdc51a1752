"""A model's answer as JSON: whatever numerical libraries return, and numbers that JSON has no form for."""

import json
from collections import UserDict
from math import inf, nan

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


@pytest.mark.parametrize("value", [object(), {1, 2}, [object(), nan]])
def test_what_json_cannot_hold_is_named_by_its_type(value: object) -> None:
    with pytest.raises(TypeError, match="which cannot be written as JSON"):
        dump_answer(value)
