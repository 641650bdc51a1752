"""TensorFlow Lite models: their own names, types and shapes, and files that are not models."""

from pathlib import Path

import numpy as np
import pytest
from support.joined import assert_joined, calls_of
from support.loaded_models import answer, infer, loaded
from support.tflite_models import doubling

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.records.serving_block import Batch
from regolo_git.serving.local.worker.call import Call, TensorType

pytest.importorskip("ai_edge_litert.interpreter")

pytestmark = pytest.mark.slow  # needs LiteRT, which CI installs


@pytest.mark.parametrize("signature", [False, True])
def test_it_answers_by_the_names_of_its_file(tmp_path: Path, signature: bool) -> None:
    model = loaded(doubling(tmp_path / "m.tflite", [-1, 3], signature=signature), "tflite")
    name, result = ("x", "y") if signature else ("in:0", "out:0")
    held = model.signature()
    assert held.inputs == (TensorType(name, "FP32", (-1, 3)),)
    assert held.outputs == (TensorType(result, "FP32", (-1, 3)),)
    for rows in (1, 4, 2):
        given = np.arange(3 * rows, dtype="float32").reshape(rows, 3)
        assert answer(model, inputs=given.tolist()) == (2 * given).tolist()
        assert answer(model, inputs={name: given.tolist()}) == (2 * given).tolist()
        assert infer(model, **{name: ("FP32", given.tolist())}) == (2 * given).tolist()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([[1.0, 2.0]], r"takes the shape \[-1, 3\], and the request has \[1, 2\]"),
        ([1.0, 2.0, 3.0], r"the request has \[3\]"),
        ([], "the request has"),
        ([["a", "b", "c"]], "takes FP32, and the request has text"),
        ([[1e39, 0, 0]], "too large"),
        ([[1.0, 2.0, 3.0], [1.0]], "differ in length"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(tmp_path: Path, body: list[object], said: str) -> None:
    model = loaded(doubling(tmp_path / "m.tflite", [-1, 3]), "tflite")
    with pytest.raises(InvalidInput, match=said):
        model.predict(Call(rows=body))
    with pytest.raises(InvalidInput, match="takes the inputs in:0"):
        model.predict(Call(named={"other": [[1.0, 2.0, 3.0]]}))


def test_integers_and_a_fixed_number_of_rows(tmp_path: Path) -> None:
    path = doubling(tmp_path / "m.tflite", [2, 1], kind="INT32")
    model = loaded(path, "tflite")
    assert answer(model, inputs=[[1], [2]]) == [[2], [4]]
    with pytest.raises(InvalidInput, match=r"takes the shape \[2, 1\]"):
        answer(model, inputs=[[1]])
    with pytest.raises(ServingError, match="any size"):
        loaded(path, "tflite", batch=Batch(4))
    assert loaded(doubling(tmp_path / "n.tflite", [-1, 1]), "tflite", batch=Batch(4)) is not None


@pytest.mark.parametrize("signature", [False, True])
def test_requests_that_are_joined_get_what_each_gets_alone(tmp_path: Path, signature: bool) -> None:
    model = loaded(doubling(tmp_path / "m.tflite", [-1, 2], signature=signature), "tflite", batch=Batch(8))
    assert_joined(calls_of(model), [{"inputs": [[0.1, 0.2]] * size} for size in (1, 3, 2)])


def test_text_has_no_form(tmp_path: Path) -> None:
    with pytest.raises((ServingError, IntegrityError)):
        loaded(doubling(tmp_path / "m.tflite", [-1], kind="STRING"), "tflite")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\0\0\0\0TFL3", b"\x1c\0\0\0TFL3" + bytes(50)])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=r"'m.tflite' is not a"):
        loaded(path, "tflite")
    whole = doubling(tmp_path / "n.tflite", [-1, 3]).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(IntegrityError):
        loaded(path, "tflite")
