"""The usual scikit-learn pipelines answer as in Python, whatever form the request has."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from support.loaded_models import answer, infer, lasting_folder, loaded

from regolo_git.serving.local.worker.call import Predictor
from regolo_git.serving.local.worker.plain_answer import dump_answer

skops = pytest.importorskip("skops.io")
pandas = pytest.importorskip("pandas")
pytest.importorskip("sklearn")

from sklearn.compose import ColumnTransformer, make_column_selector  # noqa: E402
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler  # noqa: E402

pytestmark = pytest.mark.slow  # CI runs it, too

SEEN = pandas.DataFrame(
    {
        "age": [20.5, 31.0, 42.5, 53.0, 28.0, 61.5, 35.0, 47.0],
        "visits": [1, 2, 3, 2, 1, 3, 2, 1],
        "city": ["Rome", "Oslo", "Rome", "Lima", "Oslo", "Lima", "Rome", "Oslo"],
        "note": ["good film", "bad", "good", "so bad", "fine film", "bad film", "good one", "fine"],
    }
)
WANTED = [1, 0, 1, 0, 1, 0, 1, 1]
ASKED = pandas.DataFrame(
    {
        "age": [33.0, 58.5, 20.5, 41.0],
        "visits": [2, 1, 3, 3],
        "city": ["Lima", "Paris", "Rome", "Oslo"],
        "note": ["good", "bad bad", "film", "unheard of"],
    }
)


def encoder() -> Any:
    return OneHotEncoder(handle_unknown="ignore")


def by_name() -> Any:
    parts = [
        ("n", StandardScaler(), ["age", "visits"]),
        ("c", encoder(), ["city"]),
        ("t", TfidfVectorizer(), "note"),
    ]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression(C=50))


def by_index() -> Any:
    parts = [("n", StandardScaler(), [0]), ("c", encoder(), [1, 2]), ("t", TfidfVectorizer(), 3)]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression(C=50))


def by_type() -> Any:
    numbers = make_column_selector(dtype_include="number")
    parts = [("n", make_pipeline(SimpleImputer(), StandardScaler()), numbers), ("c", encoder(), ["city"])]
    return make_pipeline(
        ColumnTransformer(parts, remainder="drop"), RandomForestClassifier(10, random_state=0)
    )


def boosted() -> Any:
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    parts = ColumnTransformer([("c", codes, ["city"])], remainder="drop").set_output(transform="pandas")
    model = HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=1)
    return make_pipeline(parts, model)


def of_columns(*names: str) -> Callable[[Any], Any]:
    return lambda frame: frame[list(names)]


def as_objects(frame: Any) -> Any:
    return frame.to_numpy(dtype=object)


# Name: the pipeline, and what it is fitted on of the table above.
PIPELINES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "by name": (by_name, lambda frame: frame),
    "by index, fitted on an array": (by_index, as_objects),
    "by index, fitted on a table": (by_index, lambda frame: frame),
    "by type, a forest": (by_type, lambda frame: frame),
    "a forest of numbers": (
        lambda: RandomForestClassifier(10, random_state=0),
        lambda frame: frame[["age", "visits"]].to_numpy(),
    ),
    "boosting of a table": (
        lambda: HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=1),
        of_columns("age", "visits"),
    ),
    "boosting of categories": (boosted, of_columns("city", "age")),
    "an encoder of texts": (lambda: make_pipeline(encoder(), LogisticRegression()), of_columns("city")),
    "an encoder of an array": (
        lambda: make_pipeline(encoder(), LogisticRegression()),
        lambda frame: as_objects(frame[["visits", "city"]]),
    ),
}


@cache
def served(name: str) -> tuple[Any, Predictor]:
    make, chosen = PIPELINES[name]
    model = make().fit(chosen(SEEN), WANTED)
    path = lasting_folder() / "model.skops"
    skops.dump(model, path)
    trusted = tuple(skops.get_untrusted_types(file=path))
    return model, loaded(path, "skops", trusted=trusted, method="predict_proba")


def plain(value: Any) -> Any:
    return json.loads(dump_answer(value))


def frame_of(argument: Any) -> Any:
    """What a pipeline takes as a table of JSON, whatever its names are."""
    frame = argument if hasattr(argument, "columns") else pandas.DataFrame(argument)
    return frame.rename(columns=str)


@pytest.mark.parametrize("name", list(PIPELINES))
def test_a_pipeline_answers_as_in_python(name: str) -> None:
    model, predictor = served(name)
    argument = PIPELINES[name][1](ASKED)
    expected = plain(model.predict_proba(argument))
    frame = frame_of(argument)
    rows, names = frame.to_numpy(dtype=object).tolist(), list(frame.columns)
    assert answer(predictor, inputs=rows) == expected
    assert answer(predictor, instances=rows) == expected
    assert answer(predictor, inputs=frame.to_dict(orient="list")) == expected
    assert answer(predictor, dataframe_split={"columns": names, "data": rows}) == expected
    assert answer(predictor, dataframe_records=frame.to_dict(orient="records")) == expected
    assert [answer(predictor, inputs=[row])[0] for row in rows] == expected


@pytest.mark.parametrize("name", list(PIPELINES))
def test_a_pipeline_answers_tensors_as_in_python(name: str) -> None:
    model, predictor = served(name)
    argument = PIPELINES[name][1](ASKED)
    frame = frame_of(argument)
    tensors = {name: (kind_of(frame[name]), frame[name].tolist()) for name in frame.columns}
    assert infer(predictor, **tensors) == plain(model.predict_proba(argument))


def kind_of(column: Any) -> str:
    return {float: "FP64", int: "INT64", str: "BYTES"}[type(column.tolist()[0])]


@pytest.mark.parametrize("name", ["boosting of a table", "a forest of numbers", "by type, a forest"])
def test_a_missing_value_is_missing_for_the_model_too(name: str) -> None:
    model, predictor = served(name)
    argument = PIPELINES[name][1](ASKED.assign(age=[33.0, None, 20.5, None]))
    expected = plain(model.predict_proba(argument))
    rows = plain(frame_of(argument).to_numpy(dtype=object).tolist())
    assert rows[1][0] is None
    assert answer(predictor, inputs=rows) == expected
    names = list(frame_of(argument).columns)
    assert answer(predictor, dataframe_split={"columns": names, "data": rows}) == expected
