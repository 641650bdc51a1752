"""scikit-learn models answer as in Python: mixed rows, columns by name, texts and records, in every form."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.loaded_models import answer, infer, loaded

from regolo_git.errors import InvalidInput, MissingDependency
from regolo_git.serving.local.worker.call import Predictor

skops = pytest.importorskip("skops.io")
pytest.importorskip("sklearn")

from sklearn.compose import ColumnTransformer, make_column_selector  # noqa: E402
from sklearn.feature_extraction import DictVectorizer  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import FeatureUnion, make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler  # noqa: E402

pytestmark = pytest.mark.slow  # importing scikit-learn takes each process of the tests seconds


def served(folder: Path, model: Any, **config: Any) -> Predictor:
    path = folder / "model.skops"
    skops.dump(model, path)
    return loaded(path, "skops", trusted=tuple(skops.get_untrusted_types(file=path)), **config)


# -- rows that mix numbers and text -----------------------------------------------------------------------

MIXED = [[0.1, 2, "red"], [0.9, 3, "blue"], [0.5, 1, "green"], [0.2, 2, "blue"], [0.7, 1, "red"]]
ASKED = [[0.1, 2, "red"], [0.1, 3, "blue"], [0.1, 1, "green"], [0.1, 2, "blue"]]


@pytest.fixture(scope="module")
def by_index(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Predictor]:
    encoders = [("n", StandardScaler(), [0]), ("c", OneHotEncoder(handle_unknown="ignore"), [1, 2])]
    model = make_pipeline(ColumnTransformer(encoders), LogisticRegression(C=100))
    model.fit(np.array(MIXED, dtype=object), [1, 1, 0, 0, 0])
    return model, served(tmp_path_factory.mktemp("index"), model, method="predict_proba")


def columns(rows: list[list[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def test_rows_of_numbers_and_text_keep_their_types(by_index: tuple[Any, Predictor]) -> None:
    model, predictor = by_index
    expected = model.predict_proba(np.array(ASKED, dtype=object)).tolist()
    a, b, c = columns(ASKED)
    assert answer(predictor, inputs=ASKED) == expected
    assert answer(predictor, instances=ASKED) == expected
    assert answer(predictor, inputs={"a": a, "b": b, "c": c}) == expected
    assert answer(predictor, dataframe_split={"columns": ["a", "b", "c"], "data": ASKED}) == expected
    records = [dict(zip("abc", row, strict=True)) for row in ASKED]
    assert answer(predictor, dataframe_records=records) == expected
    assert answer(predictor, instances=records) == expected
    assert infer(predictor, a=("FP64", a), b=("INT64", b), c=("BYTES", c)) == expected
    assert infer(predictor, a=("FP64", [[v] for v in a]), b=("INT8", b), c=("BYTES", c)) == expected


def test_numbers_reach_an_encoder_of_objects_as_objects(tmp_path: Path) -> None:
    seen: list[list[Any]] = [[1, 0.5], [2, 1.5], [3, 2.5]]
    model = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(np.array(seen, dtype=object), [0, 1, 1])
    predictor = served(tmp_path, model)
    assert answer(predictor, inputs=seen) == model.predict(np.array(seen, dtype=object)).tolist()
    assert answer(predictor, inputs=[[3, 0.5]]) == model.predict(np.array([[3, 0.5]], dtype=object)).tolist()


def test_integers_that_a_float_cannot_hold_stay_apart(tmp_path: Path) -> None:
    near = 2**53
    seen = np.array([[near, 0.5], [near + 1, 0.5]], dtype=object)
    encoder = OrdinalEncoder().fit(seen)
    predictor = served(tmp_path, encoder, method="transform")
    assert answer(predictor, inputs=seen.tolist()) == [[0.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    "rows",
    [
        [[0.1, 2]],
        [[0.1, 2, "red", 4]],
        [[0.1, 2, "red"], [0.1, 2]],
        [["old", 2, "red"]],
        [[0.1, [2], "red"]],
        [[0.1, {"b": 2}, "red"]],
        [0.1, 2, "red"],
        [],
        [[10**400, 2, "red"]],
        [{"a": 1}, {"b": 1}],
    ],
)
def test_rows_that_do_not_fit_are_the_callers_mistake(by_index: tuple[Any, Predictor], rows: Any) -> None:
    with pytest.raises(InvalidInput):
        answer(by_index[1], inputs=rows)


@pytest.mark.parametrize("text", ["2", "nan", " 1e3", "-inf"])
def test_text_in_a_column_of_numbers_is_not_parsed(
    by_index: tuple[Any, Predictor], tmp_path: Path, text: str
) -> None:
    model, predictor = by_index
    with pytest.raises(InvalidInput, match=r"column '0' takes numbers, and the request has text"):
        answer(predictor, inputs=[[0.1, 2, "red"], [text, 2, "red"]])
    # In a column of categories it is one like any other.
    assert (
        answer(predictor, inputs=[[0.1, text, text]])
        == model.predict_proba(np.array([[0.1, text, text]], dtype=object)).tolist()
    )
    numbers = served(tmp_path, LogisticRegression().fit([[1.0, 2.0], [3.0, 4.0]], [0, 1]))
    for rows in ([[1.0, text]], [[text, text]], [[3.0, 4.0], [1, text]]):
        with pytest.raises(InvalidInput):
            answer(numbers, inputs=rows)
    assert answer(numbers, inputs=[[3.0, 4.0]]) == [1]


def test_text_in_a_named_column_of_numbers_is_not_parsed(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    predictor = served(tmp_path, by_name(pandas, city=["city"]))
    for age in ("31", "nan"):
        with pytest.raises(InvalidInput, match=r"column 'age' takes numbers, and the request has text"):
            answer(predictor, dataframe_records=[{"age": age, "city": "Oslo"}])
    assert answer(predictor, dataframe_records=[{"age": 31.0, "city": "31"}]) in ([0], [1])
    assert answer(predictor, dataframe_records=[{"age": 31.0, "city": "Oslo"}]) == [1]


# -- columns by name --------------------------------------------------------------------------------------

PEOPLE = {"age": [20.0, 31.0, 42.0, 53.0], "city": ["Rome", "Oslo", "Rome", "Lima"], "size": [1, 2, 3, 4]}


def people(pandas: Any, **changed: Any) -> Any:
    return pandas.DataFrame(PEOPLE | changed)


def by_name(pandas: Any, *, city: Any = ("city",)) -> Any:
    encoders = [("n", StandardScaler(), ["age"]), ("c", OneHotEncoder(handle_unknown="ignore"), city)]
    model = make_pipeline(ColumnTransformer(encoders), LogisticRegression(C=100))
    return model.fit(people(pandas), [0, 1, 0, 1])


def selected_by_type() -> Any:
    numbers, texts = (
        make_column_selector(dtype_include="number"),
        make_column_selector(dtype_exclude="number"),
    )
    return ColumnTransformer([("n", StandardScaler(), numbers), ("c", OneHotEncoder(), texts)])


@pytest.mark.parametrize("kind", ["names", "types"])
def test_columns_by_name_reach_the_model_as_a_table(tmp_path: Path, kind: str) -> None:
    pandas = pytest.importorskip("pandas")
    model = by_name(pandas, city=["city"])
    if kind == "types":
        model = make_pipeline(selected_by_type(), LogisticRegression()).fit(people(pandas), [0, 1, 0, 1])
    predictor = served(tmp_path, model, method="predict_proba")
    frame = people(pandas, age=[50.0, 22.5, 31.0, 40.0], city=["Oslo", "Lima", "Rome", "Oslo"])
    expected = model.predict_proba(frame).tolist()
    rows, names = frame.to_numpy(dtype=object).tolist(), list(frame.columns)
    turned = [row[::-1] for row in rows]
    assert answer(predictor, dataframe_split={"columns": names, "data": rows}) == expected
    assert answer(predictor, dataframe_split={"columns": names[::-1], "data": turned}) == expected
    assert answer(predictor, dataframe_records=frame.to_dict(orient="records")) == expected
    assert answer(predictor, inputs=frame.to_dict(orient="list")) == expected
    assert answer(predictor, inputs=rows) == expected  # in the order of the model's names
    age, city, size = columns(rows)
    assert infer(predictor, size=("INT64", size), age=("FP64", age), city=("BYTES", city)) == expected
    assert (
        infer(predictor, size=("INT64", [[v] for v in size]), age=("FP64", age), city=("BYTES", city))
        == expected
    )


def test_columns_that_the_model_does_not_use_may_come_or_be_missing(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    model = by_name(pandas, city=["city"])
    predictor = served(tmp_path, model)
    assert answer(predictor, dataframe_records=[{"more": None, "city": "Oslo", "age": 31.0}]) == [1]
    with pytest.raises(InvalidInput, match="the columns differ in length"):
        answer(predictor, inputs={"age": [1.0, 2.0], "city": ["Oslo"]})
    with pytest.raises(InvalidInput) as refused:
        answer(predictor, dataframe_records=[{f"unknown {at}": 1.0 for at in range(1000)}])
    assert len(refused.value.message) < 1000
    with pytest.raises(InvalidInput, match=r"columns are missing.*city"):
        answer(predictor, dataframe_records=[{"age": 31.0, "size": 2}])


def test_a_model_that_knows_names_takes_arrays_without_a_warning(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1.0, 2.0, 3.0], "b": [3, 1, 2]})
    model = LogisticRegression().fit(frame, [0, 1, 1])
    predictor = served(tmp_path, model)
    assert answer(predictor, inputs=frame.to_numpy().tolist()) == [0, 1, 1]
    assert infer(predictor, any=("FP32", frame.to_numpy().tolist())) == [0, 1, 1]
    assert answer(predictor, dataframe_records=[{"b": 1, "a": 2.0}]) == [1]
    assert [str(warning.message) for warning in recwarn if "feature names" in str(warning.message)] == []
    with pytest.raises(InvalidInput, match="differ in length"):
        answer(predictor, inputs=[[1.0], [2.0, 3.0]])
    with pytest.raises(InvalidInput, match="expects rows of 2 values"):
        answer(predictor, inputs=[[1.0], [2.0]])
    for wrong in ({"a": 1.0}, {"a": 1.0, "b": 1, "c": 1}, {"a": 1.0, "c": 1}):
        with pytest.raises(InvalidInput, match="feature names"):
            answer(predictor, dataframe_records=[wrong])


class NoPandas:
    """As in an environment without it."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def test_a_model_that_needs_names_is_refused_where_there_is_no_pandas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    named, plain = (
        by_name(pandas, city=["city"]),
        LogisticRegression().fit(pandas.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]}), [0, 1]),
    )
    monkeypatch.delitem(sys.modules, "pandas")
    monkeypatch.setattr(sys, "meta_path", [NoPandas(), *sys.meta_path])
    with pytest.raises(MissingDependency, match="selects columns by name needs 'pandas'"):
        served(tmp_path, named)
    # An array in the order of its names is all that this one needs.
    predictor = served(tmp_path, plain)
    assert answer(predictor, dataframe_records=[{"b": 2.0, "a": 1.0}]) == [0]
    with pytest.raises(InvalidInput, match="expects the columns a, b"):
        answer(predictor, dataframe_records=[{"a": 1.0, "c": 2.0}])


