"""MLflow models get tables and arrays in the types of their signature, without a change of any value."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.loaded_models import answer, infer, lasting_folder, loaded

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Predictor, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES
from regolo_git.serving.local.worker.plain_answer import dump_answer

pandas = pytest.importorskip("pandas")
pyfunc = pytest.importorskip("mlflow.pyfunc")

from mlflow.models.signature import ModelSignature  # noqa: E402
from mlflow.types.schema import Array, ColSpec, DataType, Schema, TensorSpec  # noqa: E402

pytestmark = pytest.mark.slow


class Shown(pyfunc.PythonModel):  # type: ignore[misc]
    """Answers what it was called with: the kind of container, the types and the values."""

    def predict(self, context: object, model_input: Any, params: object = None) -> Any:  # noqa: ARG002
        if isinstance(model_input, pandas.DataFrame):
            types = [str(kind) for kind in model_input.dtypes]
            return {
                "table": [str(name) for name in model_input.columns],
                "types": types,
                "rows": model_input.to_numpy(dtype=object).tolist(),
            }
        if isinstance(model_input, dict):
            types = {name: str(getattr(value, "dtype", type(value))) for name, value in model_input.items()}
            return {
                "named": types,
                "values": {name: np.asarray(value).tolist() for name, value in model_input.items()},
            }
        return {"array": str(model_input.dtype), "values": model_input.tolist()}


def served(folder: Path, *inputs: Any) -> Predictor:
    signature = ModelSignature(Schema(list(inputs))) if inputs else None
    pyfunc.save_model(str(folder / "model"), python_model=Shown(), signature=signature, pip_requirements=[])
    return loaded(folder / "model", "mlflow")


COLUMNS = (
    ColSpec("long", "a"),
    ColSpec("double", "b"),
    ColSpec("string", "c"),
    ColSpec("integer", "d"),
    ColSpec("float", "e"),
)
ROW = [1, 2, "x", 3, 0.5]


def test_columns_have_the_types_of_the_signature_in_every_form(tmp_path: Path) -> None:
    predictor = served(tmp_path, *COLUMNS)
    names = [column.name for column in COLUMNS]
    seen = answer(predictor, dataframe_split={"columns": names, "data": [ROW]})
    assert [seen["types"][at] for at in (0, 1, 3, 4)] == ["int64", "float64", "int32", "float32"]
    assert seen["rows"] == [[1, 2.0, "x", 3, 0.5]]
    turned = dict(reversed(list(zip(names, ROW, strict=True))))
    assert answer(predictor, dataframe_records=[turned]) == seen
    assert answer(predictor, instances=[turned]) == seen
    assert answer(predictor, inputs=[ROW]) == seen
    assert answer(predictor, inputs={name: [value] for name, value in turned.items()}) == seen
    kinds = ("INT64", "INT8", "BYTES", "INT32", "FP32")
    assert infer(predictor, **{n: (k, [v]) for n, k, v in zip(names, kinds, ROW, strict=True)}) == seen
    assert infer(predictor, **{n: (k, [[v]]) for n, k, v in zip(names, kinds, ROW, strict=True)}) == seen
    assert predictor.signature().inputs[:2] == (
        TensorType("a", "INT64", (-1,)),
        TensorType("b", "FP64", (-1,)),
    )


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0, 1.7, r"input 'a' takes INT64, and the request has a floating-point number \(1\.7\)"),
        (0, True, r"a boolean \(True\)"),
        (0, "1", "text"),
        (1, "2", "takes FP64, and the request has text"),
        (1, 2**53 + 1, "cannot hold 9007199254740993 exactly"),
        (2, 1, "takes BYTES, and the request has an integer"),
        (3, 2**31, "takes INT32, which cannot hold 2147483648"),
        (4, 1e39, "too large"),
    ],
)
def test_a_value_that_is_not_of_its_columns_type_is_refused(
    tmp_path: Path, at: int, value: Any, words: str
) -> None:
    predictor = served(tmp_path, *COLUMNS)
    row = [*ROW[:at], value, *ROW[at + 1 :]]
    names = [column.name for column in COLUMNS]
    for body in ({"inputs": [row]}, {"dataframe_split": {"columns": names, "data": [row]}}):
        with pytest.raises(InvalidInput, match=words):
            answer(predictor, **body)


def test_dates_and_bytes_are_read_and_missing_values_are_mlflows_decision(tmp_path: Path) -> None:
    day, raw = ColSpec("datetime", "day", required=False), ColSpec("binary", "raw")
    predictor = served(tmp_path, day, raw, ColSpec("double", "size"), ColSpec(Array(DataType.long), "box"))
    record = {"day": "2026-01-02T03:04:05", "raw": "Z29vZA==", "size": None, "box": [1, 2]}
    with pytest.raises(InvalidInput):
        answer(predictor, dataframe_records=[record | {"size": "1"}])
    seen = answer(predictor, dataframe_records=[record, record | {"day": None, "size": 1}])
    assert seen["types"][0].startswith("datetime64")
    assert seen["rows"] == [
        ["2026-01-02T03:04:05", "Z29vZA==", None, [1, 2]],
        [None, "Z29vZA==", 1.0, [1, 2]],
    ]
    for wrong in ({"day": "soon"}, {"day": 5}, {"raw": "not base64"}, {"raw": 1}, {"raw": "Z29vZA"}):
        with pytest.raises(InvalidInput, match=f"column '{next(iter(wrong))}'"):
            answer(predictor, dataframe_records=[record | wrong])


def test_missing_columns_and_rows_of_another_width_are_refused(tmp_path: Path) -> None:
    predictor = served(tmp_path, *COLUMNS)
    with pytest.raises(InvalidInput, match="missing inputs"):
        answer(predictor, dataframe_records=[{"a": 1}])
    with pytest.raises(InvalidInput, match="expects rows of 5 values"):
        answer(predictor, inputs=[ROW[:4]])
    with pytest.raises(InvalidInput, match="differ in length"):
        answer(predictor, inputs={"a": [1], "b": [1.0, 2.0]})


def test_an_array_has_the_type_of_the_signature(tmp_path: Path) -> None:
    predictor = served(tmp_path, TensorSpec(np.dtype("float32"), (-1, 2)))
    seen = {"array": "float32", "values": [[1.0, 0.5]]}
    assert answer(predictor, inputs=[[1, 0.5]]) == seen
    assert answer(predictor, instances=[[1, 0.5]]) == seen
    assert infer(predictor, any=("FP32", [[1, 0.5]])) == seen
    for wrong in ([["1", 0.5]], [[None, 0.5]], [[1e39, 0.5]], [[True, 0.5]], [[1.0]]):
        with pytest.raises(InvalidInput):
            answer(predictor, inputs=wrong)
    with pytest.raises(InvalidInput, match="takes FP32, not FP64"):
        infer(predictor, any=("FP64", [[1, 0.5]]))


def test_named_arrays_have_their_types(tmp_path: Path) -> None:
    predictor = served(
        tmp_path, TensorSpec(np.dtype("int32"), (-1,), "x"), TensorSpec(np.dtype("float64"), (-1,), "y")
    )
    seen = {"named": {"x": "int32", "y": "float64"}, "values": {"x": [1], "y": [2.0]}}
    assert answer(predictor, inputs={"x": [1], "y": [2]}) == seen
    assert infer(predictor, x=("INT32", [1]), y=("FP32", [2])) == seen


def test_a_model_of_one_text_takes_texts(tmp_path: Path) -> None:
    predictor = served(tmp_path, ColSpec("string", "q"))
    for body in (
        {"inputs": ["a", "b"]},
        {"inputs": [["a"], ["b"]]},
        {"inputs": {"q": ["a", "b"]}},
        {"dataframe_records": [{"q": "a"}, {"q": "b"}]},
    ):
        assert answer(predictor, **body)["rows"] == [["a"], ["b"]]
    assert answer(predictor, inputs={"q": "a"})["rows"] == [["a"]]
    assert infer(predictor, q=("BYTES", ["a"]))["rows"] == [["a"]]


def test_without_a_signature_values_keep_their_types(tmp_path: Path) -> None:
    predictor = served(tmp_path)
    assert answer(predictor, inputs=[[1, "a"]]) == {"array": "object", "values": [[1, "a"]]}
    assert answer(predictor, inputs=[[1, 2.5]]) == {"array": "float64", "values": [[1.0, 2.5]]}
    assert answer(predictor, dataframe_records=[{"x": 1, "y": "a"}])["rows"] == [[1, "a"]]
    assert answer(predictor, inputs={"x": [1], "y": [0.5]}) == {
        "named": {"x": "int64", "y": "float64"},
        "values": {"x": [1], "y": [0.5]},
    }
    assert infer(predictor, x=("FP32", [[1, 2]])) == {"array": "float32", "values": [[1.0, 2.0]]}


def test_values_that_scikit_learn_rejects_are_the_callers_mistake(tmp_path: Path) -> None:
    flavor = pytest.importorskip("mlflow.sklearn")
    from sklearn.exceptions import NotFittedError
    from sklearn.linear_model import LogisticRegression

    def saved(name: str, model: Any) -> Predictor:
        flavor.save_model(model, str(tmp_path / name), pip_requirements=[])
        return loaded(tmp_path / name, "mlflow")

    predictor = saved("fitted", LogisticRegression().fit([[1.0, 2.0], [3.0, 4.0]], [0, 1]))
    assert answer(predictor, inputs=[[3.0, 4]]) == [1]
    for wrong in ([[1.0, "x"]], [[1.0, "2"]], [["1", "2"]], [[1.0]], [[1.0, None]], [[1.0, 10**400]]):
        with pytest.raises(InvalidInput):
            answer(predictor, inputs=wrong)
    with pytest.raises(NotFittedError):
        answer(saved("unfitted", LogisticRegression()), inputs=[[1.0, 2.0]])


# -- every type -------------------------------------------------------------------------------------------


def limits(dtype: str) -> tuple[int, int]:
    found = np.iinfo(dtype)
    return int(found.min), int(found.max)


TABLE = {
    "flag": ("boolean", "bool", st.booleans()),
    "small": ("integer", "int32", st.integers(-(2**31), 2**31 - 1)),
    "large": ("long", "int64", st.integers(-(2**63), 2**63 - 1)),
    "half": ("float", "float32", st.floats(width=32, allow_nan=False, allow_infinity=False)),
    "whole": (
        "double",
        "float64",
        st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    ),
    "text": ("string", "object", st.text(st.characters(codec="utf-8"), max_size=4)),
}
TENSORS = {
    **{f"{u}int{bits}": st.integers(*limits(f"{u}int{bits}")) for u in ("", "u") for bits in (8, 16, 32, 64)},
    **{f"float{bits}": st.floats(width=bits, allow_nan=False, allow_infinity=False) for bits in (32, 64)},
    "bool": st.booleans(),
}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(),
    st.sampled_from(["1", "true", "2026-01-02", 2**24 + 1, 2**53 + 1, 1.0]),
)


@cache
def table_model() -> Predictor:
    return served(lasting_folder(), *(ColSpec(kind, name) for name, (kind, _, _) in TABLE.items()))


@cache
def tensor_model() -> Predictor:
    specs = (TensorSpec(np.dtype(name), (-1, 2), name) for name in TENSORS)
    return served(lasting_folder(), *specs)


@given(st.lists(st.tuples(*(values for _, _, values in TABLE.values())), min_size=1, max_size=3))
@settings(deadline=None, max_examples=50)
def test_a_table_of_every_type_is_that_of_python_in_every_form(rows: list[tuple[Any, ...]]) -> None:
    predictor, names = table_model(), list(TABLE)
    cells = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    frame = pandas.DataFrame({name: np.array(cells[name], dtype=TABLE[name][1]) for name in names})
    shown = json.loads(dump_answer(Shown().predict(None, frame)))
    records = [dict(zip(names, row, strict=True)) for row in rows]
    for body in (
        {"inputs": [list(row) for row in rows]},
        {"inputs": cells},
        {"instances": records},
        {"dataframe_records": [dict(reversed(record.items())) for record in records]},
        {"dataframe_split": {"columns": names, "data": [list(row) for row in rows]}},
    ):
        seen = answer(predictor, **body)
        assert seen["rows"] == shown["rows"]
        assert seen["types"][:-1] == shown["types"][:-1]  # text is what pandas makes of it
    kinds = ("BOOL", "INT32", "INT64", "FP32", "FP64", "BYTES")
    tensors = {
        name: (kind, [[cell] for cell in cells[name]]) for name, kind in zip(names, kinds, strict=True)
    }
    assert infer(predictor, **tensors)["rows"] == shown["rows"]


class ByInteger(pyfunc.PythonModel):  # type: ignore[misc]
    """Looks for its columns by their names, which are integers."""

    def predict(self, context: object, model_input: Any, params: object = None) -> Any:  # noqa: ARG002
        return (model_input[7] - model_input[0]).tolist()


def test_columns_named_by_integers_reach_the_model_under_their_names(tmp_path: Path) -> None:
    signature = ModelSignature(Schema([ColSpec("double", 0), ColSpec("double", 7)]))  # type: ignore[arg-type]
    pyfunc.save_model(
        str(tmp_path / "model"), python_model=ByInteger(), signature=signature, pip_requirements=[]
    )
    predictor = loaded(tmp_path / "model", "mlflow")
    frame = pandas.DataFrame([[1.0, 5.0], [2.0, 4.0]], columns=[0, 7])
    expected = ByInteger().predict(None, frame)
    assert answer(predictor, dataframe_split=frame.to_dict(orient="split")) == expected
    assert answer(predictor, dataframe_records=json.loads(frame.to_json(orient="records"))) == expected
    assert answer(predictor, inputs={"0": [1, 2], "7": [5, 4]}) == expected
    assert answer(predictor, inputs=[[1, 5], [2, 4]]) == expected
    assert infer(predictor, **{"0": ("FP64", [1.0, 2.0]), "7": ("FP32", [5.0, 4.0])}) == expected
    with pytest.raises(InvalidInput, match="takes FP64, and the request has text"):
        answer(predictor, inputs={"0": [1, 2], "7": ["5", "4"]})
    assert [kind.name for kind in predictor.signature().inputs] == ["0", "7"]


@given(st.sampled_from(list(TABLE)), ANYTHING)
@settings(deadline=None, max_examples=150)
def test_a_column_never_gets_another_value(name: str, cell: Any) -> None:
    record = {"flag": True, "small": 1, "large": 1, "half": 0.5, "whole": 0.5, "text": "a"} | {name: cell}
    try:
        seen = answer(table_model(), dataframe_records=[record])["rows"][0][list(TABLE).index(name)]
    except InvalidInput:
        return
    if name == "half" and isinstance(cell, float):
        cell = float(np.float32(cell))
    assert seen == (None if cell != cell else cell)  # noqa: PLR0124 - NaN
    assert isinstance(seen, bool | str) == isinstance(cell, bool | str)


@given(
    st.fixed_dictionaries(
        {name: st.lists(values, min_size=2, max_size=2) for name, values in TENSORS.items()}
    )
)
@settings(deadline=None, max_examples=50)
def test_tensors_of_every_type_are_those_of_python(rows: dict[str, list[Any]]) -> None:
    predictor = tensor_model()
    wanted = {"named": {name: name for name in rows}, "values": {name: [row] for name, row in rows.items()}}
    assert answer(predictor, inputs={name: [row] for name, row in rows.items()}) == wanted
    tensors = {name: (DATATYPES[name], [row]) for name, row in rows.items()}
    assert infer(predictor, **tensors) == wanted
