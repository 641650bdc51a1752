"""Answers of the Open Inference Protocol: outputs by name, in the form that the caller asks for; metadata."""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import prod

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Call, Signature, TensorType
from regolo_git.serving.local.worker.inference_answer import model_config, model_metadata, write_inference
from regolo_git.serving.local.worker.inference_v2 import InferenceRequest, WantedOutputs

ONE = Signature("onnx_onnxv1", (), (TensorType("y", "FP32", (-1,)),))


def answer(
    value: object,
    signature: Signature = ONE,
    named: Mapping[str, bool] | None = None,
    *,
    binary: bool = False,
    version: str | None = "1.0",
) -> tuple[dict[str, object], bytes]:
    """The JSON of an answer, and the bytes after it."""
    request = InferenceRequest(Call(named={}), "7", WantedOutputs(named or {}, binary))
    written = write_inference("m", version, request, value, signature)
    length = int(dict(written.headers).get(b"inference-header-content-length", len(written.body)))
    return json.loads(written.body[:length]), written.body[length:]


def outputs(value: object, **given: object) -> list[dict[str, object]]:
    return answer(value, **given)[0]["outputs"]  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("value", "shape", "datatype", "data"),
    [
        ([[1, 2], [3, 4]], [2, 2], "INT64", [1, 2, 3, 4]),
        ([True, False], [2], "BOOL", [True, False]),
        ([True, 2], [2], "INT64", [1, 2]),
        (["a"], [1], "BYTES", ["a"]),
        (1.5, [1], "FP64", [1.5]),
        ([], [0], "FP32", []),
        ([1, None], [2], "FP64", [1, None]),
        ([(1 << 64) - 1], [1], "UINT64", [(1 << 64) - 1]),
        ([np.float32(1.5), np.int64(2)], [2], "FP64", [1.5, 2]),
        ([np.array([1, 2]), np.array([3, 4])], [2, 2], "INT64", [1, 2, 3, 4]),
        (np.array([[1.5]], dtype="float32"), [1, 1], "FP32", [1.5]),
        (np.array([[1], [2]], dtype=">i4"), [2, 1], "INT32", [1, 2]),
        (np.array(5, dtype="int8"), [], "INT8", [5]),
        (np.zeros((0, 3), "float16"), [0, 3], "FP16", []),
        (np.array([1], dtype="uint8"), [1], "UINT8", [1]),
        (np.array([1.5], dtype=ml_dtypes.bfloat16), [1], "BF16", [1.5]),
        (np.array([["a"], ["b"]]), [2, 1], "BYTES", ["a", "b"]),
        (np.zeros((0, 2), "U3"), [0, 2], "BYTES", []),
        (np.array([[1, 2], [3, 4]]).view(np.matrix), [2, 2], "INT64", [1, 2, 3, 4]),
        (np.ma.masked_array([1.5, 2.5], [True, False]), [2], "FP64", [None, 2.5]),
        (np.ma.masked_array(np.float32([1.5, 2.5])), [2], "FP32", [1.5, 2.5]),
        (np.array(["a", None], dtype=object), [2], "BYTES", ["a", None]),
        ([np.str_("a")], [1], "BYTES", ["a"]),
        ([Decimal("1.5"), Decimal(2)], [2], "FP64", [1.5, 2]),
        (np.array(["2026-11-27"], "datetime64[D]"), [1], "BYTES", ["2026-11-27"]),
        ([b"\xff"], [1], "BYTES", ["/w=="]),
    ],
)
def test_an_output_has_the_shape_and_type_of_what_the_model_gave(
    value: object, shape: list[int], datatype: str, data: list[object]
) -> None:
    assert outputs(value) == [{"name": "y", "shape": shape, "datatype": datatype, "data": data}]


def test_an_answer_says_whose_it_is() -> None:
    said, _ = answer({"a": [1]})
    assert (said["model_name"], said["model_version"], said["id"]) == ("m", "1.0", "7")
    assert "model_version" not in answer([1], version=None)[0]


def test_outputs_are_named_as_the_metadata_name_them() -> None:
    assert outputs([1])[0]["name"] == "y"
    assert outputs([1], signature=Signature("python"))[0]["name"] == "output-0"
    assert [output["name"] for output in outputs({"a": [1], "b": [2]})] == ["a", "b"]
    assert [output["name"] for output in outputs({0: [1]})] == ["0"]


def test_a_sparse_matrix_is_a_tensor() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    held = sparse.csr_matrix(np.array([[1.5, 0.0]], dtype="float32"))
    assert outputs(held) == [{"name": "y", "shape": [1, 2], "datatype": "FP32", "data": [1.5, 0.0]}]


def test_a_tables_columns_are_outputs() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    assert [(o["name"], o["datatype"], o["data"]) for o in outputs(table)] == [
        ("a", "INT64", [1, 2]),
        ("b", "BYTES", ["x", "y"]),
    ]


def test_only_the_outputs_that_are_asked_for_are_sent_in_the_order_asked() -> None:
    value = {"a": [1], "b": [2], "c": [3]}
    assert [output["name"] for output in outputs(value, named={"c": False, "a": False})] == ["c", "a"]
    with pytest.raises(InvalidInput, match="the model has no output 'd'; it has a, b, c"):
        outputs(value, named={"d": False})


