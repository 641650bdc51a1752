"""Each record has one path, and the path of each says whose it is."""

from collections.abc import Callable

import pytest
from hypothesis import given
from support.strategies import names
from support.strategies import paths as model_names

from regolo_git.records.paths import (
    card_path,
    endpoint_of,
    endpoint_path,
    environment_path,
    manifest_path,
    model_of_card,
    model_of_manifest,
    model_of_retired,
    place_of_promotion,
    retired_path,
)

PAIRS = [
    (manifest_path, model_of_manifest),
    (card_path, model_of_card),
    (retired_path, model_of_retired),
    (endpoint_path, endpoint_of),
]


@given(model_names, names)
def test_the_name_comes_back_from_its_path_alone(model: str, environment: str) -> None:
    for path_of, name_of in PAIRS:
        assert name_of(path_of(model)) == model
        for _, other in PAIRS:
            assert other is name_of or other(path_of(model)) is None
    assert place_of_promotion(environment_path(environment, model)) == f"{environment}/{model}"


def test_the_paths_are_those_of_the_format() -> None:
    assert manifest_path("a/b") == "models/a/b/manifest.toml"
    assert card_path("a/b") == "models/a/b/model.toml"
    assert retired_path("a/b") == "models/a/b/retired.toml"
    assert environment_path("staging", "a/b") == "environments/staging/a/b.toml"
    assert endpoint_path("e") == "endpoints/e.toml"


@pytest.mark.parametrize(
    "path", ["", "models/a", "x/models/a/manifest.toml", "models/a/manifest.toml/x", "staging/m.toml"]
)
def test_other_paths_are_of_no_record(path: str) -> None:
    of: list[Callable[[str], str | None]] = [name_of for _, name_of in PAIRS]
    assert [name_of(path) for name_of in [*of, place_of_promotion]] == [None] * 5


def test_a_file_right_below_the_environments_is_not_a_promotion() -> None:
    assert place_of_promotion("environments/staging.toml") is None
