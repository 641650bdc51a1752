"""Comparisons: differences, directions, verdicts, tensors, pages."""

from datetime import UTC, datetime

import pytest

from regolo_git.records.metadata import MetadataValue
from regolo_git.review.words import value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("plain words", "plain words"),
        (True, "true"),
        (["a", "b"], '["a", "b"]'),
        ([{"rate": 0.1}, [1, 2]], "[{ rate = 0.1 }, [1, 2]]"),
        (datetime(2026, 11, 25, 16, 2, tzinfo=UTC), "2026-11-25T16:02:00Z"),
    ],
)
def test_metadata_reads_as_it_does_in_the_manifest(value: "MetadataValue | None", text: str) -> None:
    assert value_text(value) == text
