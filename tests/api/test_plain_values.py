"""Arguments of subclasses of the plain types: their values become names and records, not what they print as."""

from collections import OrderedDict
from enum import Enum

import numpy as np
import pytest
from support.everything import Everything
from support.git_program import git
from support.registry_fixtures import Weights

import regolo_git as regolo
from regolo_git.api import Registry
from regolo_git.errors import InvalidInput


class Name(str, Enum):  # noqa: UP042 - whose `str()` is not its text
    MODEL = "sentiment"
    FIRST = "1.0"
    SECOND = "1.1"
    STAGE = "staging"
    ENDPOINT = "reviews"
    WORDS = "some words"
    DIGEST = "sha256:" + "a" * 64


class Loud(str):
    def __str__(self) -> str:
        return "LOUD"

    def __format__(self, spec: str) -> str:
        return "LOUD"


def test_names_and_texts_are_what_they_hold(registry: Registry, weights: Weights) -> None:
    lineage = regolo.Lineage(
        code=Name.DIGEST, data={Name.MODEL: Name.DIGEST}, parameters={Name.WORDS: Name.WORDS}
    )
    registry.register_model(
        Name.MODEL, weights(), Name.FIRST, {Name.WORDS: Loud("quiet")}, Name.WORDS,
        version_description=Loud("quiet"), message=Name.WORDS, lineage=lineage,
    )  # fmt: skip
    version = registry.create_model_version(
        Name.MODEL, Name.SECOND, model_data=weights(fill=2), message=Loud("hi")
    )
    registry.promote_model_version(Name.MODEL, Name.SECOND, Name.STAGE, message=Loud("hi"))
    registry.create_endpoint(Name.ENDPOINT, Name.MODEL, Name.FIRST)
    split = OrderedDict({Name.FIRST: np.float64(0.75), Name.SECOND: np.float64(0.25)})
    endpoint = registry.update_endpoint_traffic(Name.ENDPOINT, split, replicas={Name.SECOND: 2})
    assert endpoint.traffic == {"1.0": 0.75, "1.1": 0.25}
    assert endpoint.versions["1.1"].replicas == 2
    registry.rollback_endpoint(Name.ENDPOINT, Name.FIRST, message=Name.WORDS)
    registry.rollback_model(Name.MODEL, Name.FIRST, message=Name.WORDS)
    top = registry.handle.paths.top
    everything = git(top, "log", "-p", "--all", "--format=%D %B") + git(
        top, "for-each-ref", "--format=%(contents)"
    )
    assert "Name." not in everything
    assert "LOUD" not in everything
    assert (version.reference, version.tag) == ("sentiment@1.1", "sentiment@v1.1")
    first = registry.get_model_version(Name.MODEL, Name.FIRST)
    assert (first.metadata, first.description) == ({"some words": "quiet"}, "quiet")
    assert first.lineage is not None
    assert first.lineage.data == {"sentiment": Name.DIGEST.value}


@pytest.mark.parametrize(
    ("first", "second"),
    [("1.999999999999999999", None), ("1.0.0", "1.0-" + "a" * 124)],
    ids=["bumped", "patched"],
)
def test_a_number_that_could_not_be_read_is_not_given(
    registry: Registry, weights: Weights, first: str, second: str | None
) -> None:
    registry.register_model("m", weights(), first)
    with pytest.raises(InvalidInput, match="is not a version"):
        registry.create_model_version("m", second, model_data=weights(fill=2))
    assert [version.version for version in registry.list_model_versions("m")] == [first]


def test_a_name_too_long_for_a_file_is_refused(registry: Registry, weights: Weights) -> None:
    with pytest.raises(InvalidInput, match="255"):
        registry.register_model("m" * 190, weights(), "1.0.0-" + "a" * 80)
    assert git(registry.handle.paths.top, "tag") == ""


def test_a_card_that_nobody_could_read_is_refused_before_anything_is_stored(
    registry: Registry, weights: Weights
) -> None:
    before = Everything.of(registry.handle.paths.top)
    with pytest.raises(InvalidInput, match=r"the model card would take \d+ bytes, .*: 'description' takes"):
        registry.register_model("m", b"bytes", description="x" * (5 << 20))
    before.must_be(registry.handle.paths.top)


@pytest.mark.parametrize("data", [{1: "x"}, {"x": 1}])
def test_data_sets_have_names_and_digests(data: object) -> None:
    with pytest.raises(TypeError):
        regolo.Lineage(data=data)  # type: ignore[arg-type]
