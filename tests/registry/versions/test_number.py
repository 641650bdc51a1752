"""The number of a new version."""

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import VersionExists
from regolo_git.records.model_card import ModelCard
from regolo_git.records.versions import Version
from regolo_git.registry.versions.number import free_number, refuse_existing, writes_zero_patch
from regolo_git.registry.versions.request import Bump


def number(registry: Registry, asked: str | None = None, bump: Bump | None = None) -> str:
    previous = registry.handle.records().manifest("m")
    version = free_number(registry.handle, "m", Version.parse(asked) if asked else None, bump, previous)
    return version.text(zero_patch=False)


@pytest.mark.parametrize(
    ("bump", "expected"), [(None, "1.2"), ("minor", "1.2"), ("major", "2.0"), ("patch", "1.1.1")]
)
def test_the_next_one_follows_the_highest(registered: Registry, bump: Bump | None, expected: str) -> None:
    assert number(registered, bump=bump) == expected


def test_the_one_that_is_asked_for_is_taken(registered: Registry) -> None:
    assert number(registered, "7.3") == "7.3"


def test_a_number_that_is_taken_is_refused_with_a_free_one(registered: Registry) -> None:
    for asked in ("1.0", "1.0.0"):
        with pytest.raises(VersionExists) as caught:
            number(registered, asked)
        assert "1.2" in str(caught.value.hint)
    refuse_existing(registered.handle, "m", Version.parse("1.2"))


def test_a_version_on_the_branch_without_its_tag_is_counted_and_refused(registered: Registry) -> None:
    git(registered.handle.paths.top, "tag", "-d", "m@v1.1")
    assert number(registered) == "1.2"
    with pytest.raises(VersionExists, match="without a tag") as caught:
        number(registered, "1.1.0")
    assert str(caught.value.hint) == "git regolo tag --merged"


def test_a_zero_patch_is_written_as_the_card_says_else_as_the_model_does(registered: Registry) -> None:
    registered.register_model("long", b"one", "1.0.0")
    handle, short, long = registered.handle, Version.parse("3.0"), Version.parse("3.0.0")
    assert writes_zero_patch(handle, "m", ModelCard(zero_patch=True), short)
    assert [writes_zero_patch(handle, model, None, short) for model in ("m", "long", "new")] == [
        False,
        True,
        False,
    ]
    assert writes_zero_patch(handle, "new", None, long)


def test_a_version_that_another_process_creates_meanwhile_is_ours(registered: Registry) -> None:
    top, index = registered.handle.paths.top, registered.handle.index
    (top / "other.bin").write_bytes(b"other")
    with index.steady():
        assert index.find("m", "1.2.0") is None
        with Registry.open(top) as other:
            other.create_model_version("m", model_data=top / "other.bin", version="1.2")
        assert number(registered) == "1.3"
    with index.steady():
        assert index.find("m", "1.3.0") is None
        with Registry.open(top) as other:
            other.create_model_version("m", model_data=b"another", version="1.3")
        with pytest.raises(VersionExists, match=r"version '1\.3' of 'm' already exists"):
            refuse_existing(registered.handle, "m", Version.parse("1.3"))
