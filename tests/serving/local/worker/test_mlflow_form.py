"""MLflow's four forms of input become one call; whatever is wrong with a body is the caller's mistake."""

import json

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.serving.local.worker.mlflow_form import invocation, read_invocation, write_predictions


def test_rows_come_with_or_without_the_names_of_their_columns() -> None:
    for name in ("inputs", "instances"):
        assert invocation({name: [[1, 2]]}).rows == [[1, 2]]
    split = invocation({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}})
    assert (split.columns, split.rows) == (("a", "b"), [[1, 2], [3, 4]])
    assert invocation({"dataframe_split": {"data": [[1]]}}).columns is None
    # A table of pandas whose columns nobody has named.
    assert invocation({"dataframe_split": {"columns": [0, 1], "data": [[1, 2]]}}).columns == ("0", "1")
    records = invocation({"dataframe_records": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]})
    assert (records.columns, records.rows) == (("a", "b"), [[1, 2], [3, 4]])


def test_inputs_may_be_named_and_params_are_the_callers() -> None:
    call = invocation({"inputs": {"x": [1]}, "params": {"bias": 2}})
    assert (call.named, call.rows, call.parameters) == ({"x": [1]}, None, {"bias": 2})
    assert invocation({"inputs": [], "params": None}).parameters == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "exactly one of"),
        (b'{"inputs": [], "instances": []}', "exactly one of"),
        (b'{"inputs": 1}', "'inputs' in the body is not a list"),
        (b'{"instances": {"a": 1}}', "'instances' in the body is not a list"),
        (b'{"inputs": [], "params": [1]}', "'params' in the body is not an object"),
        (b'{"dataframe_split": {}}', "lacks 'dataframe_split.data'"),
        (b'{"dataframe_split": {"data": [1]}}', r"'dataframe_split\.data\[0\]' in the body is not a list"),
        (b'{"dataframe_split": {"columns": [1.5], "data": [[1]]}}', "is not a string or an integer"),
        (b'{"dataframe_split": {"columns": [true], "data": [[1]]}}', "is not a string or an integer"),
        (b'{"dataframe_split": {"columns": [["a", "b"]], "data": [[1]]}}', "is not a string or an integer"),
        (
            b'{"dataframe_split": {"columns": [null], "data": [[1]]}}',
            "is not a string or an integer",
        ),
        (b'{"dataframe_split": {"columns": [1, "1"], "data": [[1, 2]]}}', "the column '1' twice"),
        (b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}', "as long as 'columns'"),
        (b'{"dataframe_split": {"columns": ["a", "b", "a"], "data": [[1, 2, 3]]}}', "the column 'a' twice"),
        (b'{"dataframe_split": {"columns": ["a", "a"], "data": []}}', "the column 'a' twice"),
        (b'{"dataframe_split": {"columns": ["a"], "columns": ["b"], "data": [[1]]}}', "'columns' twice"),
        (b'{"dataframe_records": [{"a": 1}, {"a": 1, "a": 2}]}', "'a' twice in the same object"),
        (b'{"inputs": {"x": [1], "x": [2]}}', "'x' twice in the same object"),
        (b'{"inputs": [1], "inputs": [2]}', "'inputs' twice in the same object"),
        (b'{"dataframe_records": [1]}', "is not an object"),
        (b'{"dataframe_records": [{"a": 1}, {"b": 1}]}', "different columns"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(body: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        read_invocation(body)


def test_predictions_are_what_the_model_answered() -> None:
    assert json.loads(write_predictions({"a": (1, 2)})) == {"predictions": {"a": [1, 2]}}


def test_many_columns_with_one_twice_cost_no_more_than_many_columns() -> None:
    names = [f"c{number}" for number in range(200_000)]
    twice = {"columns": [*names, names[-1]], "data": []}
    with pytest.raises(InvalidInput, match="the column 'c199999' twice"):
        invocation({"dataframe_split": twice})
    members = ",".join(f'"{name}":1' for name in [*names, names[-1]])
    with pytest.raises(InvalidInput, match="'c199999' twice in the same object"):
        read_invocation(f'{{"inputs":{{{members}}}}}'.encode())
