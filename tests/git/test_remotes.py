"""What a fetch of each remote brings, and which tags a remote has."""

from pathlib import Path

import pytest
from support.git_program import clone, git
from support.git_repository import opened, publish_version

from regolo_git.errors import NotFound
from regolo_git.git.remote.tags import remote_tags
from regolo_git.git.remotes import Remote, remote_of_branch


@pytest.fixture
def upstream(git_repository: Path) -> Path:
    for model, version in (("m", "1.0"), ("m", "1.1"), ("team/m", "1.0")):
        publish_version(git_repository, model, version)
    return git_repository


@pytest.mark.parametrize(
    ("options", "fetches_all"),
    [
        ([], True),
        (["--no-tags"], False),
        (["--single-branch"], False),
        (["--depth=1"], False),
        (["--depth=1", "--no-single-branch"], True),
        (["--mirror"], True),
        (["--bare"], False),
    ],
)
def test_the_refs_of_a_fetch_are_read_from_the_configuration(
    upstream: Path, tmp_path: Path, options: list[str], fetches_all: bool
) -> None:
    copy = opened(clone(upstream, tmp_path / "clone", *options))
    assert remote_of_branch(copy, "main") == Remote("origin", fetches_all)


def test_the_remote_of_a_branch_is_its_own_or_origin_or_the_only_one(upstream: Path, tmp_path: Path) -> None:
    assert remote_of_branch(opened(upstream), "main") is None
    top = clone(upstream, tmp_path / "clone", "--origin=host")
    git(top, "config", "--unset", "branch.main.remote")
    assert remote_of_branch(opened(top), "main") == Remote("host", fetches_all=True)
    git(top, "remote", "add", "fork", str(upstream))
    assert remote_of_branch(opened(top), "main") is None
    git(top, "config", "branch.main.remote", "fork")
    assert remote_of_branch(opened(top), "main") == Remote("fork", fetches_all=True)
    git(top, "config", "branch.main.remote", ".")
    git(top, "remote", "rename", "host", "origin")
    assert remote_of_branch(opened(top), "main") == Remote("origin", fetches_all=True)


def test_a_remote_without_anything_to_fetch_brings_nothing(upstream: Path) -> None:
    git(upstream, "config", "remote.origin.url", "https://example.com/x")
    assert remote_of_branch(opened(upstream), "main") == Remote("origin", fetches_all=False)


def test_the_tags_of_a_remote_are_those_that_match(upstream: Path, tmp_path: Path) -> None:
    copy = opened(clone(upstream, tmp_path / "clone", "--no-tags"))
    wanted = {name: git(upstream, "rev-parse", name).strip() for name in ("m@v1.0", "m@v1.1")}
    assert remote_tags(copy, "origin", ["m@*"]) == wanted
    assert set(remote_tags(copy, "origin", ["m@*", "team/m@*"])) == {*wanted, "team/m@v1.0"}
    assert remote_tags(copy, "origin", ["n@*"]) == {}


def test_an_unreachable_remote_is_reported_in_the_words_of_git(upstream: Path, tmp_path: Path) -> None:
    copy = opened(clone(upstream, tmp_path / "clone"))
    upstream.rename(tmp_path / "away")
    with pytest.raises(NotFound, match=r"remote 'origin': there is no Git repository.*fatal: .*repository"):
        remote_tags(copy, "origin", ["m@*"])
