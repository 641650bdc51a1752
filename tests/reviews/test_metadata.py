"""Metadata is compared by dotted name; metrics are left to their own comparison."""

from support.model_versions import manifest

from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.model_card import ModelCard
from regolo_git.records.seal import sealed
from regolo_git.reviews.comparison import compare
from regolo_git.reviews.metadata import MetadataChange, compare_metadata


def test_what_differs_is_named_with_dots() -> None:
    before = {"a": "x", "t": {"k": [1], "same": "s"}, "gone": True}
    after = {"a": "y", "t": {"k": [2], "same": "s"}, "new": "n"}
    assert compare_metadata(before, after) == (  # type: ignore[arg-type]
        MetadataChange("a", "x", "y"),
        MetadataChange("gone", True, None),
        MetadataChange("new", None, "n"),
        MetadataChange("t.k", [1], [2]),
    )


def test_a_number_that_is_not_a_metric_is_metadata() -> None:
    assert compare_metadata({"n": 1, "b": False}, {"n": 2, "b": True}) == (
        MetadataChange("b", False, True),
        MetadataChange("n", 1, 2),
    )


def test_numbers_are_not_metadata_and_booleans_are() -> None:
    before = manifest(metadata={"n": 1, "f": 0.5, "b": False})
    after = manifest(metadata={"n": 2, "f": 0.6, "b": True})
    for a, b in (
        (before, after),
        (sealed(before), after),
        (before, sealed(after)),
        (sealed(before), sealed(after)),
    ):
        compared = compare(a, b, ModelCard(), None, None)
        assert compared.metadata == (MetadataChange("b", False, True),)
        assert {name: change["diff"] for name, change in compared.metrics.items()} == {"n": 1, "f": 0.1}


def test_a_number_that_is_metadata_of_one_version_is_metadata_of_an_old_one() -> None:
    old = manifest(metadata={"accuracy": 0.9, "training": {"epochs": 3}})
    new: Manifest = manifest(metrics={"accuracy": Measurement(0.8)}, metadata={"training": {"epochs": 5}})
    compared = compare(old, new, ModelCard(), None, None)
    assert compared.metadata == (MetadataChange("training.epochs", 3, 5),)
    assert list(compared.metrics) == ["accuracy"]
    back = compare(new, old, ModelCard(), None, None)
    assert back.metadata == (MetadataChange("training.epochs", 5, 3),)
