"""A clone is the same with git and without it."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git, new_repository
from support.git_repository import opened, publish_version

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.remote.choose import clone_repository, transport_of
from regolo_git.git.remote.with_dulwich import DulwichTransport


@pytest.fixture(params=["git", "no git"])
def either(request: pytest.FixtureRequest, upstream: Path) -> str:  # made with git
    if request.param == "no git":
        request.getfixturevalue("no_git")
    return str(request.param)


@pytest.fixture
def upstream(git_repository: Path) -> Path:
    commit_files(git_repository, {"a/file": "1", "run": "x"})
    (git_repository / "run").chmod(0o755)
    publish_version(git_repository, "m", "1.0")
    commit_files(git_repository, {"a/file": "2"})
    git(git_repository, "branch", "other", "HEAD~1")
    return git_repository


def state(top: Path) -> dict[str, str]:
    return {
        "refs": git(top, "for-each-ref", "--format=%(refname) %(objectname) %(symref)"),
        "head": git(top, "symbolic-ref", "HEAD"),
        "status": git(top, "status", "--porcelain", "--branch"),
        "remote": git(top, "config", "--get-regexp", r"^(remote|branch)\."),
        "files": git(top, "ls-files", "-s"),
        "fsck": git(top, "fsck", "--no-dangling"),
    }


@pytest.mark.usefixtures("either")
def test_a_clone_is_as_git_leaves_it(upstream: Path, tmp_path: Path) -> None:
    git(upstream, "clone", "-q", str(upstream), str(tmp_path / "wanted"))
    clone_repository(str(upstream), tmp_path / "clone")
    assert state(tmp_path / "clone") == state(tmp_path / "wanted")
    assert (tmp_path / "clone/a/file").read_text() == "2"
    git(tmp_path / "clone", "fetch", "-q")


@pytest.mark.usefixtures("either")
def test_a_clone_without_files_has_the_branch(upstream: Path, tmp_path: Path) -> None:
    clone_repository(str(upstream), tmp_path / "clone", checkout=False)
    assert [path.name for path in (tmp_path / "clone").iterdir()] == [".git"]
    assert git(tmp_path / "clone", "rev-parse", "HEAD") == git(upstream, "rev-parse", "HEAD")


@pytest.mark.usefixtures("either")
def test_an_empty_repository_is_cloned(tmp_path: Path) -> None:
    top = new_repository(tmp_path / "empty.git", "--bare")
    git(top, "symbolic-ref", "HEAD", "refs/heads/trunk")
    clone_repository(str(top), tmp_path / "clone")
    assert git(tmp_path / "clone", "symbolic-ref", "HEAD") == "refs/heads/trunk\n"


@pytest.mark.usefixtures("either")
def test_nothing_is_left_of_a_clone_that_fails(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("clone", "there"):
        with pytest.raises(NotFound, match="there is no Git repository"):
            clone_repository(str(tmp_path / "absent.git"), tmp_path / name)
    assert not (tmp_path / "clone").exists()
    assert list((tmp_path / "there").iterdir()) == []


@pytest.mark.usefixtures("either")
def test_an_unknown_repository_is_not_taken_for_the_new_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match="there is no Git repository") as caught:
        clone_repository("absent", Path("absent"))
    assert caught.value.hint == "git ls-remote absent"
    assert not Path("absent").exists()


@pytest.mark.usefixtures("either")
def test_a_directory_with_files_is_left_alone(upstream: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for name in ("", "mine"):
        with pytest.raises(Conflict, match="is there and not empty"):
            clone_repository(str(upstream), tmp_path / name)
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_transport_of_a_clone_is_decided_once(
    git_repository: Path, either: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(git_repository)
    decided = transport_of(here)
    assert isinstance(decided, DulwichTransport) == (either == "no git")
    monkeypatch.setenv("PATH", "")
    assert transport_of(here) is decided
