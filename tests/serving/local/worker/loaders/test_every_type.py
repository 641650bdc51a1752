"""Each loader over every datatype and every form of request: the answer of the model called directly, or 400.

The models give back what they are called with, so that nothing that happens to a value on the way stays hidden.
"""

import json
from collections.abc import Callable
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.loaded_models import lasting_folder, loaded
from support.onnx_models import identity

from regolo_git.errors import InvalidInput, ServingError
from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.inference_answer import write_inference
from regolo_git.serving.local.worker.inference_v2 import read_inference
from regolo_git.serving.local.worker.mlflow_form import read_invocation, write_predictions

pytestmark = pytest.mark.slow  # CI runs it, too

onnxruntime = pytest.importorskip("onnxruntime")
skops = pytest.importorskip("skops.io")
safetensors = pytest.importorskip("safetensors.numpy")

NAMES = ("a", "b")
INTEGERS = {f"{u}INT{bits}": f"{u.lower()}int{bits}" for u in ("", "U") for bits in (8, 16, 32, 64)}
FLOATS = {"FP16": "float16", "FP32": "float32", "FP64": "float64"}
DTYPES = INTEGERS | FLOATS | {"BOOL": "bool", "BYTES": "object"}
ECHO = """
def load(artifact, config):
    return lambda inputs: inputs
"""
Rows = list[list[Any]]


# -- values -----------------------------------------------------------------------------------------------


def values(datatype: str) -> st.SearchStrategy[Any]:
    """Values of a datatype, as JSON has them."""
    if datatype in INTEGERS:
        limits = np.iinfo(DTYPES[datatype])
        return st.integers(int(limits.min), int(limits.max))
    if datatype in FLOATS:
        width = {"FP16": 16, "FP32": 32, "FP64": 64}[datatype]
        return st.floats(width=width, allow_infinity=False) | st.integers(-(2**11), 2**11)
    return st.booleans() if datatype == "BOOL" else st.text(st.characters(codec="utf-8"), max_size=5)


def rows_of(cells: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=4)


typed_rows = st.sampled_from(sorted(DTYPES)).flatmap(
    lambda kind: st.tuples(st.just(kind), rows_of(values(kind)))
)
anything = st.one_of(
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(2**11, 2**25),
    st.floats(),
    st.floats(width=16),
    st.text(st.characters(codec="utf-8"), max_size=3),
    st.sampled_from(["1", "true", "nan", 2**53 + 1, 2**24 + 1, 2**63, 1.0, None]),
)


def same(given: Any, expected: Any) -> bool:
    """Equal values, and text only where text was; a number that is missing is null in an answer."""
    if isinstance(expected, list):
        return isinstance(given, list) and len(given) == len(expected) and all(map(same, given, expected))
    if isinstance(expected, float) and isnan(expected):
        return given is None
    return bool(given == expected) and isinstance(given, str) == isinstance(expected, str)


def size(value: Any) -> float:
    return abs(value) if isinstance(value, float) else 0


# -- forms of a request -----------------------------------------------------------------------------------


def invoke(predictor: Predictor, **body: Any) -> Any:
    outputs = predictor.predict(read_invocation(json.dumps(body).encode()))
    return json.loads(write_predictions(outputs))["predictions"]


def asked(predictor: Predictor, **body: Any) -> tuple[Any, str]:
    """The answer, or why there is none."""
    try:
        return invoke(predictor, **body), ""
    except InvalidInput as error:
        return None, error.message


def columns(rows: Rows) -> dict[str, list[Any]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(NAMES)}


def records(rows: Rows) -> list[dict[str, Any]]:
    return [dict(zip(NAMES, row, strict=True)) for row in rows]


ROW_FORMS: dict[str, Callable[[Rows], dict[str, Any]]] = {
    "inputs": lambda rows: {"inputs": rows},
    "instances": lambda rows: {"instances": rows},
    "split": lambda rows: {"dataframe_split": {"data": rows}},
}
COLUMN_FORMS: dict[str, Callable[[Rows], dict[str, Any]]] = {
    "columns": lambda rows: {"inputs": columns(rows)},
    "split": lambda rows: {"dataframe_split": {"columns": list(NAMES), "data": rows}},
    "records": lambda rows: {"dataframe_records": records(rows)},
    "turned": lambda rows: {
        "dataframe_records": [dict(reversed(record.items())) for record in records(rows)]
    },
    "instances": lambda rows: {"instances": records(rows)},
}


def infer(predictor: Predictor, *tensors: dict[str, Any], binary: bool = False) -> dict[str, Any]:
    """The outputs by name; the data of inputs and outputs are bytes if `binary`."""
    parts: list[bytes] = []
    for tensor in tensors if binary else ():
        data = as_bytes(tensor.pop("data"), tensor["datatype"])
        tensor["parameters"] = {"binary_data_size": len(data)}
        parts.append(data)
    head = json.dumps({"inputs": tensors}).encode()
    request = read_inference(b"".join((head, *parts)), len(head) if binary else None)
    answer = write_inference("m", None, request, predictor.predict(request.call), predictor.signature())
    return {output["name"]: output for output in json.loads(answer.body)["outputs"]}


