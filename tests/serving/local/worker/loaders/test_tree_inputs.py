"""Requests become rows of features, without any library of trees."""

from typing import Any

import numpy as np
import pytest

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.inference_v2 import read_inference
from regolo_git.serving.local.worker.loaders.tree_inputs import TreeInputs, codes

PLAIN = TreeInputs(np, "FP32", 2, None)
NAMED = TreeInputs(np, "FP64", 2, ("a", "b"), {1: codes({"x": 0, "y": 1, 3: 2})})
LENIENT = TreeInputs(np, "FP64", 1, ("b",), {0: codes({"x": 0}, float("nan"))})


@pytest.mark.parametrize(
    "call",
    [
        Call(rows=[[1, 0.5], [True, None]]),
        Call(rows=[[1, 0.5], [True, None]], columns=("u", "v")),
        Call(named={"any": [[1, 0.5], [1, None]]}),
        Call(named={"u": [1, True], "v": [[0.5], [None]]}),
    ],
    ids=["rows", "columns", "matrix", "inputs"],
)
def test_numbers(call: Call) -> None:
    made = PLAIN.make(call)
    assert made.dtype == np.float32
    assert np.array_equal(made, [[1, 0.5], [1, np.nan]], equal_nan=True)


def test_columns_by_name_with_categories() -> None:
    expected = [[1.5, 1.0], [2.0, 2.0], [3.0, np.nan]]
    rows: list[Any] = [[1.5, "y"], [2, 3], [3, None]]
    calls = [
        Call(rows=rows),
        Call(rows=[[b, a] for a, b in rows], columns=("b", "a")),
        Call(rows=[{"a": a, "b": b} for a, b in rows]),
        Call(named={"b": ["y", 3, None], "a": [1.5, 2, 3]}),
    ]
    for call in calls:
        assert np.array_equal(NAMED.make(call), expected, equal_nan=True)
    assert NAMED.described == (TensorType("a", "FP64", (-1,)), TensorType("b", "BYTES", (-1,)))
    assert np.isnan(LENIENT.make(Call(named={"b": ["z"]}))).all()
    assert np.isnan(LENIENT.make(Call(named={"b": [True]}))).all()


def test_a_row_of_which_nothing_is_known() -> None:
    assert np.isnan(PLAIN.unknown()).all()
    words = TreeInputs(np, "FP32", 2, None, {1: codes({})}, as_objects=True)
    assert str(words.unknown().tolist()) == "[[nan, '']]"


def test_tensors_of_declared_types() -> None:
    body = (
        b'{"inputs": [{"name": "a", "shape": [2, 1], "datatype": "INT32", "data": [1, 2]},'
        b'{"name": "b", "shape": [2], "datatype": "BYTES", "data": ["x", "y"]}]}'
    )
    assert NAMED.make(read_inference(body).call).tolist() == [[1, 0], [2, 1]]
    matrix = b'{"inputs": [{"name": "m", "shape": [1, 2], "datatype": "%s", "data": [1, 2]}]}'
    assert PLAIN.make(read_inference(matrix % b"FP32").call).tolist() == [[1, 2]]
    assert PLAIN.make(read_inference(matrix % b"INT64").call).tolist() == [[1, 2]]
    with pytest.raises(InvalidInput, match="takes FP32, not FP64"):
        PLAIN.make(read_inference(matrix % b"FP64").call)
    with pytest.raises(InvalidInput, match=r"not an array of shape \[2\]"):
        PLAIN.make(read_inference(matrix.replace(b'[1, 2], "d', b'[2], "d') % b"FP32").call)


@pytest.mark.parametrize(
    ("inputs", "call", "said"),
    [
        (PLAIN, Call(rows=[[1, 2, 3]]), "rows of 2 values"),
        (PLAIN, Call(rows=[1, 2]), "rows of 2 values"),
        (PLAIN, Call(rows=[[1, [2]]]), "differ in length"),
        (PLAIN, Call(rows=[[1, "2"]]), "takes FP32, and the request has text"),
        (PLAIN, Call(rows=[[16777217, 2]]), "cannot hold 16777217 exactly"),
        (PLAIN, Call(named={"u": 1, "v": 2}), "is not a list of values"),
        (PLAIN, Call(named={"u": [1], "v": [2], "w": [3]}), "expects 2 columns, not 3"),
        (PLAIN, Call(named={"u": [1], "v": [2, 3]}), "differ in length"),
        (PLAIN, Call(named={"u": 1}), "rows of 2 values"),
        (NAMED, Call(rows=[[1, "z"]]), "column 'b' has a category that the model does not know: 'z'"),
        (NAMED, Call(rows=[[1, ["x"]]]), r"column 'b' has a category"),
        (NAMED, Call(rows=[[1, True]]), "column 'b' has a category"),
        (NAMED, Call(rows=[[1, "x"]], columns=("a", "c")), "lacks 'b'"),
        (NAMED, Call(rows=[[1, "x", 2]], columns=("a", "b", "c")), "has 'c', which is not one of them"),
    ],
)
def test_what_does_not_fit_is_refused(inputs: TreeInputs, call: Call, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        inputs.make(call)
