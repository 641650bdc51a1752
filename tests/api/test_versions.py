"""What the Python API does with arguments of the wrong kind: it says so, and nothing is half-made."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from support.copies import Once
from support.git_program import git

import regolo_git as regolo
from regolo_git.api import Registry
from regolo_git.errors import InvalidInput


@pytest.fixture
def one_model(registry: Registry, once: Once) -> Registry:

    def build() -> None:
        registry.register_model("m", b"one")

    once(build)
    return registry


def refs(registry: Registry) -> str:
    return git(registry.handle.paths.top, "for-each-ref")


CREATE = [
    ({"version": 1.1}, "'version' must be a string, not 1.1: write it in quotes"),
    ({"description": 3}, "'description' must be a string"),
    ({"message": 3}, "'message' must be a string"),
    ({"lineage": {"code": "abc"}}, "lineage must be a regolo_git.Lineage"),
    ({"metadata": ["accuracy"]}, "a mapping of names to values"),
    ({"serving": "onnx"}, "a mapping of names to values"),
]


@pytest.mark.parametrize(("keywords", "said"), CREATE)
def test_an_argument_of_another_kind_is_a_type_error(
    one_model: Registry, keywords: dict[str, Any], said: str
) -> None:
    before = refs(one_model)
    with pytest.raises(TypeError, match=said):
        one_model.create_model_version("m", model_data=b"two", **keywords)
    assert refs(one_model) == before


@pytest.mark.parametrize(
    "keywords",
    [
        {"bump": "big"},
        {"flow": "later"},
        {"version": "2.0", "bump": "major"},
        {"message": "a\0b"},
        {"message": "\udcff"},
    ],
)
def test_a_word_that_means_nothing_is_refused(one_model: Registry, keywords: dict[str, Any]) -> None:
    before = refs(one_model)
    with pytest.raises(InvalidInput):
        one_model.create_model_version("m", model_data=b"two", **keywords)
    assert refs(one_model) == before


def test_a_number_is_not_a_version(one_model: Registry) -> None:
    number = cast(str, 1.0)
    calls: tuple[Callable[[], object], ...] = (
        lambda: one_model.get_model_version("m", number),
        lambda: one_model.compare_model_versions("m", "1.0", number),
        lambda: one_model.checkout_model_version("m", number),
        lambda: one_model.rollback_model("m", number),
        lambda: one_model.retire_model_version("m", number, reason="x"),
    )
    for call in calls:
        with pytest.raises(TypeError, match="a version must be a string"):
            call()


def test_a_lineage_holds_text_and_plain_values_in_one_order(one_model: Registry) -> None:
    lineage = regolo.Lineage(parameters={"rate": np.float32(0.1), "epochs": np.int64(3)})
    version = one_model.create_model_version("m", model_data=b"two", lineage=lineage)
    assert "[lineage.parameters]\nepochs = 3\nrate = 0.1\n" in version.manifest.to_text()
    with pytest.raises(TypeError):
        regolo.Lineage(code=cast(str, 7))
    with pytest.raises(TypeError):
        regolo.Lineage(data=cast(Mapping[str, str], ["reviews"]))


def test_one_pattern_may_be_given_without_a_list(registry: Registry, tmp_path: Path) -> None:
    directory = registry.handle.paths.top / "model"
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    (directory / "c").write_text("c")
    registry.register_model("m", directory)
    got = registry.checkout_model_version("m", "1.0", tmp_path / "some", patterns="config.json")
    assert [path.name for path in got.iterdir()] == ["config.json"]


def test_a_message_that_git_cannot_hold_is_refused_by_every_verb(one_model: Registry) -> None:
    one_model.create_model_version("m", model_data=b"two")
    before = refs(one_model)
    for message in ("a\0b", "\udcff"):
        with pytest.raises(InvalidInput, match="message"):
            one_model.rollback_model("m", "1.0", message=message)
        with pytest.raises(InvalidInput):
            one_model.retire_model_version("m", "1.0", reason=message)
    assert refs(one_model) == before


def test_a_whole_reference_is_taken_where_a_version_may_be_left_out(
    one_model: Registry, tmp_path: Path
) -> None:
    one_model.promote_model_version("m", "1.0", "staging")
    for reference in ("m@1.0", "m@staging", "m@latest"):
        assert one_model.get_model_version(reference).version == "1.0"
    assert one_model.checkout_model_version("m@1.0", destination=tmp_path / "m").read_bytes() == b"one"
    assert one_model.open_model_file("m@1.0").read() == b"one"
    for call in (
        lambda: one_model.get_model_version("m@1.0", "1.0"),
        lambda: one_model.promote_model_version("m@1.0", "latest", "production"),
        lambda: one_model.compare_model_versions("m@1.0", "m@1.0"),
    ):
        with pytest.raises(InvalidInput, match=r"'m@1\.0' is a version, not a model") as refused:
            call()
        assert refused.value.hint == 'pass "m" and "1.0"'


def test_a_path_in_place_of_the_version_is_told(one_model: Registry) -> None:
    with pytest.raises(TypeError, match=r"'model\.bin' is the version; pass model_data=PATH"):
        one_model.create_model_version("m", "model.bin")
    with pytest.raises(TypeError, match="needs model_data="):
        one_model.create_model_version("m")


def test_the_methods_of_a_version_take_what_the_functions_take() -> None:
    pairs = {
        "checkout": "checkout_model_version",
        "open": "open_model_file",
        "promote": "promote_model_version",
        "evaluate": "evaluate_model_version",
        "label": "label_model_version",
        "retire": "retire_model_version",
    }
    for method, function in pairs.items():
        own, whole = (
            list(inspect.signature(of).parameters.values())[skipped:]
            for of, skipped in ((getattr(regolo.ModelVersion, method), 1), (getattr(Registry, function), 3))
        )
        assert [(each.name, each.default) for each in own] == [(e.name, e.default) for e in whole], method
