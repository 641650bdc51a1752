"""A clone that may lack tags or history gives out no number and creates no tag; once it has all, it does."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import NotFound, VersionExists
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.versions.merged import tag_merged

pytestmark = pytest.mark.slow  # CI runs it, too

Refs = str


@pytest.fixture
def upstream(registry: Registry) -> Path:
    """Versions 1.0, 1.1 and 1.2 of `m`, reverted to 1.0, and one commit of code."""
    registry.register_model("m", b"one")
    registry.create_model_version("m", model_data=b"two")
    registry.create_model_version("m", model_data=b"three")
    registry.rollback_model("m", "1.0")
    top = registry.handle.paths.top
    commit_files(top, {"code.py": "1\n"})
    return top


def refs(top: Path) -> str:
    return git(top, "for-each-ref")


def commit(top: Path, data: bytes = b"new", **given: object) -> str:
    with Registry.open(top) as opened:
        return opened.create_model_version("m", model_data=data, **given).version  # type: ignore[arg-type]


def refused(top: Path, act: Callable[[Path], object]) -> NotFound:
    """The refusal of an act that must change nothing."""
    before, store = refs(top), sorted((top / ".git/regolo/store").rglob("*"))
    with pytest.raises(NotFound) as caught:
        act(top)
    assert refs(top) == before
    assert sorted((top / ".git/regolo/store").rglob("*")) == store
    return caught.value


def merge_tags(top: Path) -> list[str | None]:
    with Registry.open(top) as opened:
        return [version.tag for version in tag_merged(opened.handle)]


def type_hint(top: Path, error: NotFound) -> None:
    command = str(error.hint).partition("   ")[0].split()
    assert command[:2] == ["git", "fetch"]
    git(top, *command[1:])


def delete_tags(top: Path, *tags: str) -> Path:
    git(top, "tag", "-d", *tags)
    return top


CLONES: dict[str, Callable[[Path, Path], Path]] = {
    "no tags": lambda source, to: clone(source, to, "--no-tags"),
    "shallow": lambda source, to: clone(source, to, "--depth=1"),
    "shallow, some tags": lambda source, to: clone(source, to, "--depth=3"),
    "shallow, no tags": lambda source, to: clone(source, to, "--depth=1", "--no-tags"),
    "one branch, no tags": lambda source, to: clone(source, to, "--single-branch", "--no-tags"),
    "all tags deleted": lambda source, to: delete_tags(clone(source, to), "m@v1.0", "m@v1.1", "m@v1.2"),
    "newest tag deleted": lambda source, to: delete_tags(clone(source, to), "m@v1.2"),
    "one between deleted": lambda source, to: delete_tags(clone(source, to), "m@v1.1"),
}


@pytest.mark.parametrize("kind", CLONES)
@pytest.mark.parametrize(
    "given", [{}, {"version": "1.2"}, {"version": "7.0"}, {"flow": "propose"}, {"bump": "patch"}], ids=str
)
def test_a_clone_without_every_tag_gives_out_no_number_until_it_has_them(
    upstream: Path, tmp_path: Path, kind: str, given: dict[str, object]
) -> None:
    top = CLONES[kind](upstream, tmp_path / "clone")
    error = refused(top, lambda at: commit(at, **given))
    assert "m@v1.2" in error.message or "m@v1.1" in error.message
    type_hint(top, error)
    if given == {"version": "1.2"}:
        with pytest.raises(VersionExists):
            commit(top, **given)
    else:
        expected = "1.2.1" if given == {"bump": "patch"} else given.get("version", "1.3")
        assert commit(top, **given) == expected


@pytest.mark.parametrize("kind", CLONES)
def test_a_clone_without_every_tag_creates_none_until_it_has_them(
    upstream: Path, tmp_path: Path, kind: str
) -> None:
    top = CLONES[kind](upstream, tmp_path / "clone")
    type_hint(top, refused(top, merge_tags))
    assert merge_tags(top) == []
    assert refs(top).count("refs/tags/") == 3


def test_a_pull_that_brought_no_tags_is_noticed(registry: Registry, tmp_path: Path) -> None:
    source = registry.handle.paths.top
    registry.register_model("m", b"one")
    top = clone(source, tmp_path / "clone")
    assert commit(top, flow="propose") == "1.1"
    registry.create_model_version("m", model_data=b"two")
    registry.rollback_model("m", "1.0")
    git(top, "pull", "-q", "origin", "main")
    assert git(top, "tag").split() == ["m@v1.0"]
    type_hint(top, refused(top, lambda at: commit(at, flow="direct")))
    assert commit(top, flow="direct") == "1.2"


def test_a_fetch_that_was_not_merged_is_noticed(registry: Registry, tmp_path: Path) -> None:
    source = registry.handle.paths.top
    registry.register_model("m", b"one")
    top = clone(source, tmp_path / "clone")
    registry.create_model_version("m", model_data=b"two")
    git(top, "fetch", "-q", "--no-tags")
    refused(top, commit)


def test_a_model_whose_tags_are_elsewhere_is_not_registered_again(upstream: Path, tmp_path: Path) -> None:
    git(upstream, "switch", "-q", "--detach", "main~5")
    git(upstream, "branch", "older")
    git(upstream, "switch", "-q", "main")
    top = clone(upstream, tmp_path / "clone", "--single-branch", "--no-tags", "--branch=older")
    git(top, "branch", "-m", "main")

    def register(at: Path) -> None:
        with Registry.open(at) as opened:
            opened.register_model("m", b"other")

    assert "m@v1.2" in refused(top, register).message


def test_a_number_of_another_line_is_known_to_a_clone_of_one_branch(upstream: Path, tmp_path: Path) -> None:
    git(upstream, "switch", "-qc", "release")
    commit(upstream, b"other", flow="direct", version="2.0")
    git(upstream, "switch", "-q", "main")
    top = clone(upstream, tmp_path / "clone", "--single-branch")
    assert "m@v2.0" not in git(top, "tag")
    type_hint(top, refused(top, lambda at: commit(at, version="2.0")))
    assert commit(top) == "2.1"


def test_a_shallow_clone_with_every_tag_gives_out_the_right_number(upstream: Path, tmp_path: Path) -> None:
    top = clone(upstream, tmp_path / "clone", "--depth=1")
    git(top, "fetch", "-q", "--tags")
    assert git(top, "rev-parse", "--is-shallow-repository").strip() == "true"
    assert commit(top) == "1.3"
    assert "is shallow" in refused(top, merge_tags).message


def test_without_its_remote_only_a_clone_that_fetches_everything_decides(
    upstream: Path, tmp_path: Path
) -> None:
    whole, narrow = clone(upstream, tmp_path / "whole"), clone(upstream, tmp_path / "one", "--single-branch")
    upstream.rename(tmp_path / "away")
    assert commit(whole) == "1.3"
    error = refused(narrow, commit)
    assert "remote 'origin' cannot be asked" in error.message
    assert str(error.hint) == "git fetch --tags"


def test_another_remote_is_named_in_the_hint(upstream: Path, tmp_path: Path) -> None:
    top = clone(upstream, tmp_path / "clone", "--no-tags", "--origin=host")
    error = refused(top, commit)
    assert str(error.hint) == "git fetch --tags host"
    type_hint(top, error)
    assert commit(top) == "1.3"


def test_without_a_remote_the_history_counts(upstream: Path, tmp_path: Path) -> None:
    top = clone(upstream, tmp_path / "clone", "--no-tags")
    git(top, "remote", "remove", "origin")
    with pytest.raises(VersionExists, match=r"version '1\.1' of 'm' is already committed, without a tag"):
        commit(top, version="1.1")
    assert commit(top) == "1.3"


def test_a_shallow_clone_without_a_remote_decides_nothing(upstream: Path, tmp_path: Path) -> None:
    top = clone(upstream, tmp_path / "clone", "--depth=1")
    git(top, "remote", "remove", "origin")
    assert "shallow and has no remote" in refused(top, commit).message


def test_a_merged_version_that_nobody_has_tagged_is_counted_and_tagged(
    upstream: Path, tmp_path: Path
) -> None:
    top = clone(upstream, tmp_path / "clone")
    git(top, "switch", "-qc", "topic")
    assert commit(top, b"four") == "1.3"
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "topic")
    assert commit(top, b"five") == "1.4"
    assert merge_tags(top) == ["m@v1.3"]
    assert commit(top, b"six") == "1.5"


def test_a_tag_that_another_job_has_pushed_is_fetched_not_created_differently(
    upstream: Path, tmp_path: Path
) -> None:
    top = clone(upstream, tmp_path / "clone")
    git(top, "switch", "-qc", "topic")
    commit(top, b"four")
    git(top, "push", "-q", "origin", "topic:topic")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "topic")
    git(upstream, "tag", "-a", "-m", "by hand", "m@v1.3", "topic")
    type_hint(top, refused(top, merge_tags))


def test_a_version_of_a_line_whose_tag_is_missing_is_noticed(upstream: Path, tmp_path: Path) -> None:
    with Registry.open(upstream) as opened:
        change_setting(opened.handle, "registry.lines", ["release/*"])
    git(upstream, "switch", "-qc", "release/1")
    commit(upstream, b"other", version="1.5")
    git(upstream, "switch", "-q", "main")
    top = delete_tags(clone(upstream, tmp_path / "clone"), "m@v1.5")
    type_hint(top, refused(top, commit))
    assert commit(top) == "1.6"
