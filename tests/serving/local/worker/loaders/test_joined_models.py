"""Requests that are joined get the bits that each gets alone, whatever their numbers of rows."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.joined import assert_joined, calls_of, read
from support.loaded_models import lasting_folder, loaded

from regolo_git.errors import ServingError
from regolo_git.records.serving_block import Batch
from regolo_git.serving.local.worker.call import Predictor

skops = pytest.importorskip("skops.io")
pytest.importorskip("sklearn")

from sklearn.ensemble import RandomForestClassifier  # noqa: E402
from sklearn.feature_extraction.text import HashingVectorizer  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder  # noqa: E402
from support.onnx_models import node, scores, tensor, write  # noqa: E402

pytestmark = pytest.mark.slow  # importing scikit-learn takes each process of the tests seconds

BATCH = Batch(64)
ROWS = np.random.default_rng(0).normal(size=(200, 3))
RAGGED = st.lists(st.integers(1, 7), min_size=2, max_size=6)
FOREST = RandomForestClassifier(20, random_state=0).fit(ROWS, ROWS[:, 0] * ROWS[:, 1] > 0)


def served(model: Any, **config: Any) -> Predictor:
    path = lasting_folder() / "model.skops"
    skops.dump(model, path)
    trusted = tuple(skops.get_untrusted_types(file=path))
    return loaded(path, "skops", trusted=trusted, batch=BATCH, **config)


CALLS = calls_of(served(FOREST, method="predict_proba"))


@given(RAGGED, st.integers(0, 100))
def test_a_forest(sizes: list[int], first: int) -> None:
    starts = np.cumsum([first, *sizes])
    rows = [ROWS[at : at + size] for at, size in zip(starts, sizes, strict=False)]
    answers = assert_joined(CALLS, [{"inputs": part.tolist()} for part in rows])
    for part, answer in zip(rows, answers, strict=True):
        assert json.loads(answer)["predictions"] == FOREST.predict_proba(part).tolist()
    tensors = [
        {"inputs": [{"name": "x", "shape": list(p.shape), "datatype": "FP64", "data": p.ravel().tolist()}]}
        for p in rows
    ]
    assert_joined(CALLS, tensors, "/v2/models/m/infer")


def test_texts_objects_sparse_and_tables() -> None:
    texts = calls_of(served(make_pipeline(HashingVectorizer(n_features=8)), method="transform"))
    assert_joined(texts, [{"inputs": ["a b", "c"]}, {"inputs": ["d"]}])
    encoder = OneHotEncoder(handle_unknown="ignore").fit(np.array([["a", 1], ["b", 2]], dtype=object))
    objects = calls_of(served(encoder, method="transform"))
    assert_joined(objects, [{"inputs": [["a", 2]]}, {"inputs": [["b", 1], ["z", 1]]}])
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})
    named = calls_of(
        served(make_pipeline(FunctionTransformer(), OneHotEncoder()).fit(table), method="transform")
    )
    bodies: list[object] = [
        {"dataframe_split": {"columns": ["a", "b"], "data": rows}}
        for rows in ([[1, "x"]], [[3, "x"], [2, "y"]])
    ]
    assert_joined(named, bodies)
    kinds = [
        read(named, body).key
        for body in (*bodies, {"dataframe_split": {"columns": ["b", "a"], "data": [["x", 1]]}})
    ]
    assert kinds[0] == kinds[1] != kinds[2]


def test_integers_are_not_joined_with_fractions() -> None:
    keys = [read(CALLS, {"inputs": [row]}).key for row in ([1, 2, 3], [4, 5, 6], [1.0, 2, 3])]
    assert keys[0] == keys[1] != keys[2]


# -- ONNX -------------------------------------------------------------------------------------------------


def onnx_model(path: Path, rows: int | str) -> Path:
    nodes = [node("Mul", "x x", "square"), node("Add", "x y", "sum")]
    inputs = [tensor("x", "FP32", rows, "wide"), tensor("y", "FP32", rows, "wide")]
    return write(
        path, nodes, inputs, [tensor("square", "FP32", rows, "wide"), tensor("sum", "FP32", rows, "wide")]
    )


@given(RAGGED)
def test_an_onnx_model_of_several_inputs(sizes: list[int]) -> None:
    calls = ONNX_CALLS
    bodies = [{"inputs": {"x": ROWS[:n].tolist(), "y": ROWS[n : 2 * n].tolist()}} for n in sizes]
    assert_joined(calls, bodies)
    other = read(calls, {"inputs": {"x": [[1.0]], "y": [[2.0]]}})
    assert other.key != read(calls, bodies[0]).key
    # One row of `y` for all of `x` is another model's business.
    assert read(calls, {"inputs": {"x": [[1.0], [2.0]], "y": [[2.0]]}}).key is None


ONNX_CALLS = calls_of(loaded(onnx_model(lasting_folder() / "m.onnx", "n"), "onnx", batch=BATCH))


def test_a_model_of_a_fixed_number_of_rows_is_refused(tmp_path: Path) -> None:
    path = onnx_model(tmp_path / "m.onnx", 2)
    assert loaded(path, "onnx") is not None
    with pytest.raises(ServingError, match=r"any size, and 'x' has \[2, -1\]"):
        loaded(path, "onnx", batch=BATCH)


def test_scores_by_class_are_joined(tmp_path: Path) -> None:
    nodes = [node("ZipMap", "p", "by_class", domain="ai.onnx.ml", classlabels_int64s=[1, 2])]
    path = write(tmp_path / "m.onnx", nodes, [tensor("p", "FP32", "n", 2)], [scores("by_class")])
    calls = calls_of(loaded(path, "onnx", batch=BATCH))
    answers = assert_joined(calls, [{"inputs": [[0.5, 0.25]]}, {"inputs": [[1.0, 2.0], [3.0, 4.0]]}])
    assert json.loads(answers[0]) == {"predictions": [{"1": 0.5, "2": 0.25}]}
    sent = [
        {"inputs": [{"name": "p", "shape": [n, 2], "datatype": "FP32", "data": [0.5] * 2 * n}]}
        for n in (1, 3)
    ]
    assert_joined(calls, sent, "/v2/models/m/infer")
