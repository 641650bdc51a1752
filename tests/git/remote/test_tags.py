"""Tags of a remote are compared and created; one that differs is reported on both sides and stays."""

from pathlib import Path

import pytest
from support.git_program import clone, git
from support.git_repository import opened, publish_version

from regolo_git.git.remote.tags import Difference, compare_tags, create_tags, remote_tags
from regolo_git.git.repository import GitRepository


@pytest.fixture
def upstream(git_repository: Path) -> Path:
    for model, version in (("m", "1.0"), ("m", "1.1"), ("team/m", "1.0")):
        publish_version(git_repository, model, version)
    return git_repository


@pytest.fixture
def here(upstream: Path, tmp_path: Path) -> GitRepository:
    return opened(clone(upstream, tmp_path / "clone", "--no-tags"))


def oid(top: Path, name: str) -> str:
    return git(top, "rev-parse", f"refs/tags/{name}").strip()


def test_tags_are_absent_or_differ_or_are_the_same(upstream: Path, here: GitRepository) -> None:
    git(here.paths.top, "fetch", "-q", "origin", "refs/tags/m@v1.0:refs/tags/m@v1.0")
    git(here.paths.top, "tag", "-a", "-m", "mine", "m@v1.1")
    theirs = remote_tags(here, "origin", ["*"])
    found = compare_tags(here, theirs)
    assert found.absent == {"team/m@v1.0": oid(upstream, "team/m@v1.0")}
    mine = oid(here.paths.top, "m@v1.1")
    assert found.differing == {"m@v1.1": Difference(mine, oid(upstream, "m@v1.1"))}


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "no git"])
def test_only_tags_that_are_not_there_are_created(
    upstream: Path, here: GitRepository, monkeypatch: pytest.MonkeyPatch, *, with_git: bool
) -> None:
    top = here.paths.top
    git(top, "tag", "-a", "-m", "mine", "m@v1.1")
    git(top, "tag", "team")
    mine, theirs = oid(top, "m@v1.1"), remote_tags(here, "origin", ["*"])
    git(top, "fetch", "-q", "--no-tags", "origin", "refs/tags/*:refs/x/*")
    if not with_git:
        monkeypatch.setenv("PATH", "")
    created = create_tags(here, theirs, "fetch")
    monkeypatch.undo()
    assert created == {"m@v1.0": theirs["m@v1.0"]}
    assert (oid(top, "m@v1.0"), oid(top, "m@v1.1")) == (theirs["m@v1.0"], mine)
    assert git(top, "tag", "-l", "team/*") == ""
    assert create_tags(here, theirs, "fetch") == created
    assert create_tags(here, {}, "fetch") == {}


@pytest.mark.parametrize("with_git", [True, False], ids=["git", "no git"])
def test_many_tags_are_created_and_found(
    upstream: Path, here: GitRepository, monkeypatch: pytest.MonkeyPatch, *, with_git: bool
) -> None:
    commit = git(here.paths.top, "rev-parse", "HEAD").strip()
    many = {f"many@v1.{number}": commit for number in range(620)}
    if not with_git:
        monkeypatch.setenv("PATH", "")
    assert create_tags(here, many, "fetch") == many
    monkeypatch.undo()
    assert len(git(here.paths.top, "tag", "-l", "many@*").split()) == 620
    packed = here.paths.common_dir / "packed-refs"
    assert ("many@v1.7\n" in packed.read_text()) == with_git
    assert git(here.paths.top, "fsck", "--connectivity-only", "--no-dangling") == ""
