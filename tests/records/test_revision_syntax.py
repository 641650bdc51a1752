"""What stands for a version, for a model at a commit, and for a range of either."""

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import AtRevision, CommitRange, VersionRange, parse_one, parse_target

MODELS = {"m", "nlp/m"}


def parse(text: str) -> object:
    return parse_target(text, MODELS.__contains__)


@pytest.mark.parametrize(
    ("text", "revision", "model"),
    [
        ("main:m", "main", "m"),
        (":m", "", "m"),
        ("origin/propose/nlp/m@1.1+1234abcd:nlp/m", "origin/propose/nlp/m@1.1+1234abcd", "nlp/m"),
        ("HEAD@{1}:m", "HEAD@{1}", "m"),
        (":/a message: with colons:m", ":/a message: with colons", "m"),
    ],
)
def test_a_colon_splits_revision_and_model(text: str, revision: str, model: str) -> None:
    assert parse(text) == parse_one(text) == AtRevision(revision, model)
    assert str(AtRevision(revision, model)) == text


@pytest.mark.parametrize("dots", ["..", "..."])
def test_a_range_of_versions_needs_a_model_and_two_versions(dots: str) -> None:
    assert parse(f"m@1.0{dots}1.1") == VersionRange(Reference.parse("m@1.0"), Reference.parse("m@1.1"))
    assert parse(f"m@staging{dots}1.1") == VersionRange(
        Reference.parse("m@staging"), Reference.parse("m@1.1")
    )
    assert parse(f"m@v1.0{dots}m@v1.1") == CommitRange("m@v1.0", "m@v1.1", dots == "...")
    assert parse(f"other@1.0{dots}1.1") == CommitRange("other@1.0", "1.1", dots == "...")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main..HEAD", CommitRange("main", "HEAD", from_common=False)),
        ("main...", CommitRange("main", "HEAD", from_common=True)),
        ("..propose/m@1.1", CommitRange("HEAD", "propose/m@1.1", from_common=False)),
    ],
)
def test_a_side_that_is_left_out_is_head(text: str, expected: CommitRange) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("..", "not a range"),
        ("....", "not a range"),
        ("a..b..c", "not a range"),
        ("main:", "names no model"),
        ("main:m@1.0", "the revision decides"),
        ("main:Model", "cannot be used"),
        ("main..HEAD:m", "names two commits"),
        ("\x1b[31mmain:\x1b", "cannot be used"),
    ],
)
def test_anything_else_is_refused_and_made_visible(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        parse(text)
    assert "\x1b" not in caught.value.message + str(caught.value.hint)


def test_two_commits_of_one_model_are_two_arguments() -> None:
    for text in ("main..HEAD:m", "main:m...HEAD:m"):
        with pytest.raises(InvalidInput) as caught:
            parse(text)
        assert str(caught.value.hint) == "git regolo diff main:m HEAD:m"


def test_one_version_is_not_a_range() -> None:
    with pytest.raises(InvalidInput, match="is a range"):
        parse_one("m@1.0..1.1")
