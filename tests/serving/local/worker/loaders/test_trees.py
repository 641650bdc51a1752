"""Ensembles of trees in the files of their own libraries answer as those libraries do, in every form."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.joined import assert_joined, calls_of
from support.loaded_models import answer, infer, lasting_folder, loaded

from regolo_git.errors import IntegrityError, InvalidInput, ServingError
from regolo_git.serving.local.worker.call import Predictor, TensorType
from regolo_git.serving.local.worker.inference_answer import DATATYPES

pytestmark = pytest.mark.slow  # needs the libraries, which CI installs

pandas = pytest.importorskip("pandas")
NAMES = ["size", "count", "colour", "is_new"]
RANDOM = np.random.default_rng(0)
TABLE = pandas.DataFrame(
    {
        "size": RANDOM.normal(size=300).astype("float32"),
        "count": RANDOM.integers(0, 5, 300),
        "colour": pandas.Categorical(RANDOM.choice(["red", "green", "blue"], 300)),
        "is_new": RANDOM.random(300) > 0.5,
    }
)
TARGET = ((TABLE["size"] > 0) ^ (TABLE["colour"] == "red")).to_numpy()
PLAIN = TABLE[["size", "count"]].to_numpy("float32")


def xgboost(*, named: bool, classes: int = 2) -> tuple[Any, Path, str]:
    library = pytest.importorskip("xgboost")
    objective = (
        {"objective": "binary:logistic"}
        if classes == 2
        else {"objective": "multi:softprob", "num_class": classes}
    )
    data = library.DMatrix(
        TABLE if named else PLAIN,
        TARGET if classes == 2 else np.arange(300) % classes,
        enable_categorical=True,
    )
    model = library.train(objective | {"max_depth": 3}, data, 6)
    path = lasting_folder() / "model.ubj"
    model.save_model(path)
    return lambda rows: model.predict(library.DMatrix(rows, enable_categorical=True)), path, "xgboost"


def lightgbm(*, named: bool, classes: int = 2) -> tuple[Any, Path, str]:
    library = pytest.importorskip("lightgbm")
    objective = {"objective": "binary"} if classes == 2 else {"objective": "multiclass", "num_class": classes}
    data = library.Dataset(TABLE if named else PLAIN, TARGET if classes == 2 else np.arange(300) % classes)
    model = library.train(objective | {"verbose": -1, "min_data_in_leaf": 5}, data, 6)
    path = lasting_folder() / "model.txt"
    model.save_model(path)
    return model.predict, path, "lightgbm"


def catboost(*, named: bool, classes: int = 2) -> tuple[Any, Path, str]:
    library = pytest.importorskip("catboost")
    given = {"iterations": 6, "verbose": 0, "allow_writing_files": False}
    model = library.CatBoostClassifier(**given, cat_features=["colour"] if named else None)
    model.fit(TABLE if named else PLAIN, TARGET if classes == 2 else np.arange(300) % classes)
    path = lasting_folder() / "model.cbm"
    model.save_model(str(path))
    return model.predict_proba, path, "catboost"


LIBRARIES = {"xgboost": xgboost, "lightgbm": lightgbm, "catboost": catboost}
Served = tuple[Callable[[Any], Any], Predictor, Path]


def served(kind: str, **config: Any) -> Served:
    options = {"method": "predict_proba"} if kind == "catboost" else {}
    predict, path, name = LIBRARIES[kind](**config)
    return predict, loaded(path, name, **options), path


@pytest.fixture(scope="module", params=LIBRARIES)
def named(request: pytest.FixtureRequest) -> Served:
    return served(request.param, named=True)


@pytest.fixture(scope="module", params=LIBRARIES)
def plain(request: pytest.FixtureRequest) -> Served:
    return served(request.param, named=False)


def records(table: Any) -> list[dict[str, Any]]:
    return json.loads(table.to_json(orient="records", double_precision=15))


def test_features_by_name_with_categories(named: Served) -> None:
    predict, model, _ = named
    asked = TABLE.iloc[:20]
    expected = predict(asked).tolist()
    rows = [list(record.values()) for record in records(asked)]
    assert answer(model, dataframe_records=records(asked)) == expected
    assert answer(model, inputs=rows) == expected
    backwards = {"columns": NAMES[::-1], "data": [row[::-1] for row in rows]}
    assert answer(model, dataframe_split=backwards) == expected
    columns = dict(zip(NAMES, map(list, zip(*rows, strict=True)), strict=True))
    assert answer(model, inputs=columns) == expected
    kinds = {kind.name: kind for kind in model.signature().inputs}
    assert list(kinds) == NAMES
    assert kinds["colour"] == TensorType("colour", "BYTES", (-1,))
    typed = {
        "size": (kinds["size"].datatype, columns["size"]),
        "count": ("INT32", columns["count"]),
        "colour": ("BYTES", columns["colour"]),
        "is_new": ("BOOL", columns["is_new"]),
    }
    assert infer(model, **typed) == expected


def test_a_matrix_without_names(plain: Served) -> None:
    predict, model, _ = plain
    expected = predict(PLAIN[:20]).tolist()
    assert answer(model, inputs=PLAIN[:20].tolist()) == expected
    (kind,) = model.signature().inputs
    (output,) = model.signature().outputs
    assert output == TensorType(
        "output-0", DATATYPES[predict(PLAIN).dtype.name], (-1, *np.shape(expected)[1:])
    )
    assert (kind.name, kind.shape) == ("input-0", (-1, 2))
    assert infer(model, anything=(kind.datatype, PLAIN[:20].tolist())) == expected
    assert answer(model, dataframe_split={"columns": ["a", "b"], "data": PLAIN[:20].tolist()}) == expected
    missing = np.array([[np.nan, 1]], "float32")
    assert answer(model, inputs=[[None, 1]]) == predict(missing).tolist()
    assert len(answer(model, inputs=[])) == 0


def test_requests_that_are_joined_get_the_bits_that_each_gets_alone(named: Served, plain: Served) -> None:
    for (_, model, _), bodies in (
        (
            named,
            [
                {"dataframe_records": records(TABLE.iloc[at : at + size])}
                for at, size in ((0, 3), (3, 1), (4, 9))
            ],
        ),
        (plain, [{"inputs": PLAIN[at : at + size].tolist()} for at, size in ((0, 1), (1, 5), (6, 2))]),
    ):
        assert_joined(calls_of(model), bodies)


@pytest.mark.parametrize("kind", LIBRARIES)
def test_several_classes_and_raw_scores(kind: str) -> None:
    predict, model, path = served(kind, named=False, classes=3)
    assert answer(model, inputs=PLAIN[:5].tolist()) == predict(PLAIN[:5]).tolist()
    raw = answer(loaded(path, kind, method="raw"), inputs=PLAIN[:5].tolist())
    assert np.shape(raw) == (5, 3)
    assert [output.shape for output in model.signature().outputs] == [(-1, 3)]
    assert not np.allclose(np.sum(raw, axis=1), 1)
    with pytest.raises(InvalidInput, match="'other' is not one of predict"):
        loaded(path, kind, method="other")


def test_what_does_not_fit_is_refused(plain: Served, named: Served) -> None:
    for body, said in (
        ({"inputs": [[1, 2, 3]]}, "rows of 2 values"),
        ({"inputs": [1, 2]}, "rows of 2 values"),
        ({"inputs": [[1, "2"]]}, "the request has text"),
        ({"inputs": [[1, [2]]]}, "differ in length"),
        ({"inputs": [[1, 1e400]]}, "too large"),
        ({"inputs": {"a": [1]}}, "rows of 2 values"),
        ({"dataframe_records": [{"a": 1}]}, "2 columns, not 1"),
    ):
        with pytest.raises(InvalidInput, match=said):
            answer(plain[1], **body)
    record = records(TABLE.iloc[:1])[0]
    with pytest.raises(InvalidInput, match="the request has text"):
        answer(named[1], dataframe_records=[record | {"size": "large"}])
    with pytest.raises(InvalidInput, match="lacks 'size'"):
        answer(named[1], dataframe_records=[{k: v for k, v in record.items() if k != "size"} | {"other": 1}])
    with pytest.raises(InvalidInput, match="has 'other', which is not one of them"):
        answer(named[1], dataframe_records=[record | {"other": 1}])


def test_a_category_that_was_not_there_is_as_in_the_library() -> None:
    record = records(TABLE.iloc[:1])[0] | {"colour": "violet"}
    _, model, _ = served("xgboost", named=True)
    with pytest.raises(
        InvalidInput, match="column 'colour' has a category that the model does not know: 'violet'"
    ):
        answer(model, dataframe_records=[record])
    predict, model, _ = served("lightgbm", named=True)
    unknown = TABLE.iloc[:1].assign(colour=pandas.Categorical(["violet"]))
    assert answer(model, dataframe_records=[record]) == predict(unknown).tolist()


@pytest.mark.parametrize("kind", ["xgboost", "catboost"])
def test_a_fraction_is_no_category(kind: str) -> None:
    _, model, _ = served(kind, named=True)
    with pytest.raises(InvalidInput, match=r"column 'colour' .*categor.*1\.5"):
        answer(model, dataframe_records=[records(TABLE.iloc[:1])[0] | {"colour": 1.5}])


def test_xgboost_as_json_and_with_an_early_stop() -> None:
    library = pytest.importorskip("xgboost")
    data = library.DMatrix(PLAIN, TARGET)
    model = library.train({"max_depth": 2}, data, 6)
    path = lasting_folder() / "model.json"
    model.set_attr(best_iteration="1")
    model.save_model(path)
    expected = model.predict(data, iteration_range=(0, 2))
    assert answer(loaded(path, "xgboost"), inputs=PLAIN.tolist()) == expected.tolist()
    path.with_name("config.txt").write_text("other")
    assert answer(loaded(path.parent, "xgboost"), inputs=PLAIN[:1].tolist()) == expected[:1].tolist()


def test_xgboost_with_categories_of_dart() -> None:
    library = pytest.importorskip("xgboost")
    data = library.DMatrix(TABLE, TARGET, enable_categorical=True)
    model = library.train({"booster": "dart"}, data, 4)
    path = lasting_folder() / "model.json"
    model.save_model(path)
    assert answer(loaded(path, "xgboost"), dataframe_records=records(TABLE)) == model.predict(data).tolist()


def test_xgboost_with_categories_that_it_writes_wrong_takes_their_codes() -> None:
    library = pytest.importorskip("xgboost")
    table = TABLE[["size", "colour"]].assign(
        colour=TABLE["colour"].cat.rename_categories({"green": "gr\u00fcn"})
    )
    model = library.train({}, library.DMatrix(table, TARGET, enable_categorical=True), 4)
    path = lasting_folder() / "model.ubj"
    model.save_model(path)
    expected = model.predict(library.DMatrix(table.iloc[:9], enable_categorical=True)).tolist()
    coded = table.assign(colour=table["colour"].cat.codes.astype(int)).iloc[:9]
    assert answer(loaded(path, "xgboost"), dataframe_records=records(coded)) == expected
    with pytest.raises(InvalidInput, match="the request has text"):
        answer(loaded(path, "xgboost"), dataframe_records=records(table.iloc[:1]))


def test_lightgbm_with_categories_of_numbers_takes_their_codes() -> None:
    library = pytest.importorskip("lightgbm")
    numbers = TABLE.assign(colour=TABLE["colour"].cat.codes.astype(int))
    data = library.Dataset(numbers, TARGET, categorical_feature=["colour"])
    model = library.train({"objective": "binary", "verbose": -1}, data, 4)
    path = lasting_folder() / "model.txt"
    model.save_model(path)
    found = answer(loaded(path, "lightgbm"), dataframe_records=records(numbers.iloc[:9]))
    assert found == model.predict(numbers.iloc[:9]).tolist()


def test_catboost_answers_classes_or_numbers() -> None:
    library = pytest.importorskip("catboost")
    _, path, _ = catboost(named=True)
    found = answer(loaded(path, "catboost"), dataframe_records=records(TABLE.iloc[:9]))
    model = library.CatBoostClassifier()
    model.load_model(str(path))
    assert found == model.predict(TABLE.iloc[:9]).ravel().tolist()
    regression = library.CatBoostRegressor(iterations=3, verbose=0, allow_writing_files=False)
    regression.fit(PLAIN, PLAIN[:, 0])
    path = lasting_folder() / "model.cbm"
    regression.save_model(str(path))
    assert (
        answer(loaded(path, "catboost"), inputs=PLAIN[:3].tolist()) == regression.predict(PLAIN[:3]).tolist()
    )
    with pytest.raises(ServingError, match="the model has no classes"):
        loaded(path, "catboost", method="predict_proba")
    texts = library.CatBoostClassifier(iterations=1, verbose=0, text_features=[0], allow_writing_files=False)
    texts.fit([["good wine"], ["bad wine"], ["good beer"], ["bad beer"]] * 5, [1, 0, 1, 0] * 5)
    texts.save_model(str(path))
    with pytest.raises(ServingError, match="texts or embeddings"):
        loaded(path, "catboost")


@pytest.mark.parametrize("kind", LIBRARIES)
@pytest.mark.parametrize("keep", [0.0, 0.03, 0.5, 0.97, 0.999])
def test_a_file_that_is_cut_off_is_refused(kind: str, keep: float) -> None:
    _, path, _ = LIBRARIES[kind](named=False)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    if kind == "lightgbm" and keep > 0.9:
        pytest.skip("what is behind the trees is not needed")
    with pytest.raises(IntegrityError, match="'model"):
        loaded(path, kind)


@pytest.mark.parametrize(
    ("kind", "name", "content"),
    [
        ("xgboost", "model.ubj", b"{L"),
        ("xgboost", "model.json", b"{}"),
        ("xgboost", "model.json", b'{"learner": [], "version": [3, 0, 0]}'),
        ("lightgbm", "model.txt", b"tree\ntree_sizes=9\n\nTree=0\nend of trees\n"),
        ("lightgbm", "model.txt", b"tree\ntree_sizes=99999999999999\n\nTree=0\n\nend of trees\n"),
        ("catboost", "model.cbm", b"CBM1" + b"\xff" * 400),
        ("catboost", "model.cbm", b"CBM1" + bytes(400)),
    ],
    ids=str,
)
def test_other_files_are_refused(tmp_path: Path, kind: str, name: str, content: bytes) -> None:
    pytest.importorskip(kind)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IntegrityError):
        loaded(tmp_path / name, kind)
