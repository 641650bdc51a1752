"""Metadata is compared by dotted name."""

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
