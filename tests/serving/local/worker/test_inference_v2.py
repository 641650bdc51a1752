"""Requests of the Open Inference Protocol: named, typed arrays whose data is what they are declared to be."""

import json
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.inference_v2 import read_inference
from regolo_git.serving.local.worker.loaders.arrays import input_array


def tensor(**changed: object) -> dict[str, object]:
    return {"name": "x", "shape": [2], "datatype": "FP64", "data": [1.5, 2.5]} | changed


def binary(data: bytes, **changed: object) -> dict[str, object]:
    entry = tensor(parameters={"binary_data_size": len(data)}, **changed)
    del entry["data"]
    return entry


def body(*inputs: object, **more: object) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


def test_a_request_has_inputs_by_name_their_types_an_id_and_parameters() -> None:
    request = read_inference(body(tensor(), id="7", parameters={"a": 1}))
    call = request.call
    assert (call.named, request.identity, call.parameters) == ({"x": [1.5, 2.5]}, "7", {"a": 1})
    assert call.types == {"x": TensorType("x", "FP64", (2,))}
    assert read_inference(body(tensor())).identity is None


@given(st.lists(st.integers(1, 3), max_size=4))
def test_flat_data_is_nested_as_the_shape_says(shape: list[int]) -> None:
    data = [float(number) for number in range(prod(shape))]
    call = read_inference(body(tensor(shape=shape, data=data))).call
    assert call.named is not None
    array = np.asarray(call.named["x"])
    assert (array.shape, array.ravel().tolist()) == (tuple(shape), data)
    assert read_inference(body(tensor(shape=[*shape, 1], data=array[..., None].tolist()))).call.named == {
        "x": array[..., None].tolist()
    }


def test_nested_data_stays_as_it_is_and_no_data_keeps_its_shape() -> None:
    def named(shape: list[int], data: object) -> object:
        return read_inference(body(tensor(shape=shape, data=data))).call.named

    assert named([2, 1], [[1], [2]]) == {"x": [[1], [2]]}
    assert named([2, 0], []) == named([2, 0], [[], []]) == {"x": [[], []]}
    assert named([], [5]) == {"x": 5}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (1, r"'inputs\[0\]' in the body is not an object"),
        (tensor(name=None), r"lacks 'inputs\[0\]\.name'"),
        (tensor(datatype="FP8"), "has the unknown datatype 'FP8'"),
        (tensor(data=None), r"lacks 'inputs\[0\]\.data'"),
        (tensor(data=1), "is not a list"),
        (tensor(shape=[]), r"has 2 values, its shape \[\] has 1"),
        (tensor(shape=[-1]), "not a list of sizes"),
        (tensor(shape=[1 << 63]), "not a list of sizes"),
        (tensor(shape=[1] * 65), "not a list of sizes"),
        (tensor(shape=[1.5]), "is not an integer"),
        (tensor(shape=[True]), "is not an integer"),
        (tensor(shape=[3]), r"has 2 values, its shape \[3\] has 3"),
        (tensor(shape=[10**9, 0], data=[]), "too large for no values"),
        (tensor(shape=[2, 2], data=[[1, 2, 3]] * 3), r"has the shape \[3, 3\], not \[2, 2\] as declared"),
        (tensor(shape=[4], data=[[1, 2], [3, 4]]), r"has the shape \[2, 2\], not \[4\] as declared"),
        (tensor(shape=[2, 2], data=[[1, 2], [3]]), "differ in length"),
        (tensor(shape=[2, 2], data=[[1, 2], 3, 4]), "differ in length"),
        (tensor(shape=[1], data=[[]]), r"has the shape \[1, 0\], not \[1\]"),
        (tensor(parameters={"shared_memory_region": "r"}), "'shared_memory_region' of input 'x' is not supp"),
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


def test_two_inputs_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidInput, match="more than one input 'x'"):
        read_inference(body(tensor(), tensor(data=[3, 4])))


def test_the_outputs_that_a_caller_names_are_wanted_and_each_in_its_form() -> None:
    wanted = read_inference(body(tensor())).wanted
    assert (wanted.named, wanted.binary) == ({}, False)
    named = [{"name": "y"}, {"name": "z", "parameters": {"binary_data": True}}]
    assert read_inference(body(tensor(), outputs=named)).wanted.named == {"y": False, "z": True}
    every = read_inference(body(tensor(), parameters={"binary_data_output": True, "scale": 2}))
    assert (every.wanted.is_binary("y"), every.call.parameters) == (True, {"scale": 2})
    with pytest.raises(InvalidInput, match="asks for output 'y' more than once"):
        read_inference(body(tensor(), outputs=[{"name": "y"}, {"name": "y"}]))
    with pytest.raises(InvalidInput, match="'classification' of output 'y' is not supported"):
        read_inference(body(tensor(), outputs=[{"name": "y", "parameters": {"classification": 3}}]))
    with pytest.raises(InvalidInput, match="no output 'q'; it has y, z"):
        read_inference(body(tensor(), outputs=[{"name": "q"}])).wanted.check(("y", "z"))


def test_parameters_for_a_server_are_not_passed_to_the_model() -> None:
    given = {"priority": 1, "timeout": 1000, "sequence_id": 0, "sequence_start": False, "scale": 2}
    assert read_inference(body(tensor(), parameters=given)).call.parameters == {"scale": 2}
    with pytest.raises(InvalidInput, match="'sequence_id' is not supported"):
        read_inference(body(tensor(), parameters={"sequence_id": 7}))


