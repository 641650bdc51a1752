"""MLflow models get tables and arrays in the types of their signature, without a change of any value."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.loaded_models import answer, infer, loaded

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.call import Predictor, TensorType

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
            return {
                "named": {
                    name: str(getattr(value, "dtype", type(value))) for name, value in model_input.items()
                }
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
    seen = {"named": {"x": "int32", "y": "float64"}}
    assert answer(predictor, inputs={"x": [1], "y": [2]}) == seen
    assert infer(predictor, y=("FP32", [2]), x=("INT32", [1])) == seen


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
    assert answer(predictor, inputs={"x": [1], "y": [0.5]}) == {"named": {"x": "int64", "y": "float64"}}
    assert infer(predictor, x=("FP32", [[1, 2]])) == {"array": "float32", "values": [[1.0, 2.0]]}
