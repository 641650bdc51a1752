"""The Open Inference Protocol: named, typed arrays in and out, with shapes that hold what they say."""

import json
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Signature, TensorType
from regolo_git.serving.local.worker.inference_v2 import model_metadata, read_inference, write_inference


def tensor(**changed: object) -> dict[str, object]:
    return {"name": "x", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]} | changed


def body(*inputs: object, **more: object) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


def outputs(value: object) -> list[dict[str, object]]:
    return json.loads(write_inference("m", "1.0", "7", value))["outputs"]


def test_a_request_has_inputs_by_name_their_types_an_id_and_parameters() -> None:
    call, identity = read_inference(body(tensor(), id="7", parameters={"a": 1}))
    assert (call.named, identity, call.parameters) == ({"x": [1.5, 2.5]}, "7", {"a": 1})
    assert call.types == {"x": TensorType("x", "FP64", (2,))}
    assert read_inference(body(tensor()))[1] is None


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4))
def test_flat_data_is_nested_as_the_shape_says(shape: list[int]) -> None:
    data = list(range(prod(shape)))
    call, _ = read_inference(body(tensor(shape=shape, data=data)))
    assert call.named is not None
    assert np.asarray(call.named["x"]).shape == tuple(shape)
    assert np.asarray(call.named["x"]).ravel().tolist() == data


def test_data_that_is_nested_already_stays_as_it_is_and_none_keeps_its_shape() -> None:
    nested, _ = read_inference(body(tensor(shape=[2, 1], data=[[1], [2]])))
    assert nested.named == {"x": [[1], [2]]}
    empty, _ = read_inference(body(tensor(shape=[2, 0], data=[])))
    assert empty.named == {"x": [[], []]}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (1, r"'inputs\[0\]' in the body is not an object"),
        (tensor(name=None), r"lacks 'inputs\[0\]\.name'"),
        (tensor(datatype="FP8"), "has the unknown datatype 'FP8'"),
        (tensor(data=None), r"lacks 'inputs\[0\]\.data'"),
        (tensor(data=1), "is not a list"),
        (tensor(shape=[]), "not a list of sizes"),
        (tensor(shape=[-1]), "not a list of sizes"),
        (tensor(shape=[1 << 63]), "not a list of sizes"),
        (tensor(shape=[1] * 65), "not a list of sizes"),
        (tensor(shape=[1.5]), "is not an integer"),
        (tensor(shape=[True]), "is not an integer"),
        (tensor(shape=[3]), r"has 2 values, its shape \[3\] has 3"),
        (tensor(shape=[10**9, 0], data=[]), "too large for no values"),
    ],
)
def test_what_is_wrong_with_an_input_is_said(entry: object, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_inference(body(entry))


TWICE = body(tensor()).replace(b'"data":', b'"data": [1, 2], "data":')


@pytest.mark.parametrize("sent", [b"", b"[]", b"{}", b'{"inputs": []}', body(tensor(), id=7), TWICE])
def test_a_body_that_is_no_request_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_inference(sent)


@pytest.mark.parametrize(
    ("value", "shape", "datatype", "data"),
    [
        ([[1, 2], [3, 4]], [2, 2], "INT64", [1, 2, 3, 4]),
        ([True, False], [2], "BOOL", [True, False]),
        (["a"], [1], "BYTES", ["a"]),
        (1.5, [1], "FP64", [1.5]),
        ([], [0], "FP64", []),
        (np.array([[1.5]], dtype="float32"), [1, 1], "FP32", [1.5]),
        (np.array([1], dtype="uint8"), [1], "UINT8", [1]),
        (np.array(["a"]), [1], "BYTES", ["a"]),
    ],
)
def test_an_answer_has_the_shape_and_type_of_what_the_model_gave(
    value: object, shape: list[int], datatype: str, data: list[object]
) -> None:
    assert outputs(value) == [{"name": "output-0", "shape": shape, "datatype": datatype, "data": data}]


def test_an_answer_says_whose_it_is_and_names_its_outputs() -> None:
    answer = json.loads(write_inference("m", "1.0", "7", {"a": [1], "b": [2]}))
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("m", "1.0", "7")
    assert [output["name"] for output in answer["outputs"]] == ["a", "b"]
    assert json.loads(write_inference("m", None, None, [1])).keys() == {"model_name", "outputs"}


def test_lists_of_different_lengths_are_no_tensor() -> None:
    with pytest.raises(TypeError, match="different lengths"):
        outputs([[1], [2, 3]])


def test_the_metadata_say_what_the_model_takes_and_gives() -> None:
    kind = TensorType("x", "FP64", (-1, 2))
    metadata = json.loads(model_metadata("m", "1.0", Signature("onnx_onnxv1", (kind,), ())))
    assert metadata["inputs"] == [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}]
    assert (metadata["versions"], metadata["outputs"], metadata["platform"]) == (["1.0"], [], "onnx_onnxv1")