# -- binary tensors ---------------------------------------------------------------------------------------


def test_binary_inputs_are_taken_from_the_bytes_after_the_json_in_their_order() -> None:
    first, second = np.array([[1.5, -2], [3, 4]], "<f4").tobytes(), np.array([7, -8], "<i8").tobytes()
    head = body(
        binary(first, shape=[2, 2], datatype="FP32"),
        tensor(name="y"),
        binary(second, name="z", datatype="INT64"),
    )
    call = read_inference(head + first + second, len(head)).call
    assert call.named == {"x": [[1.5, -2.0], [3.0, 4.0]], "y": [1.5, 2.5], "z": [7, -8]}


@pytest.mark.parametrize("dtype", ["?", "<i1", "<i8", "<u4", "<f2", "<f4", "<f8"])
def test_binary_inputs_are_the_same_for_loaders_with_arrays(dtype: str) -> None:
    array = np.array([[1, 0, 1], [0, 1, 1]], dtype)
    data = array.tobytes()
    head = body(binary(data, shape=[2, 3], datatype=DATATYPES[array.dtype.name]))
    call = read_inference(head + data, len(head)).call
    found = input_array(np, call, "x")
    assert (found.dtype, found.shape, found.flags.writeable) == (array.dtype, (2, 3), True)
    assert np.array_equal(found, array)
    assert call.named == {"x": array.tolist()}


def test_binary_bfloat16_and_odd_booleans_are_what_they_stand_for() -> None:
    data = np.array([1.5, -2, np.inf], "<f4").astype(ml_dtypes.bfloat16).tobytes() + b"\0\1\2"
    entries = (
        binary(data[:6], shape=[3], datatype="BF16"),
        binary(data[6:], name="b", shape=[3], datatype="BOOL"),
    )
    head = body(*entries)
    call = read_inference(head + data, len(head)).call
    assert call.named == {"x": [1.5, -2.0, np.inf], "b": [False, True, True]}
    assert [input_array(np, call, name).tolist() for name in "xb"] == list(call.named.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": [3]}, "the 16 bytes of input 'x' are not 3 values of FP64"),
        ({"shape": [1 << 62]}, "are not"),
        ({"datatype": "BYTES"}, "the 16 bytes of input 'x' are not 2 values of BYTES"),
        ({"data": [1, 2]}, "both data and a binary_data_size"),
        ({"parameters": {"binary_data_size": 17}}, "needs 17 bytes, and 16 are left"),
        ({"parameters": {"binary_data_size": -1}}, "needs -1 bytes"),
        ({"parameters": {"binary_data_size": 8}, "shape": [1]}, "8 bytes of the body belong to no input"),
        ({"parameters": {"binary_data_size": "16"}}, "is not an integer"),
    ],
)
def test_bytes_that_are_not_what_is_declared_are_refused(change: dict[str, object], words: str) -> None:
    data = np.array([1.5, 2.5]).tobytes()
    head = body(binary(data) | change)
    with pytest.raises(InvalidInput, match=words):
        read_inference(head + data, len(head))


def test_the_length_of_the_json_is_within_the_body() -> None:
    for length in (0, 10_000):
        with pytest.raises(InvalidInput, match=f"its header says {length} of JSON"):
            read_inference(body(tensor()), length)
    with pytest.raises(InvalidInput, match="no header Inference-Header-Content-Length"):
        read_inference(body(binary(b"1234")))
    assert read_inference(body(tensor()), len(body(tensor()))).call.named == {"x": [1.5, 2.5]}


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
DATATYPE = st.sampled_from([*DATATYPES.values(), "BYTES"])
SHAPE = st.lists(st.integers(0, 3) | st.sampled_from([-1, 1 << 40, 1 << 63]), max_size=3)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["x", "y", ""]) | ODD,
        "datatype": DATATYPE | ODD,
        "shape": SHAPE | ODD,
        "data": st.lists(ODD, max_size=4) | ODD,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(-1, 30)}) | ODD,
    },
)


@given(
    st.fixed_dictionaries(
        {"inputs": st.lists(ENTRY, max_size=3) | ODD},
        optional={"outputs": st.lists(ENTRY, max_size=2) | ODD, "parameters": ODD, "id": ODD},
    ),
    st.binary(max_size=40),
    st.integers(-1, 2),
)
def test_no_request_is_more_than_refused(sent: dict[str, object], tail: bytes, off: int) -> None:
    head = json.dumps(sent).encode()
    for body, length in ((head, None), (head + tail, len(head)), (head + tail, len(head) + off)):
        try:
            call = read_inference(body, length).call
        except InvalidInput:
            continue
        assert call.named is not None
        assert dict(call.named).keys() == call.types.keys()
        for name in call.types:
            assert np.shape(input_array(np, call, name)) == call.types[name].shape


@pytest.mark.parametrize("value", ["yes", 1, [], None])
def test_whether_the_outputs_are_binary_is_true_or_false(value: object) -> None:
    with pytest.raises(InvalidInput, match="'binary_data_output' is not true or false"):
        read_inference(body(tensor(), parameters={"binary_data_output": value}))


@pytest.mark.parametrize("data", [["\ud800"], [["a"], ["\udfff"]], ["\ude00\ud83d"]])
def test_a_string_that_no_encoding_has_is_refused(data: list[object]) -> None:
    shape = [len(data), 1] if isinstance(data[0], list) else [len(data)]
    with pytest.raises(InvalidInput, match="half of a surrogate pair"):
        read_inference(body(tensor(datatype="BYTES", shape=shape, data=data)))