# -- texts and records ------------------------------------------------------------------------------------

TEXTS = ["good film", "bad film", "good", "bad"]


def text_models() -> dict[str, Any]:
    return {
        "tfidf": make_pipeline(TfidfVectorizer(), LogisticRegression()),
        "union": make_pipeline(
            FeatureUnion([("a", TfidfVectorizer()), ("b", CountVectorizer())]), LogisticRegression()
        ),
        "search": GridSearchCV(
            make_pipeline(TfidfVectorizer(), LogisticRegression()), {"logisticregression__C": [1]}, cv=2
        ),
    }


@pytest.mark.parametrize("name", list(text_models()))
def test_a_model_of_text_takes_one_column_whatever_its_name(tmp_path: Path, name: str) -> None:
    predictor = served(tmp_path, text_models()[name].fit(TEXTS, [1, 0, 1, 0]))
    asked, expected = ["so good", "too bad"], [1, 0]
    assert answer(predictor, inputs=asked) == expected
    assert answer(predictor, inputs=[[text] for text in asked]) == expected
    assert answer(predictor, inputs={"text": asked}) == expected
    assert answer(predictor, dataframe_records=[{"text": text} for text in asked]) == expected
    assert answer(predictor, instances=[{"text": text} for text in asked]) == expected
    assert (
        answer(predictor, dataframe_split={"columns": ["t"], "data": [[text] for text in asked]}) == expected
    )
    assert infer(predictor, any=("BYTES", asked)) == expected
    assert infer(predictor, any=("BYTES", [[text] for text in asked])) == expected
    assert predictor.signature().inputs[0].datatype == "BYTES"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"inputs": [1, 2]}, "the input takes text, and its value 0 is a number"),
        ({"inputs": ["good", None]}, "value 1 is null"),
        ({"inputs": [["good", "bad"]]}, "value 0 is a list"),
        ({"inputs": {"a": ["good"], "b": ["bad"]}}, "one input of text, and not 2"),
        ({"dataframe_records": [{"a": "good", "b": "bad"}]}, "one column of text, and not 2"),
        ({"dataframe_records": [{"text": True}]}, "column 'text' takes text, and its value 0 is a boolean"),
    ],
)
def test_what_is_not_one_column_of_text_is_refused_by_name(
    tmp_path: Path, body: dict[str, Any], words: str
) -> None:
    predictor = served(tmp_path, text_models()["tfidf"].fit(TEXTS, [1, 0, 1, 0]))
    with pytest.raises(InvalidInput, match=words):
        answer(predictor, **body)


