"""What the tag index keeps of a tag: the columns of a version, or what is wrong with it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.git_repository import DIGEST
from support.strategies import versions

from regolo_git.git.tag_columns import columns_of, sort_key
from regolo_git.git.tag_objects import TagObject
from regolo_git.records.trailers import TagMessage
from regolo_git.records.versions import Version

MESSAGE = TagMessage("a subject", "team/m", "1.0", "b" * 40, DIGEST, 3)
TAG = TagObject("c" * 40, "commit", "team/m@v1.0", "Ada <a@b.c>", 1_700_000_000, MESSAGE.to_text(), None)


def problem_of(tag: TagObject | None) -> str:
    *columns, problem = columns_of(tag)
    assert columns == [None] * 12
    return str(problem)


def test_every_column_of_a_version_is_there() -> None:
    identity, release = "1.0.0", 1
    assert columns_of(TAG) == (
        "team/m", "1.0", identity, sort_key(Version.parse("1.0")), release, "c" * 40, "b" * 40, str(DIGEST), 3,
        1_700_000_000, "Ada <a@b.c>", "a subject", None,
    )  # fmt: skip


@pytest.mark.parametrize("version", ["1.0-rc.1", "prod-1.0"])
def test_neither_a_prerelease_nor_an_environments_version_is_a_release(version: str) -> None:
    name = f"team/m@{'v' if version[0].isdigit() else ''}{version}"
    columns = columns_of(TAG._replace(name=name, message=MESSAGE._replace(version=version).to_text()))
    assert (columns[1], columns[4], columns[-1]) == (version, 0, None)


def test_a_tag_that_is_not_of_a_version_says_why() -> None:
    assert "lightweight" in problem_of(None)
    assert "no version record" in problem_of(TAG._replace(message="a subject\n"))


@pytest.mark.parametrize(
    "wrong",
    [{"name": "team/m@v1.1"}, {"name": "other@v1.0"}, {"target_kind": "tree"}, {"name": "team/m@1.0"}],
    ids=str,
)
def test_an_object_that_is_not_what_it_says_names_its_own_tag(wrong: dict[str, str]) -> None:
    assert f"'{wrong.get('name', TAG.name)}'" in problem_of(TAG._replace(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(("model", "version"), [("Team", "1.0"), ("m", "1"), ("m", "latest-1.0")])
def test_a_name_or_version_that_cannot_be_is_the_problem(model: str, version: str) -> None:
    text = MESSAGE._replace(model=model, version=version).to_text()
    assert version in problem_of(TAG._replace(message=text)) or model in problem_of(
        TAG._replace(message=text)
    )


@settings(max_examples=50)
@given(st.lists(versions, min_size=2, max_size=6))
def test_keys_sort_as_versions_do(some: list[Version]) -> None:
    assert sorted(some, key=sort_key) == sorted(some)


@settings(max_examples=50)
@given(versions, versions)
def test_two_versions_have_one_key_where_they_are_one(one: Version, other: Version) -> None:
    assert (sort_key(one) == sort_key(other)) == (one == other)
    assert (sort_key(one) < sort_key(other)) == (one < other)
