"""Our files are written where a branch is checked out, and nobody's work is touched."""

import shutil
from pathlib import Path

import pytest
from support.git_program import commit_files, git, new_repository
from support.git_repository import opened

from regolo_git.errors import Conflict, NotFound
from regolo_git.git.discover import RepositoryPaths, find_repository
from regolo_git.git.worktrees import (
    FileEdit,
    WorkTree,
    is_tracked,
    read_blob,
    refuse_in_progress,
    refuse_unready,
    remove_temporaries,
    undo_edits,
    work_trees_on,
    write_edits,
)

PATH = "models/m/manifest.toml"


@pytest.fixture
def top(git_repository: Path) -> Path:
    """The file `ours` of us and the file `code` of somebody's, committed."""
    commit_files(git_repository, {PATH: "old\n", "code": "1\n"})
    return git_repository


def paths_of(top: Path) -> RepositoryPaths:
    return find_repository(top, {})


def main_tree(top: Path) -> WorkTree:
    return WorkTree(top / ".git", top)


def blob(top: Path, content: str) -> str:
    return git(top, "hash-object", "-w", "--stdin", given=content).strip()


def edit(top: Path, old: str | None = "old\n", new: str | None = "new\n", path: str = PATH) -> FileEdit:
    return FileEdit(path, None if old is None else blob(top, old), None if new is None else blob(top, new))


# -- which work trees -------------------------------------------------------------------------------------


def test_the_main_work_tree_is_on_its_branch_alone(top: Path) -> None:
    assert work_trees_on(paths_of(top), "main") == [main_tree(top)]
    assert work_trees_on(paths_of(top), "mai") == []
    git(top, "checkout", "-q", "--detach")
    assert work_trees_on(paths_of(top), "main") == []


def test_a_branch_that_is_to_come_is_checked_out(git_repository: Path) -> None:
    assert work_trees_on(paths_of(git_repository), "main") == [main_tree(git_repository)]


