"""ONNX models get the values of the request in their own types, without a change, or the request is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.loaded_models import answer, infer, loaded
from support.onnx_models import identity, node, onnx, scores, tensor, tensors, write

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.serving.local.worker.call import Call, TensorType
from regolo_git.serving.local.worker.inference_answer import write_inference
from regolo_git.serving.local.worker.inference_v2 import read_inference

ANY = "n"


def echo(folder: Path, datatype: str, *sizes: int | str) -> Any:
    return loaded(identity(folder / "model.onnx", datatype, *(sizes or ("rows", "columns"))), "onnx")


@pytest.mark.parametrize(
    ("datatype", "value", "words"),
    [
        (
            "INT64",
            [[1.7, 2.9]],
            r"input 'x' takes INT64, and the request has a floating-point number \(1\.7\)",
        ),
        ("INT64", [[1, 2.0]], r"a floating-point number \(2\.0\)"),
        ("INT64", [[True, 2]], r"a boolean \(True\)"),
        ("INT64", [["1", 2]], r"text \('1'\)"),
        ("INT64", [[None]], "has null"),
        ("INT64", [[2**63]], "takes INT64, which cannot hold 9223372036854775808"),
        ("INT8", [[1, 128]], "takes INT8, which cannot hold 128"),
        ("UINT8", [[-1]], "takes UINT8, which cannot hold -1"),
        ("BOOL", [["false", "no", 0, 1]], r"takes BOOL, and the request has text \('false'\)"),
        ("BOOL", [[True, 0]], r"an integer \(0\)"),
        ("BYTES", [[1], ["a"]], r"takes BYTES, and the request has an integer \(1\)"),
        ("BYTES", [["a"], [None]], "has null"),
        ("BYTES", [[True]], r"a boolean \(True\)"),
        ("FP32", [["1.5"]], r"text \('1.5'\)"),
        ("FP32", [[None, 1.0]], "has null"),
        ("FP32", [[True, 1.5]], r"a boolean \(True\)"),
        ("FP32", [[{"a": 1}]], "an object"),
        ("FP32", [[16777217, 0.5]], "takes FP32, which cannot hold 16777217 exactly"),
        ("FP16", [[2049]], "takes FP16, which cannot hold 2049 exactly"),
        ("FP64", [[2**53 + 1]], "cannot hold 9007199254740993 exactly"),
        ("FP32", [[1e39]], "too large"),
        ("FP16", [[-70000.5]], "too large"),
        ("FP64", [[10**400]], "too large"),
        ("FP64", [[float("inf")]], "too large"),
        ("BF16", [[257]], "takes BF16, which cannot hold 257 exactly"),
        ("BF16", [[3.4e38]], "too large"),
        ("FP32", [[1.0], [1.0, 2.0]], "differ in length"),
        ("FP32", [[[1.0]]], "fit the model: Invalid rank for input: x Got: 3 Expected: 2"),
    ],
)
def test_a_value_that_is_not_of_the_models_type_is_refused(
    tmp_path: Path, datatype: str, value: Any, words: str
) -> None:
    predictor = echo(tmp_path, datatype)
    with pytest.raises(InvalidInput, match=words):
        answer(predictor, inputs=value)
    with pytest.raises(InvalidInput, match=words):
        answer(predictor, inputs={"x": value})


@pytest.mark.parametrize(
    ("datatype", "value", "expected"),
    [
        ("INT64", [[2**63 - 1, -(2**63)]], None),
        ("UINT64", [[2**64 - 1]], None),
        ("FP32", [[1, 2]], [[1.0, 2.0]]),
        ("FP32", [[16777216, 2**100, 0.1]], [[16777216.0, float(2**100), float(np.float32(0.1))]]),
        ("FP64", [[9007199254740992, 0.1]], [[9007199254740992.0, 0.1]]),
        ("FP16", [[2048, 0.1]], [[2048.0, float(np.float16(0.1))]]),
        ("FP32", [[float("nan"), 1.0]], [[None, 1.0]]),
        ("BF16", [[1, 256, 0.1, -1.5]], [[1.0, 256.0, 0.10009765625, -1.5]]),
        ("BOOL", [[True, False]], None),
        ("BYTES", [["a", "ü\0"]], None),
        ("FP32", [[], []], None),
    ],
)
def test_a_value_of_the_models_type_arrives_as_it_is(
    tmp_path: Path, datatype: str, value: Any, expected: Any
) -> None:
    assert answer(echo(tmp_path, datatype), inputs=value) == (value if expected is None else expected)


EXACT = [
    ("INT32", "INT64"),
    ("UINT8", "INT16"),
    ("FP32", "FP64"),
    ("FP16", "FP32"),
    ("INT64", "FP32"),
    ("BF16", "FP32"),
]
OTHER = [
    ("FP32", "INT64"),
    ("BYTES", "BOOL"),
    ("BOOL", "INT64"),
    ("INT64", "BOOL"),
    ("INT64", "INT32"),
    ("INT64", "UINT64"),
    ("UINT64", "INT64"),
    ("FP64", "FP32"),
    ("INT64", "BYTES"),
    ("BYTES", "FP32"),
    ("FP32", "BF16"),
    ("BOOL", "FP32"),
]
SAMPLES = {"BYTES": ["a", "b"], "BOOL": [True, False]}


@pytest.mark.parametrize(("given", "wanted"), EXACT)
def test_a_declared_type_that_the_models_type_contains_is_taken(
    tmp_path: Path, given: str, wanted: str
) -> None:
    assert infer(echo(tmp_path, wanted, "n"), x=(given, [1, 2])) == [1, 2]


@pytest.mark.parametrize(("given", "wanted"), OTHER)
def test_another_declared_type_is_refused_even_if_the_values_would_fit(
    tmp_path: Path, given: str, wanted: str
) -> None:
    with pytest.raises(InvalidInput, match=f"input 'x' takes {wanted}, not {given}"):
        infer(echo(tmp_path, wanted, "n"), x=(given, SAMPLES.get(given, [1, 2])))


def test_a_declared_integer_must_be_one_of_the_floats_values(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="FP32, which cannot hold 16777217 exactly"):
        infer(echo(tmp_path, "FP32", "n"), x=("INT64", [1, 16777217]))


def test_columns_are_the_inputs_of_a_model_of_several(tmp_path: Path) -> None:
    parts = [tensor("age", "FP32", "n", 1), tensor("size", "INT64", "n"), tensor("box", "FP32", "n", 2)]
    outputs = [tensor("a", "FP32", "n", 1), tensor("s", "INT64", "n"), tensor("b", "FP32", "n", 2)]
    nodes = [node("Identity", *pair) for pair in (("age", "a"), ("size", "s"), ("box", "b"))]
    predictor = loaded(write(tmp_path / "model.onnx", nodes, parts, outputs), "onnx")
    expected = {"a": [[1.5], [2.0]], "s": [3, 4], "b": [[1.0, 2.0], [3.0, 4.0]]}
    records = [{"size": 3, "age": 1.5, "box": [1, 2]}, {"age": 2, "size": 4, "box": [3, 4]}]
    assert answer(predictor, dataframe_records=records) == expected
    assert answer(predictor, instances=records) == expected
    assert answer(predictor, inputs={"age": [1.5, 2], "size": [3, 4], "box": [[1, 2], [3, 4]]}) == expected
    assert (
        answer(predictor, inputs={"age": [[1.5], [2]], "size": [3, 4], "box": [[1, 2], [3, 4]]}) == expected
    )
    with pytest.raises(InvalidInput, match="Invalid rank for input: age"):
        infer(predictor, age=("FP32", [1.5]), size=("INT64", [3]), box=("FP32", [[1, 2]]))
    with pytest.raises(InvalidInput, match="takes the inputs age, size, box; the request has age, size"):
        answer(predictor, dataframe_records=[{"age": 1.5, "size": 3}])
    with pytest.raises(InvalidInput, match="takes the inputs age, size, box; the request names none"):
        answer(predictor, inputs=[[1.5, 3, 1]])
    with pytest.raises(InvalidInput, match=r"an integer \(3\)"):
        answer(
            loaded(identity(tmp_path / "text.onnx", "BYTES", "n", 1), "onnx"), dataframe_records=[{"x": 3}]
        )


def test_sizes_of_one_name_that_differ_are_the_callers_mistake(tmp_path: Path) -> None:
    inputs = [tensor("a", "FP32", "rows", "inner"), tensor("b", "FP32", "inner", "columns")]
    path = write(
        tmp_path / "model.onnx", [node("MatMul", "a b", "y")], inputs, [tensor("y", "FP32", "r", "c")]
    )
    predictor = loaded(path, "onnx")
    with pytest.raises(InvalidInput, match="'inner' is 2 in 'a' and 3 in 'b'"):
        answer(predictor, inputs={"a": [[1, 2]], "b": [[1], [2], [3]]})
    assert answer(predictor, inputs={"a": [[1, 2]], "b": [[1], [2]]}) == [[5.0]]


def test_a_failure_within_the_model_is_its_own_and_names_no_source_file(tmp_path: Path) -> None:
    path = write(
        tmp_path / "model.onnx",
        [node("Reshape", "x shape", "y")],
        [tensor("x", "FP32", "n"), tensor("shape", "INT64", "k")],
        [tensor("y", "FP32", "a", "b")],
    )
    with pytest.raises(ServingError, match="Non-zero status code") as failed:
        answer(loaded(path, "onnx"), inputs={"x": [1, 2, 3], "shape": [2, 2]})
    assert "/" not in failed.value.message.replace("input_shape", "")
    assert ".h:" not in failed.value.message


# -- outputs that are not tensors -------------------------------------------------------------------------


def zipmap(path: Path) -> Path:
    nodes = [
        node("ZipMap", "p", "probs", domain="ai.onnx.ml", classlabels_int64s=[0, 1]),
        node("Identity", "p", "q"),
    ]
    return write(path, nodes, [tensor("p", "FP32", "n", 2)], [scores("probs"), tensor("q", "FP32", "n", 2)])


def respond(predictor: Any, *tensors: dict[str, object], **more: object) -> dict[str, Any]:
    """The outputs by name, through both halves of the protocol."""
    request = read_inference(json.dumps({"inputs": tensors, **more}).encode())
    body = write_inference("m", None, request, predictor.predict(request.call), predictor.signature()).body
    return {output.pop("name"): output for output in json.loads(body)["outputs"]}


def test_scores_by_class_are_a_matrix_of_the_protocol_and_a_mapping_in_python(tmp_path: Path) -> None:
    predictor = loaded(zipmap(tmp_path / "model.onnx"), "onnx")
    assert predictor.signature().outputs[0] == TensorType("probs", "FP32", (-1, -1))
    given = {"name": "p", "shape": [2, 2], "datatype": "FP32", "data": [0.25, 0.75, 0.5, 0.5]}
    assert respond(predictor, given)["probs"] == {
        "datatype": "FP32",
        "shape": [2, 2],
        "data": [0.25, 0.75, 0.5, 0.5],
    }
    none = respond(predictor, given | {"shape": [0, 2], "data": []})
    assert none["probs"] == {"datatype": "FP32", "shape": [0, 0], "data": []}
    plain = answer(predictor, inputs=[[0.25, 0.75], [0.5, 0.5]])
    assert plain["probs"] == [{"0": 0.25, "1": 0.75}, {"0": 0.5, "1": 0.5}]


def test_a_list_of_tensors_is_one_tensor_of_the_protocol(tmp_path: Path) -> None:
    path = write(
        tmp_path / "model.onnx",
        [node("SequenceConstruct", "x x", "y")],
        [tensor("x", "INT16", "n")],
        [tensors("y", "INT16")],
    )
    predictor = loaded(path, "onnx")
    given = {"name": "x", "shape": [3], "datatype": "INT16", "data": [1, 2, 3]}
    assert respond(predictor, given)["y"] == {
        "datatype": "INT16",
        "shape": [2, 3],
        "data": [1, 2, 3, 1, 2, 3],
    }
    assert answer(predictor, inputs=[1, 2, 3]) == [[1, 2, 3], [1, 2, 3]]


def test_an_output_that_forms_no_tensor_is_in_nobodys_way_who_wants_another(tmp_path: Path) -> None:
    sizes = onnx.helper.make_tensor("sizes", onnx.TensorProto.INT64, [2], [1, 2])
    path = write(
        tmp_path / "model.onnx",
        [node("Identity", "x", "y"), node("SplitToSequence", "x sizes", "parts", axis=0)],
        [tensor("x", "FP32", 3)],
        [tensor("y", "FP32", 3), tensors("parts", "FP32")],
        [sizes],
    )
    predictor = loaded(path, "onnx")
    given = {"name": "x", "shape": [3], "datatype": "FP32", "data": [1, 2, 3]}
    wanted = {"datatype": "FP32", "shape": [3], "data": [1.0, 2.0, 3.0]}
    assert respond(predictor, given, outputs=[{"name": "y"}]) == {"y": wanted}
    with pytest.raises(TypeError, match="output 'parts' has lists of different lengths"):
        respond(predictor, given)
    assert answer(predictor, inputs=[1, 2, 3])["parts"] == [[1.0], [2.0, 3.0]]


def test_no_values_are_of_the_type_that_the_model_declares(tmp_path: Path) -> None:
    predictor = echo(tmp_path, "BYTES", "rows", 2)
    given = {"name": "x", "shape": [0, 2], "datatype": "BYTES", "data": []}
    assert respond(predictor, given)["y"] == {"datatype": "BYTES", "shape": [0, 2], "data": []}


def test_half_of_a_surrogate_pair_is_no_text(tmp_path: Path) -> None:
    predictor = echo(tmp_path, "BYTES", "rows")
    with pytest.raises(InvalidInput, match=r"input 'x' .* half of a surrogate pair"):
        answer(predictor, inputs=["a", "\ud83d"])
    with pytest.raises(InvalidInput, match=r"input 'x' .* half of a surrogate pair"):
        respond(predictor, {"name": "x", "shape": [1], "datatype": "BYTES", "data": ["\ude00"]})
    assert answer(predictor, inputs=["\U0001f600"]) == ["\U0001f600"]


def test_an_input_with_a_value_in_the_file_may_come_or_be_left_out(tmp_path: Path) -> None:
    more = onnx.helper.make_tensor("more", onnx.TensorProto.FLOAT, [1], [10.0])
    path = write(
        tmp_path / "model.onnx",
        [node("Add", "x more", "y")],
        [tensor("x", "FP32", "n"), tensor("more", "FP32", 1)],
        [tensor("y", "FP32", "n")],
        [more],
    )
    predictor = loaded(path, "onnx")
    x = {"name": "x", "shape": [2], "datatype": "FP32", "data": [1, 2]}
    assert answer(predictor, inputs=[1, 2]) == answer(predictor, inputs={"x": [1, 2]}) == [11.0, 12.0]
    assert answer(predictor, inputs={"x": [1, 2], "more": [5]}) == [6.0, 7.0]
    other = {"name": "more", "shape": [1], "datatype": "FP32", "data": [5]}
    assert [respond(predictor, *inputs)["y"]["data"] for inputs in ((x,), (x, other))] == [
        [11.0, 12.0],
        [6.0, 7.0],
    ]
    with pytest.raises(InvalidInput, match="input 'more' takes FP32, and the request has text"):
        answer(predictor, inputs={"x": [1, 2], "more": ["a"]})
    with pytest.raises(InvalidInput, match="the model takes the inputs x"):
        answer(predictor, inputs={"more": [5]})


def test_an_optional_input_may_be_left_out(tmp_path: Path) -> None:
    kind = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, ["n"])
    maybe = onnx.helper.make_value_info("maybe", onnx.helper.make_optional_type_proto(kind))
    path = write(
        tmp_path / "model.onnx",
        [node("OptionalHasElement", "maybe", "has"), node("Identity", "x", "y")],
        [tensor("x", "FP32", "n"), maybe],
        [tensor("has", "BOOL"), tensor("y", "FP32", "n")],
        opset=18,
    )
    predictor = loaded(path, "onnx")
    assert answer(predictor, inputs={"x": [1], "maybe": [2]}) == {"has": True, "y": [1.0]}
    assert answer(predictor, inputs={"x": [1]}) == {"has": False, "y": [1.0]}
    with pytest.raises(InvalidInput, match="the model takes the inputs x, maybe; the request has maybe"):
        answer(predictor, inputs={"maybe": [1]})


def test_bfloat16_and_a_single_value_go_in_and_out(tmp_path: Path) -> None:
    predictor = loaded(identity(tmp_path / "model.onnx", "BF16", "n"), "onnx")
    assert predictor.signature().inputs == (TensorType("x", "BF16", (-1,)),)
    given = {"name": "x", "shape": [2], "datatype": "BF16", "data": [1.5, 256]}
    assert respond(predictor, given)["y"] == {"datatype": "BF16", "shape": [2], "data": [1.5, 256.0]}
    single = loaded(identity(tmp_path / "single.onnx", "INT64"), "onnx")
    assert answer(single, inputs={"x": 16000}) == 16000
    assert respond(single, {"name": "x", "shape": [], "datatype": "INT64", "data": [7]})["y"]["data"] == [7]
    assert single.predict(Call(named={"x": 7}, types={"x": TensorType("x", "INT32", ())})) == 7


# -- models that cannot be loaded -------------------------------------------------------------------------


def test_an_input_that_no_request_can_hold_is_refused_when_the_model_is_loaded(tmp_path: Path) -> None:
    path = write(
        tmp_path / "model.onnx",
        [node("SequenceAt", "x at", "y")],
        [tensors("x", "FP32"), tensor("at", "INT64")],
        [tensor("y", "FP32", "n")],
    )
    with pytest.raises(ServingError, match=r"input 'x' has the type 'seq\(tensor\(float\)\)'"):
        loaded(path, "onnx")


def test_a_model_that_cannot_be_loaded_is_named_without_its_place(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"garbage")
    newer = identity(tmp_path / "newer.onnx", "FP32", "n")
    newer.write_bytes(b"\x08\x63" + newer.read_bytes()[2:])
    for path in (garbage, newer):
        with pytest.raises(
            IntegrityError, match=f"'{path.name}' is not a model that onnxruntime can load"
        ) as failed:
            loaded(path, "onnx")
        assert "/" not in failed.value.message
        assert "onnxruntime::" not in failed.value.message