@pytest.mark.parametrize("value", [[[1], [2, 3]], [{"0": 0.2}], ["a", 1], [1 << 64], [[1], 2]])
def test_values_that_form_no_tensor_are_an_error_that_names_the_output(value: object) -> None:
    with pytest.raises(TypeError, match="output 'y'"):
        outputs(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([[1.5, 2], [3, 4]], "<f4"), np.array([1.5, 2, 3, 4], "<f4").tobytes()),
        (np.array([[1, 2], [3, 4]], ">i2").T, np.array([1, 3, 2, 4], "<i2").tobytes()),
        (np.array([1.5], ml_dtypes.bfloat16), b"\xc0\x3f"),
        ([1, 2], np.array([1, 2], "<i8").tobytes()),
        ([None, 0.5], np.array([np.nan, 0.5], "<f8").tobytes()),
        ([True], b"\1"),
        (["ü", b"\xff"], b"\2\0\0\0\xc3\xbc\1\0\0\0\xff"),
        ([], b""),
    ],
)
def test_a_binary_output_is_bytes_after_the_json(value: object, expected: bytes) -> None:
    said, tail = answer(value, binary=True)
    (output,) = said["outputs"]  # type: ignore[misc]
    assert tail == expected
    assert output["parameters"] == {"binary_data_size": len(expected)}
    assert "data" not in output


def test_each_output_has_its_own_form() -> None:
    said, tail = answer({"a": [1.5], "b": [2]}, named={"b": True, "a": False})
    first, second = said["outputs"]  # type: ignore[misc]
    assert (first["parameters"], second["data"]) == ({"binary_data_size": 8}, [1.5])
    assert tail == np.array([2], "<i8").tobytes()


def test_null_among_strings_is_for_json_only() -> None:
    for value in (["a", None], {"y": np.array(["a", None], dtype=object)}):
        with pytest.raises(InvalidInput, match=r"output 'y' has null among its strings.*ask for it as JSON"):
            answer(value, binary=True)
        assert outputs(value)[0]["data"] == ["a", None]


def test_arrays_of_different_shapes_are_an_output_each() -> None:
    # As a forest for several targets answers `predict_proba`.
    ragged = [np.array([[0.5, 0.5]]), np.array([[0.2, 0.3, 0.5]])]
    named = [(output["name"], output["shape"], output["data"]) for output in outputs(ragged)]
    assert named == [("output-0", [1, 2], [0.5, 0.5]), ("output-1", [1, 3], [0.2, 0.3, 0.5])]
    assert [output["name"] for output in outputs(ragged, named={"output-1": False})] == ["output-1"]
    said, tail = answer(ragged, binary=True)
    assert (len(said["outputs"]), len(tail)) == (2, 40)  # type: ignore[arg-type]
    (even,) = outputs([np.array([[0.5, 0.5]]), np.array([[0.1, 0.9]])])
    assert even["shape"] == [2, 1, 2]


def test_the_metadata_say_what_the_model_takes_and_gives() -> None:
    signature = Signature("onnx_onnxv1", (TensorType("x", "BYTES", (-1, 2)),), ())
    metadata = json.loads(model_metadata("m", "1.0", signature))
    assert metadata["inputs"] == [{"name": "x", "datatype": "BYTES", "shape": [-1, 2]}]
    assert (metadata["versions"], metadata["outputs"], metadata["platform"]) == (["1.0"], [], "onnx_onnxv1")
    config = json.loads(model_config("m", signature))
    assert config["input"] == [{"name": "x", "data_type": "TYPE_STRING", "dims": [-1, 2]}]
    assert (config["backend"], config["max_batch_size"], config["output"]) == ("onnx", 0, [])


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.floats(width=32).map(np.float32)
    | st.lists(st.integers(-9, 9), max_size=3).map(np.array)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)


@given(VALUES, st.booleans())
def test_a_model_may_answer_anything_and_get_no_more_than_an_error_that_is_known(
    value: object, binary: bool
) -> None:
    try:
        said, tail = answer(value, binary=binary)
    except (TypeError, InvalidInput):
        return
    sizes = [output.get("parameters", {}).get("binary_data_size", 0) for output in said["outputs"]]  # type: ignore[attr-defined]
    assert sum(sizes) == len(tail)
    for output in said["outputs"]:  # type: ignore[attr-defined]
        assert "data" not in output or len(output["data"]) == prod(output["shape"])


def test_a_missing_value_of_a_masked_array_is_not_the_number_beneath_it() -> None:
    _, data = answer(np.ma.masked_array([7.0, 2.5], [True, False]), binary=True)
    missing, there = np.frombuffer(data, "<f8")
    assert np.isnan(missing)
    assert there == 2.5


@pytest.mark.parametrize("value", [{1: [1], "1": [2]}, {True: [1], "true": [2]}, {np.int64(0): 1, "0": 2}])
def test_two_outputs_that_would_have_one_name_are_refused(value: object) -> None:
    with pytest.raises(TypeError, match="the model returned two outputs '"):
        outputs(value)


def test_a_tables_columns_that_would_have_one_name_are_refused() -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(TypeError, match="the model returned two outputs '1'"):
        outputs(pandas.DataFrame([[1, 2]], columns=[1, "1"]))
    levels = pandas.DataFrame([[1, 2]], columns=pandas.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    assert [output["name"] for output in outputs(levels)] == ["('a', 'x')", "('a', 'y')"]
