"""What estimators in skops files take and answer, and what is Malformed."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regolo_git.layouts.interface import FileInterface
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.skops_interface import skops_interface

pytest.importorskip("sklearn")
skops_io = pytest.importorskip("skops.io")
X = np.random.default_rng(0).standard_normal((40, 2))
WORDS = np.where(X[:, 0] > 0, "yes", "no")
CLASSES = {"y": "[N]", "y classes": "2 str", "y = no": "class 0", "y = yes": "class 1"}


def read(data: bytes) -> FileInterface:
    return skops_interface(io.BytesIO(data), len(data))


def dumped(estimator: Any) -> bytes:
    return bytes(skops_io.dumps(estimator))


def test_a_classifier_says_its_features_and_classes() -> None:
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(2)
    for labels in (WORDS, WORDS.astype(object)):
        assert read(dumped(forest.fit(X, labels))) == FileInterface(
            {"X": "[N, 2]"}, CLASSES, "RandomForestClassifier"
        )
    found = read(dumped(forest.fit(X, (X[:, 0] > 0).astype(np.int64))))
    assert found.outputs == {"y": "[N]", "y classes": "2 int", "y = 0": "class 0", "y = 1": "class 1"}


def test_features_have_names_and_an_order() -> None:
    from sklearn.ensemble import VotingClassifier
    from sklearn.linear_model import LogisticRegression

    table = pytest.importorskip("pandas").DataFrame(X, columns=["age", "height"])
    expected = {"X": "[N, 2]", "age": "column 0", "height": "column 1"}
    for estimator in (LogisticRegression(), VotingClassifier([("one", LogisticRegression())])):
        assert read(dumped(estimator.fit(table, WORDS))).inputs == expected


def test_pipelines_and_searches_take_by_the_first_and_answer_by_the_last() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    steps = [("none", "passthrough"), ("scaler", StandardScaler()), ("model", LogisticRegression())]
    pipeline = Pipeline(steps)
    expected = FileInterface({"X": "[N, 2]"}, CLASSES, "LogisticRegression")
    assert read(dumped(pipeline.fit(X, WORDS))) == expected
    search = GridSearchCV(pipeline, {"model__C": [1, 2]}, cv=2)
    assert read(dumped(search.fit(X, WORDS))) == expected


def test_texts_are_an_input_and_their_vocabulary_is_learned() -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    found = read(dumped(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(WORDS, WORDS)))
    assert (found.inputs, found.outputs) == ({"X": "texts"}, CLASSES)


def test_regressors_say_how_many_numbers_they_answer() -> None:
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
    from sklearn.neighbors import KNeighborsRegressor

    for estimator in (RandomForestRegressor(2), KNeighborsRegressor()):
        assert read(dumped(estimator.fit(X, X))).outputs == {"y": "[N, 2]"}
        assert read(dumped(estimator.fit(X, X[:, 0]))).outputs == {"y": "[N]"}
    assert read(dumped(GradientBoostingRegressor(n_estimators=2).fit(X, X[:, 0]))).outputs == {"y": "[N]"}


def test_several_answers_have_the_classes_of_each() -> None:
    from sklearn.ensemble import RandomForestClassifier

    found = read(dumped(RandomForestClassifier(2).fit(X, np.c_[WORDS, WORDS[::-1]])))
    assert found.outputs["y"] == "[N, 2]"
    assert (found.outputs["y.0 = no"], found.outputs["y.1 = yes"]) == ("class 0", "class 1")


def test_one_that_does_not_say_its_outputs_is_malformed() -> None:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression

    for estimator in (LinearRegression().fit(X, X), PCA().fit(X), {"weights": X}):
        with pytest.raises(Malformed):
            read(dumped(estimator))


@pytest.fixture(scope="module")
def tree() -> bytes:
    from sklearn.tree import DecisionTreeClassifier

    return dumped(DecisionTreeClassifier().fit(X, WORDS))


@settings(max_examples=40)
@given(data=st.data())
def test_damage_is_malformed_or_harmless(tree: bytes, data: st.DataObject) -> None:
    whole = bytearray(tree)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(1, len(whole)))])
    with contextlib.suppress(Malformed):
        read(cut)
