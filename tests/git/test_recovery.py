"""What a killed run left is finished or undone from its journal, exactly as far as it got."""

import shutil
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened, publish_version, version_commit

from regolo_git.git.journal import Journal, LockFile, journal_path, read_journal, write_journal
from regolo_git.git.new_commit import write_objects
from regolo_git.git.recovery import recover
from regolo_git.git.repository import GitRepository
from regolo_git.git.worktrees import write_edits

PATH = "models/m/manifest.toml"


class Interrupted:
    """Version 1.1 of `m` on its way: its objects are written and its journal too, and nothing else yet."""

    def __init__(self, top: Path) -> None:
        publish_version(top, "m", "1.0")
        self.top = top
        self.git: GitRepository = opened(top)
        self.old = git(top, "rev-parse", "main").strip()
        self.objects = write_objects(
            self.git, "main", self.old, version_commit("m", "1.1"), self.git.authorship()
        )
        assert self.objects.tag is not None
        self.tag_ref, self.tag_oid = self.objects.tag.ref, self.objects.tag.oid
        self.journal = Journal(
            "refs/heads/main", self.old, self.objects.commit, self.tag_ref, self.tag_oid,
            tuple(self.objects.edits), tuple(self.objects.work_trees),
            (LockFile(str(top / ".git/refs/heads/main.lock")),),
        )  # fmt: skip
        write_journal(self.git.paths, self.journal)

    def write_files(self) -> None:
        for tree in self.objects.work_trees:
            write_edits(self.git.pygit, tree, self.objects.edits)

    def set_ref(self, ref: str, oid: str | None) -> None:
        git(self.top, "update-ref", ref, str(oid))

    def outcome(self) -> tuple[str, bool]:
        """The version that the branch is at, and whether 1.1 is tagged; everything else agrees with it."""
        assert read_journal(self.git.paths) is None
        assert git(self.top, "status", "--porcelain") == ""
        assert not list((self.top / ".git").rglob("*.lock"))
        text = (self.top / PATH).read_text()
        assert git(self.top, "show", f"main:{PATH}") == text
        return text.split()[1], bool(git(self.top, "for-each-ref", self.tag_ref))


@pytest.fixture
def interrupted(git_repository: Path) -> Interrupted:
    return Interrupted(git_repository)