@pytest.fixture
def linked(top: Path, tmp_path: Path) -> Path:
    git(top, "worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    return tmp_path / "linked"


def test_every_work_tree_sees_the_others(top: Path, linked: Path) -> None:
    for seen_from in (top, linked):
        paths = paths_of(seen_from)
        assert work_trees_on(paths, "main") == [main_tree(top)]
        assert work_trees_on(paths, "topic") == [WorkTree(top / ".git/worktrees/linked", linked)]


def test_a_bare_repository_has_linked_work_trees_only(top: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(top), "bare.git")
    git(bare, "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    wanted = [WorkTree(bare / "worktrees/linked", tmp_path / "linked")]
    assert work_trees_on(paths_of(bare), "main") == wanted
    assert work_trees_on(paths_of(tmp_path / "linked"), "main") == wanted


def test_a_work_tree_that_is_gone_is_passed_by(top: Path, linked: Path) -> None:
    shutil.rmtree(linked)
    (top / ".git/worktrees/damaged").mkdir()
    assert work_trees_on(paths_of(top), "topic") == []


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_a_branch_that_is_being_rebased_counts_as_checked_out(top: Path, backend: str) -> None:
    diverge(top)
    git(top, "rebase", backend, "topic", check=False)
    assert (top / ".git/HEAD").read_text() != "ref: refs/heads/main\n"
    assert work_trees_on(paths_of(top), "main") == [main_tree(top)]
    assert work_trees_on(paths_of(top), "topic") == []


# -- operations in progress ------------------------------------------------------------------------------


def diverge(top: Path) -> None:
    """`main` and `topic` each change the same line."""
    git(top, "switch", "-qc", "topic")
    commit_files(top, {"code": "topic\n"})
    git(top, "switch", "-q", "main")
    commit_files(top, {"code": "main\n"})


def apply_patches(top: Path) -> None:
    patch = git(top, "format-patch", "--stdout", "-1", "topic")
    git(top, "am", given=patch, check=False)


UNDER_WAY = {
    "merge": (lambda top: git(top, "merge", "topic", check=False), "git merge --continue"),
    "cherry-pick": (lambda top: git(top, "cherry-pick", "topic", check=False), "git cherry-pick --continue"),
    "revert": (lambda top: git(top, "revert", "--no-edit", "HEAD~1", check=False), "git revert --continue"),
    "rebase": (lambda top: git(top, "rebase", "topic", check=False), "git rebase --continue"),
    "rebase by patches": (lambda top: git(top, "rebase", "--apply", "topic", check=False), "git rebase --continue"),
    "patches": (apply_patches, "git am --continue"),
}  # fmt: skip


@pytest.mark.parametrize("what", UNDER_WAY)
def test_an_operation_in_progress_is_refused_with_the_way_to_continue(top: Path, what: str) -> None:
    begin, command = UNDER_WAY[what]
    diverge(top)
    refuse_in_progress(main_tree(top))
    begin(top)
    with pytest.raises(Conflict, match=str(top)) as caught:
        refuse_unready(opened(top).pygit, main_tree(top), [])
    assert str(caught.value.hint) == command


# -- whose files ------------------------------------------------------------------------------------------


def refuse(top: Path, *edits: FileEdit) -> None:
    refuse_unready(opened(top).pygit, main_tree(top), list(edits))


def test_a_clean_file_may_be_changed_deleted_or_made(top: Path) -> None:
    refuse(top, edit(top), edit(top, None, "new\n", "models/n/manifest.toml"))
    refuse(top, edit(top, new=None))


def test_a_file_that_has_its_new_content_already_may_be_written(top: Path) -> None:
    (top / PATH).write_text("new\n")
    git(top, "add", PATH)
    refuse(top, edit(top))


def test_a_file_with_the_line_ends_of_another_system_is_clean(top: Path) -> None:
    (top / PATH).write_bytes(b"old\r\n")
    refuse(top, edit(top))
    (top / PATH).write_bytes(b"old\r\n\r\n")
    with pytest.raises(Conflict):
        refuse(top, edit(top))


@pytest.mark.parametrize("index", ["plain", "split"])
@pytest.mark.parametrize(
    "dirt", ["edited", "staged", "deleted", "removed", "a directory", "a link", "linked above"]
)
def test_a_file_with_work_in_it_is_refused_with_what_shows_it(top: Path, dirt: str, index: str) -> None:
    make_dirty(top, dirt)
    if index == "split":
        git(top, "update-index", "--split-index")
    with pytest.raises(Conflict, match=PATH) as caught:
        refuse(top, edit(top))
    assert str(caught.value.hint).startswith(f"git diff HEAD -- :/{PATH} ")


def make_dirty(top: Path, dirt: str) -> None:
    place = top / PATH
    if dirt == "removed":
        git(top, "rm", "-q", "--cached", PATH)
    elif dirt == "linked above":
        (top / "models").rename(top / "elsewhere")
        (top / "models").symlink_to("elsewhere")
    elif dirt in ("edited", "staged"):
        place.write_text("mine\n")
        git(top, "add", *(["--", PATH] if dirt == "staged" else ["--refresh", "--ignore-errors", "--", PATH]))
    else:
        place.unlink()
        if dirt == "a directory":
            place.mkdir()
        elif dirt == "a link":
            (top / "other").write_text("old\n")
            place.symlink_to(top / "other")
        else:
            git(top, "rm", "-q", "--cached", PATH)


def test_a_new_file_in_the_way_of_ours_is_refused(top: Path) -> None:
    (top / "new").write_text("mine\n")
    with pytest.raises(Conflict, match="'new'"):
        refuse(top, edit(top, None, "ours\n", "new"))


@pytest.mark.parametrize("index", ["plain", "split"])
def test_a_file_in_conflict_or_only_intended_is_refused(top: Path, index: str) -> None:
    old = blob(top, "old\n")
    info = "".join(f"100644 {old} {stage}\t{PATH}\n" for stage in (1, 2, 3))
    git(top, "update-index", "--index-info", given=f"0 {'0' * 40}\t{PATH}\n{info}")
    if index == "split":
        git(top, "update-index", "--split-index")
    with pytest.raises(Conflict, match=PATH):
        refuse(top, edit(top))


def test_a_file_outside_a_sparse_checkout_is_named_with_what_lets_it_in(top: Path) -> None:
    git(top, "sparse-checkout", "set", "elsewhere")
    assert not (top / PATH).exists()
    with pytest.raises(Conflict, match="sparse") as caught:
        refuse(top, edit(top))
    assert str(caught.value.hint) == "git sparse-checkout add models/m"


def test_a_repository_without_an_index_has_nothing_staged(git_repository: Path) -> None:
    refuse(git_repository, edit(git_repository, None, "new\n"))


# -- writing and taking back ------------------------------------------------------------------------------


def write(top: Path, *edits: FileEdit) -> None:
    write_edits(opened(top).pygit, main_tree(top), list(edits))


def state(top: Path) -> tuple[str, str]:
    return git(top, "status", "--porcelain"), git(top, "ls-files", "--stage")


def test_files_and_entries_are_written_together(top: Path) -> None:
    write(top, edit(top), edit(top, None, "other\n", "models/n/manifest.toml"))
    assert (top / PATH).read_text() == "new\n"
    assert state(top)[0] == f"M  {PATH}\nA  models/n/manifest.toml\n"
    assert git(top, "diff", "--cached", PATH).endswith("-old\n+new\n")


def test_a_deleted_file_takes_its_empty_directories_along(top: Path) -> None:
    write(top, edit(top, None, "1\n", "models/n/deep/file"))
    write(top, edit(top, "1\n", None, "models/n/deep/file"))
    assert not (top / "models/n").exists()
    assert (top / "models").exists()
    assert state(top)[0] == ""


def test_a_file_keeps_its_mode_and_one_that_is_right_its_inode(top: Path) -> None:
    (top / PATH).chmod(0o640)
    before = (top / PATH).stat()
    write(top, edit(top, new="old\n"))
    assert (top / PATH).stat().st_ino == before.st_ino
    write(top, edit(top))
    assert (top / PATH).stat().st_mode == before.st_mode
    assert (top / PATH).stat().st_ino != before.st_ino


def test_a_partial_file_of_a_killed_run_is_removed_and_does_no_harm(top: Path) -> None:
    left = (top / PATH).with_name(".manifest.toml.regolo-writing")
    left.write_text("half")
    write(top, edit(top))
    assert not left.exists()
    left.write_text("half")
    (top / ".git/regolo-index").touch()
    remove_temporaries(main_tree(top), [edit(top)])
    assert not left.exists()
    assert not (top / ".git/regolo-index").exists()


def test_nothing_is_removed_behind_a_link(top: Path) -> None:
    (top / "models").rename(top / "elsewhere")
    (top / "models").symlink_to("elsewhere")
    theirs = top / "elsewhere/m/.manifest.toml.regolo-writing"
    theirs.touch()
    remove_temporaries(main_tree(top), [edit(top)])
    assert theirs.exists()


@pytest.mark.parametrize(
    ("old", "new", "path"), [("old\n", "new\n", PATH), ("old\n", None, PATH), (None, "new\n", "models/n/x")]
)
def test_an_unfinished_publication_is_undone(top: Path, old: str | None, new: str | None, path: str) -> None:
    before, change = state(top), edit(top, old, new, path)
    write(top, change)
    assert state(top) != before
    undo_edits(opened(top).pygit, main_tree(top), [change], {path: change.old})
    assert state(top) == before


def test_a_half_written_publication_is_undone(top: Path) -> None:
    before = state(top)
    (top / PATH).write_text("new\n")
    undo_edits(opened(top).pygit, main_tree(top), [edit(top)], {PATH: edit(top).old})
    assert state(top) == before


def test_concurrent_changes_stay(top: Path) -> None:
    write(top, edit(top))
    (top / PATH).write_text("mine\n")
    undo_edits(opened(top).pygit, main_tree(top), [edit(top)], {PATH: edit(top).old})
    assert (top / PATH).read_text() == "mine\n"
    assert state(top)[0] == f" M {PATH}\n"  # the entry was still ours
    git(top, "add", PATH)
    before = state(top)
    undo_edits(opened(top).pygit, main_tree(top), [edit(top)], {PATH: edit(top).old})
    assert state(top) == before


def test_a_file_that_somebody_put_where_ours_was_deleted_stays(top: Path) -> None:
    gone = edit(top, new=None)
    write(top, gone)
    (top / PATH).parent.mkdir(parents=True)
    (top / PATH).write_text("mine\n")
    undo_edits(opened(top).pygit, main_tree(top), [gone], {PATH: gone.old})
    assert (top / PATH).read_text() == "mine\n"


def test_the_state_to_go_back_to_is_the_branchs_of_now(top: Path) -> None:
    write(top, edit(top))
    undo_edits(opened(top).pygit, main_tree(top), [edit(top)], {PATH: blob(top, "newer\n")})
    assert (top / PATH).read_text() == "newer\n"
    assert git(top, "show", f":{PATH}") == "newer\n"


# -- what git tracks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["plain", "split"])
def test_a_path_is_tracked_with_what_is_below_it(top: Path, index: str) -> None:
    if index == "split":
        git(top, "update-index", "--split-index")
    answers = {
        path: is_tracked(paths_of(top), path) for path in (PATH, "models", "models/m", "model", "other")
    }
    assert answers == {PATH: True, "models": True, "models/m": True, "model": False, "other": False}


def test_nothing_is_tracked_without_an_index_and_no_question_without_a_work_tree(
    git_repository: Path, tmp_path: Path
) -> None:
    assert not is_tracked(paths_of(git_repository), "file")
    with pytest.raises(NotFound):
        is_tracked(paths_of(new_repository(tmp_path / "bare.git", "--bare")), "file")


def test_a_blob_is_read_as_it_is(top: Path) -> None:
    assert read_blob(opened(top).pygit, blob(top, "a\r\nb")) == b"a\r\nb"