def as_bytes(flat: list[Any], datatype: str) -> bytes:
    if datatype != "BYTES":
        return np.array(flat, dtype=DTYPES[datatype]).tobytes()
    texts = [text.encode() for text in flat]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def tensor(name: str, datatype: str, shape: list[int], flat: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": flat}


def flattened(rows: Rows) -> list[Any]:
    return [cell for row in rows for cell in row]


# -- the models -------------------------------------------------------------------------------------------


@cache
def folder() -> Path:
    return lasting_folder()


@cache
def onnx_echo(datatype: str) -> tuple[Predictor, Any]:
    path = identity(folder() / f"{datatype}.onnx", datatype, "rows", 2)
    return loaded(path, "onnx"), onnxruntime.InferenceSession(path)


@cache
def skops_echo(*, named: bool) -> tuple[Predictor, Any]:
    from sklearn.preprocessing import FunctionTransformer

    seen: Any = np.array([[0.0, 1.0]])
    if named:
        seen = pytest.importorskip("pandas").DataFrame(seen, columns=list(NAMES))
    model = FunctionTransformer().fit(seen)
    path = folder() / f"{named}.skops"
    skops.dump(model, path)
    trusted = tuple(skops.get_untrusted_types(file=path))
    return loaded(path, "skops", trusted=trusted, method="transform"), model


@cache
def code_echo(kind: str) -> Predictor:
    place = folder() / kind
    place.mkdir()
    (place / f"echo_{kind}.py").write_text(ECHO)
    safetensors.save_file({"w": np.array([1.0])}, place / "model.safetensors")
    return loaded(place, kind, entry_point=f"echo_{kind}:load")


# -- onnx -------------------------------------------------------------------------------------------------


@given(typed_rows, st.sampled_from(sorted(ROW_FORMS)))
def test_onnx_gets_values_of_its_type_in_every_form(typed: tuple[str, Rows], form: str) -> None:
    datatype, rows = typed
    predictor, session = onnx_echo(datatype)
    (direct,) = session.run(None, {"x": np.array(rows, dtype=DTYPES[datatype])})
    assert same(invoke(predictor, **ROW_FORMS[form](rows)), direct.tolist())
    assert same(invoke(predictor, inputs={"x": rows}), direct.tolist())
    if datatype == "BYTES" or not any(isinstance(cell, float) and isnan(cell) for cell in flattened(rows)):
        for binary in (False, True):
            given = tensor("x", datatype, [len(rows), 2], flattened(rows))
            output = infer(predictor, given, binary=binary)["y"]
            assert (output["datatype"], output["shape"]) == (datatype, [len(rows), 2])
            assert same(output["data"], direct.ravel().tolist())


@given(st.sampled_from(sorted(DTYPES)), rows_of(anything), st.sampled_from(sorted(ROW_FORMS)))
@settings(max_examples=300)
def test_onnx_never_gets_another_value(datatype: str, rows: Rows, form: str) -> None:
    predictor, _ = onnx_echo(datatype)
    answered, refused = asked(predictor, **ROW_FORMS[form](rows))
    if refused:
        assert "'x'" in refused
        return
    for got, cell in zip(flattened(answered), flattened(rows), strict=True):
        if datatype in FLOATS and isinstance(cell, float):
            assert same(got, float(np.array(cell).astype(DTYPES[datatype])))
        else:
            assert same(got, cell)
            assert isinstance(got, bool) == isinstance(cell, bool)


@given(st.sampled_from(sorted(DTYPES)), typed_rows)
def test_onnx_gets_tensors_of_another_type_without_a_change_or_not_at_all(
    wanted: str, typed: tuple[str, Rows]
) -> None:
    datatype, rows = typed
    given = tensor("x", datatype, [len(rows), 2], flattened(rows))
    try:
        output = infer(onnx_echo(wanted)[0], given)["y"]
    except InvalidInput:
        assert datatype != wanted
        return
    assert output["datatype"] == wanted
    sent = np.array(flattened(rows), dtype=DTYPES[datatype]).tolist()
    assert same(output["data"], sent)


# -- skops ------------------------------------------------------------------------------------------------


@given(
    typed_rows | st.tuples(st.just(None), rows_of(anything)),
    st.sampled_from(["split", "columns", "records", "rows"]),
)
def test_skops_gets_the_values_of_the_request_as_an_array(typed: tuple[str | None, Rows], form: str) -> None:
    datatype, rows = typed
    predictor, model = skops_echo(named=False)
    direct = model.transform(np.array(rows, dtype=object)).tolist()
    body = ROW_FORMS["inputs"](rows) if form == "rows" else COLUMN_FORMS[form](rows)
    answered, refused = asked(predictor, **body)
    assert same(answered, direct) or ("infinite" in refused and float("inf") in map(size, flattened(rows)))
    if datatype is not None and datatype not in FLOATS:
        whole = infer(predictor, tensor("any", datatype, [len(rows), 2], flattened(rows)))["output-0"]
        assert same(whole["data"], flattened(rows))


@given(
    rows_of(values("FP64")) | rows_of(values("BYTES")) | rows_of(st.booleans()) | rows_of(anything),
    st.sampled_from(sorted(COLUMN_FORMS)),
)
def test_skops_gets_the_values_of_the_request_as_a_table(rows: Rows, form: str) -> None:
    pandas = pytest.importorskip("pandas")
    predictor, model = skops_echo(named=True)
    direct = model.transform(pandas.DataFrame(rows, columns=list(NAMES)))
    expected = json.loads(write_predictions(direct))["predictions"]
    for body in (COLUMN_FORMS[form](rows), {"inputs": rows}):
        answered, refused = asked(predictor, **body)
        assert answered == expected or ("infinite" in refused and float("inf") in map(size, flattened(rows)))


@given(rows_of(values("FP32")), rows_of(values("INT64")), rows_of(values("BYTES")))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_skops_gets_a_tensor_for_each_column(floats: Rows, integers: Rows, texts: Rows) -> None:
    pytest.importorskip("pandas")
    predictor, _ = skops_echo(named=True)
    for datatype, rows in (("FP32", floats), ("INT64", integers), ("BYTES", texts)):
        cells = columns(rows)
        parts = [tensor(name, datatype, [len(rows)], cells[name]) for name in reversed(NAMES)]
        outputs = infer(predictor, *parts, binary=True)
        for name in NAMES:
            assert (outputs[name]["datatype"], outputs[name]["shape"]) == (datatype, [len(rows)])
            assert same(outputs[name]["data"], np.array(cells[name], dtype=DTYPES[datatype]).tolist())


# -- code -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["python", "safetensors"])
@given(rows=rows_of(anything))
def test_code_gets_the_values_of_the_request(kind: str, rows: Rows) -> None:
    predictor = code_echo(kind)
    finite = json.loads(json.dumps(rows), parse_constant=lambda _: None)
    for make in ROW_FORMS.values():
        assert invoke(predictor, **make(rows)) == finite
    for name, make in COLUMN_FORMS.items():
        assert invoke(predictor, **make(rows)) == (columns(finite) if name == "columns" else records(finite))


@pytest.mark.parametrize("kind", ["python", "safetensors"])
@given(typed=typed_rows)
def test_code_gets_tensors_as_nested_lists(kind: str, typed: tuple[str, Rows]) -> None:
    datatype, rows = typed
    for binary in (False, True):
        sent = tensor("x", datatype, [len(rows), 2], flattened(rows))
        output = infer(code_echo(kind), sent, binary=binary)["x"]
        expected = np.array(flattened(rows), dtype=DTYPES[datatype]).tolist() if binary else flattened(rows)
        assert output["shape"] == [len(rows), 2]
        assert same(output["data"], expected)


@pytest.mark.parametrize("datatype", sorted(set(DTYPES) - {"BYTES"}))
def test_tensors_of_every_type_are_answered(datatype: str, tmp_path: Path) -> None:
    held = np.array([[0, 1], [1, 100]], dtype=DTYPES[datatype])
    (tmp_path / f"whole_{datatype}.py").write_text(
        "def load(tensors, config):\n    return lambda _: tensors\n"
    )
    safetensors.save_file({"w": held}, tmp_path / "model.safetensors")
    predictor = loaded(tmp_path, "safetensors", entry_point=f"whole_{datatype}:load")
    assert invoke(predictor, inputs=[]) == {"w": held.tolist()}
    output = infer(predictor, tensor("x", "BOOL", [1], [True]))["w"]
    assert (output["datatype"], output["shape"], output["data"]) == (datatype, [2, 2], held.ravel().tolist())


def raw_tensor(path: Path, kind: str, shape: list[int], data: bytes) -> None:
    """A safetensors file of a type that numpy lacks."""
    head = json.dumps({"w": {"dtype": kind, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(len(head).to_bytes(8, "little") + head + data)


def test_tensors_of_bfloat16_are_float32_and_smaller_types_are_refused(tmp_path: Path) -> None:
    (tmp_path / "brain.py").write_text("def load(tensors, config):\n    return lambda _: tensors\n")
    raw_tensor(tmp_path / "model.safetensors", "BF16", [2, 1], b"\xc0\x3f\x80\xc3")
    predictor = loaded(tmp_path, "safetensors", entry_point="brain:load")
    assert invoke(predictor, inputs=[]) == {"w": [[1.5], [-256.0]]}
    for shape, data in (([0], b""), ([], b"\x80\x3f")):
        raw_tensor(tmp_path / "model.safetensors", "BF16", shape, data)
        expected = [] if shape else 1.0
        assert invoke(loaded(tmp_path, "safetensors", entry_point="brain:load"), inputs=[]) == {"w": expected}
    raw_tensor(tmp_path / "model.safetensors", "F8_E4M3", [2], b"ab")
    with pytest.raises(ServingError, match="tensor 'w' has the type F8_E4M3"):
        loaded(tmp_path, "safetensors", entry_point="brain:load")