def test_without_a_journal_there_is_nothing_to_do(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    assert recover(opened(git_repository)) == []


def test_a_damaged_journal_is_put_away(interrupted: Interrupted) -> None:
    journal_path(interrupted.git.paths).write_text("{")
    assert recover(interrupted.git) == []
    assert not journal_path(interrupted.git.paths).exists()


@pytest.mark.parametrize("files", [False, True])
def test_stopped_before_the_tag_it_is_undone(interrupted: Interrupted, files: bool) -> None:
    if files:
        interrupted.write_files()
    (said,) = recover(interrupted.git)
    assert said.startswith("undid an interrupted update")
    assert interrupted.outcome() == ("1.0", False)


def test_stopped_between_tag_and_branch_it_is_finished(interrupted: Interrupted) -> None:
    interrupted.write_files()
    interrupted.set_ref(interrupted.tag_ref, interrupted.tag_oid)
    (said,) = recover(interrupted.git)
    assert said.startswith("finished an interrupted update: ")
    assert interrupted.objects.commit[:10] in said
    assert interrupted.outcome() == ("1.1", True)
    assert git(interrupted.top, "reflog", "-1", "--format=%gs", "main") == "regolo: finish\n"


def test_stopped_after_the_branch_it_was_complete(interrupted: Interrupted) -> None:
    interrupted.write_files()
    interrupted.set_ref(interrupted.tag_ref, interrupted.tag_oid)
    interrupted.set_ref("refs/heads/main", interrupted.objects.commit)
    (said,) = recover(interrupted.git)
    assert "complete" in said
    assert interrupted.outcome() == ("1.1", True)


def test_a_branch_that_went_on_from_it_keeps_it(interrupted: Interrupted) -> None:
    interrupted.write_files()
    interrupted.set_ref(interrupted.tag_ref, interrupted.tag_oid)
    interrupted.set_ref("refs/heads/main", interrupted.objects.commit)
    git(interrupted.top, "commit", "-q", "--allow-empty", "-m", "later")
    (said,) = recover(interrupted.git)
    assert "complete" in said
    assert interrupted.outcome() == ("1.1", True)


@pytest.mark.parametrize("tagged", [False, True])
def test_a_branch_that_went_another_way_keeps_its_own(interrupted: Interrupted, tagged: bool) -> None:
    interrupted.write_files()
    if tagged:
        interrupted.set_ref(interrupted.tag_ref, interrupted.tag_oid)
    other = git(interrupted.top, "commit-tree", "-m", "other", "-p", "main", "main^{tree}").strip()
    interrupted.set_ref("refs/heads/main", other)
    (said,) = recover(interrupted.git)
    assert said.startswith("undid an interrupted update")
    assert interrupted.outcome() == ("1.0", False)


def test_a_tag_that_somebody_else_made_is_not_taken_away(interrupted: Interrupted) -> None:
    interrupted.write_files()
    interrupted.set_ref(interrupted.tag_ref, interrupted.old)
    recover(interrupted.git)
    assert interrupted.outcome() == ("1.0", True)


@pytest.mark.parametrize("tagged", [False, True])
def test_a_tag_alone_was_made_or_was_not(interrupted: Interrupted, tagged: bool) -> None:
    journal = Journal(None, None, interrupted.old, interrupted.tag_ref, interrupted.tag_oid, (), (), ())
    write_journal(interrupted.git.paths, journal)
    if tagged:
        interrupted.set_ref(interrupted.tag_ref, interrupted.tag_oid)
    (said,) = recover(interrupted.git)
    assert interrupted.tag_ref in said
    assert ("complete" in said) == tagged
    assert interrupted.outcome() == ("1.0", tagged)


def test_a_publication_without_a_tag_is_undone(interrupted: Interrupted) -> None:
    journal = Journal(
        "refs/heads/main", interrupted.old, interrupted.objects.commit, None, None,
        interrupted.journal.edits, interrupted.journal.work_trees, (),
    )  # fmt: skip
    write_journal(interrupted.git.paths, journal)
    interrupted.write_files()
    recover(interrupted.git)
    assert interrupted.outcome() == ("1.0", False)


def test_the_first_version_of_all_is_undone_to_nothing(git_repository: Path) -> None:
    repository = opened(git_repository)
    objects = write_objects(repository, "main", None, version_commit("m", "1.0"), repository.authorship())
    journal = Journal(
        "refs/heads/main",
        None,
        objects.commit,
        None,
        None,
        tuple(objects.edits),
        tuple(objects.work_trees),
        (),
    )
    write_journal(repository.paths, journal)
    write_edits(repository.pygit, objects.work_trees[0], objects.edits)
    recover(repository)
    assert git(git_repository, "status", "--porcelain") == ""
    assert not (git_repository / "models").exists()


def test_locks_that_the_dead_left_go_and_others_are_named(interrupted: Interrupted) -> None:
    ours, theirs = (interrupted.top / ".git/refs/heads" / name for name in ("main.lock", "other.lock"))
    ours.write_text(f"{interrupted.objects.commit}\n")
    theirs.write_text("something else")
    locks = (LockFile(str(ours), ours.stat().st_ino), LockFile(str(theirs)))
    write_journal(
        interrupted.git.paths,
        Journal("refs/heads/main", interrupted.old, interrupted.objects.commit, None, None, (), (), locks),
    )
    said = recover(interrupted.git)
    assert len(said) == 2
    assert str(theirs) in said[1]
    assert theirs.exists()
    theirs.unlink()
    assert interrupted.outcome() == ("1.0", False)


def test_a_removed_work_tree_is_ignored(interrupted: Interrupted, tmp_path: Path) -> None:
    git(interrupted.top, "worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked"))
    linked = interrupted.git.paths.common_dir / "worktrees/linked"
    trees = (type(interrupted.journal.work_trees[0])(linked, tmp_path / "linked"),)
    journal = Journal(
        "refs/heads/topic", interrupted.old, interrupted.objects.commit, None, None,
        interrupted.journal.edits, trees, (),
    )  # fmt: skip
    write_journal(interrupted.git.paths, journal)
    shutil.rmtree(tmp_path / "linked")
    (said,) = recover(interrupted.git)
    assert said.startswith("undid an interrupted update")
    assert not (tmp_path / "linked").exists()
