"""Finding a repository as git finds it, without a Git library."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git, new_repository

from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.discover import RepositoryPaths, find_repository


def test_a_repository_is_found_from_any_directory_in_it(git_repository: Path) -> None:
    inner = git_repository / "a" / "b"
    inner.mkdir(parents=True)
    inside = git_repository / ".git"
    assert find_repository(inner, {}) == RepositoryPaths(inside, inside, git_repository)


def test_outside_every_repository_the_hint_is_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=str(tmp_path)) as caught:
        find_repository(tmp_path, {})
    assert str(caught.value.hint) == "git init"


def test_a_bare_repository_has_no_work_tree(tmp_path: Path) -> None:
    bare = new_repository(tmp_path / "bare.git", "--bare")
    found = find_repository(bare / "refs", {})
    assert found == RepositoryPaths(bare, bare, None)
    assert found.top == bare


@pytest.mark.parametrize("value", ["true", "YES", "on", "1"])
def test_a_repository_that_says_that_it_is_bare_has_no_work_tree(git_repository: Path, value: str) -> None:
    git(git_repository, "config", "core.bare", value)
    assert find_repository(git_repository, {}).work_tree is None


def test_a_linked_work_tree_has_a_git_directory_of_its_own(git_repository: Path, tmp_path: Path) -> None:
    commit_files(git_repository, {"file": "1"})
    linked = tmp_path / "linked"
    git(git_repository, "worktree", "add", "-q", "--detach", str(linked))
    inside = git_repository / ".git"
    wanted = RepositoryPaths(inside / "worktrees" / "linked", inside, linked)
    assert find_repository(linked, {}) == wanted
    git(git_repository, "config", "core.bare", "true")  # which is about the main one
    assert find_repository(linked, {}) == wanted


def test_a_separate_git_directory_is_followed_relative_to_the_work_tree(tmp_path: Path) -> None:
    top = new_repository(tmp_path / "top", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    (top / ".git").write_text("gitdir: ../elsewhere\n")
    assert find_repository(top, {}) == RepositoryPaths(tmp_path / "elsewhere", tmp_path / "elsewhere", top)


def test_a_file_that_names_no_git_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("../somewhere\n")
    with pytest.raises(NotFound, match=r"\.git"):
        find_repository(tmp_path, {})
    (tmp_path / ".git").write_text("gitdir: gone\n")
    with pytest.raises(NotFound, match=str(tmp_path / "gone")) as caught:
        find_repository(tmp_path, {})
    assert str(caught.value.hint) == "git worktree repair"


@pytest.mark.parametrize("missing", ["HEAD", "objects", "refs"])
def test_a_directory_named_like_a_repository_that_is_none_is_passed_by(
    git_repository: Path, missing: str
) -> None:
    inner = git_repository / "inner"
    for name in ("objects", "refs"):
        (inner / ".git" / name).mkdir(parents=True)
    (inner / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert find_repository(inner, {}).top == inner
    (inner / ".git" / missing).rename(inner / ".git" / "other")
    assert find_repository(inner, {}).top == git_repository


def test_a_head_that_is_a_link_to_a_branch_to_come_is_enough(git_repository: Path) -> None:
    head = git_repository / ".git" / "HEAD"
    head.unlink()
    head.symlink_to("refs/heads/main")
    assert find_repository(git_repository, {}).top == git_repository


def test_the_search_ends_below_a_ceiling(git_repository: Path) -> None:
    inner = git_repository / "inner"
    inner.mkdir()
    ceilings = {"GIT_CEILING_DIRECTORIES": f"/nowhere::{git_repository}"}
    with pytest.raises(NotFound):
        find_repository(inner, ceilings)
    assert find_repository(git_repository, ceilings).top == git_repository


def test_the_environment_names_the_repository_relative_to_where_one_is(
    git_repository: Path, tmp_path: Path
) -> None:
    named = {"GIT_DIR": "repository/.git"}
    inside = git_repository / ".git"
    assert find_repository(tmp_path, named) == RepositoryPaths(inside, inside, tmp_path)
    work_tree = {"GIT_WORK_TREE": "repository/sub"}
    assert find_repository(tmp_path, named | work_tree).work_tree == git_repository / "sub"
    with pytest.raises(NotFound, match="GIT_DIR"):
        find_repository(tmp_path, {"GIT_DIR": "repository"})


def test_the_environment_names_the_common_directory(git_repository: Path, tmp_path: Path) -> None:
    other = new_repository(tmp_path / "other")
    found = find_repository(git_repository, {"GIT_COMMON_DIR": str(other / ".git")})
    assert (found.git_dir, found.common_dir) == (git_repository / ".git", other / ".git")


def test_a_repository_without_configuration_is_an_ordinary_one(git_repository: Path) -> None:
    (git_repository / ".git" / "config").unlink()
    assert find_repository(git_repository, {}).work_tree == git_repository


@pytest.mark.parametrize("line", ['objectFormat = "sha1"', "refStorage = files", "# refStorage = reftable"])
def test_the_ordinary_kinds_may_be_spelled_out(git_repository: Path, line: str) -> None:
    with (git_repository / ".git" / "config").open("a") as config:
        config.write(f"[extensions]\n\t{line}\n")
    assert find_repository(git_repository, {}).top == git_repository


def test_another_ref_storage_is_refused_with_the_way_back(git_repository: Path) -> None:
    with (git_repository / ".git" / "config").open("a") as config:
        config.write('[extensions]\n\trefStorage = "reftable"\n')
    with pytest.raises(InvalidInput, match="reftable") as caught:
        find_repository(git_repository, {})
    assert str(caught.value.hint) == "git refs migrate --ref-format=files"