def test_a_column_of_text_in_a_table_refuses_numbers(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": TEXTS, "size": [1, 2, 3, 4]})
    encoders = [("t", TfidfVectorizer(), "text"), ("n", StandardScaler(), ["size"])]
    model = make_pipeline(ColumnTransformer(encoders), LogisticRegression()).fit(frame, [1, 0, 1, 0])
    predictor = served(tmp_path, model)
    assert answer(predictor, dataframe_records=[{"size": 2, "text": "so good"}]) == [1]
    for wrong in (5, None, True):
        with pytest.raises(InvalidInput, match="rejects these values"):
            answer(predictor, dataframe_records=[{"size": 2, "text": wrong}])


def test_a_null_is_the_callers_mistake_and_a_part_that_is_missing_the_models(tmp_path: Path) -> None:
    seen = np.array([[text, 1.0] for text in TEXTS], dtype=object)
    encoders = [("t", TfidfVectorizer(), 0), ("n", StandardScaler(), [1])]
    model = make_pipeline(ColumnTransformer(encoders), LogisticRegression()).fit(seen, [1, 0, 1, 0])
    predictor = served(tmp_path, model)
    with pytest.raises(InvalidInput, match="'NoneType' object has no attribute"):
        answer(predictor, inputs=[["good", 1.0], [None, 1.0]])
    del model.steps[0][1].named_transformers_["n"].mean_
    with pytest.raises(AttributeError, match="'StandardScaler' object has no attribute 'mean_'"):
        answer(served(tmp_path, model), inputs=[["good", 1.0]])


def test_a_model_of_records_gets_records(tmp_path: Path) -> None:
    seen = [{"city": "Rome", "age": 20}, {"city": "Oslo", "age": 31}]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(seen, [0, 1])
    predictor = served(tmp_path, model)
    assert answer(predictor, dataframe_records=seen) == [0, 1]
    assert (
        answer(predictor, instances=[{"city": "Oslo"}, {"age": 20}])
        == model.predict([{"city": "Oslo"}, {"age": 20}]).tolist()
    )
    assert answer(predictor, inputs={"city": ["Rome", "Oslo"], "age": [20, 31]}) == [0, 1]
    assert (
        answer(predictor, dataframe_split={"columns": ["city"], "data": [["Oslo"]]})
        == model.predict([{"city": "Oslo"}]).tolist()
    )
    with pytest.raises(InvalidInput):
        answer(predictor, inputs=[[1, 2]])
