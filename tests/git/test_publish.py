"""The write path: one step that happens or does not, and leaves the user's own work alone."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.git_program import git, new_repository
from support.git_repository import opened, publish_version, version_commit

from regolo_git.errors import Conflict, InvalidInput, LostRace, NotFound, VersionExists
from regolo_git.git.journal import Journal, write_journal
from regolo_git.git.new_commit import NewCommit, NewTag, write_objects
from regolo_git.git.publish import create_branch, publish, refuse_early
from regolo_git.git.publish_tag import publish_tag
from regolo_git.git.worktrees import write_edits


def test_the_first_version_is_the_first_commit(git_repository: Path) -> None:
    done = publish_version(git_repository, "m", "1.0")
    assert git(git_repository, "rev-parse", "main").strip() == done.commit
    assert git(git_repository, "rev-parse", "m@v1.0").strip() == done.tag_oid
    assert git(git_repository, "status", "--porcelain") == ""
    assert (git_repository / "models/m/manifest.toml").read_text() == "m 1.0 \n"
    git(git_repository, "fsck", "--strict")


def test_git_sees_an_annotated_tag_with_trailers(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    shown = git(git_repository, "cat-file", "tag", "m@v1.0")
    assert "tag m@v1.0\ntagger Ada Byron <ada@example.com>" in shown
    assert "\nRegolo-Version: 1.0\n" in shown
    assert git(git_repository, "describe", "--match", "m@*") == "m@v1.0\n"


def test_a_version_that_exists_is_refused_and_changes_nothing(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    before = git(git_repository, "for-each-ref")
    with pytest.raises(VersionExists):
        publish(opened(git_repository), "main", lambda _: version_commit("m", "1.0", "other"))
    assert git(git_repository, "for-each-ref") == before
    assert git(git_repository, "status", "--porcelain") == ""
    assert not (git_repository / ".git/regolo/journal.json").exists()


def test_an_unknown_author_is_refused_with_what_to_type(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(git_repository, "config", "user.name", "")
    with pytest.raises(InvalidInput) as caught:
        publish_version(git_repository, "m", "1.0")
    assert "git config" in (caught.value.hint or "")


def test_the_author_of_the_environment_comes_first(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2020-01-02T03:04:05+01:00")
    publish_version(git_repository, "m", "1.0")
    assert (
        git(git_repository, "log", "-1", "--format=%an|%cn|%aI")
        == "Grace|Ada Byron|2020-01-02T03:04:05+01:00\n"
    )


@pytest.mark.parametrize(
    "dirt", ["edited", "staged", "untracked", "intent", "deleted", "removed from the index"]
)
def test_dirty_files_of_ours_are_refused(git_repository: Path, dirt: str) -> None:
    manifest = git_repository / "models/m/manifest.toml"
    if dirt not in ("untracked", "intent"):
        publish_version(git_repository, "m", "1.0")
    manifest.parent.mkdir(parents=True, exist_ok=True)
    if dirt == "deleted":
        manifest.unlink()
    elif dirt == "removed from the index":
        git(git_repository, "rm", "-q", "--cached", "models/m/manifest.toml")
    else:
        manifest.write_text("mine\n")
    if dirt == "staged":
        git(git_repository, "add", ".")
    if dirt == "intent":
        git(git_repository, "add", "--intent-to-add", ".")
    before = git(git_repository, "status", "--porcelain"), git(git_repository, "for-each-ref")
    with pytest.raises(Conflict, match="uncommitted changes"):
        publish_version(git_repository, "m", "1.1")
    assert (git(git_repository, "status", "--porcelain"), git(git_repository, "for-each-ref")) == before


def messy(top: Path) -> None:
    """Staged, unstaged, untracked, intended and un-tracked files of the user's own."""
    for name in ("staged", "unstaged", "removed", "both"):
        (top / name).write_text("one\n")
    git(top, "add", ".")
    git(top, "commit", "-qm", "theirs")
    for name in ("staged", "unstaged", "both"):
        (top / name).write_text("two\n")
    git(top, "add", "staged", "both")
    (top / "both").write_text("three\n")
    (top / "untracked").write_text("new\n")
    (top / "intended").write_text("new\n")
    git(top, "add", "--intent-to-add", "intended")
    git(top, "rm", "-q", "--cached", "removed")


def test_the_users_own_work_stays_as_it_is(git_repository: Path) -> None:
    messy(git_repository)
    before = git(git_repository, "status", "--porcelain"), git(git_repository, "ls-files", "--stage")
    publish_version(git_repository, "m", "1.0")
    assert git(git_repository, "status", "--porcelain") == before[0]
    entries = git(git_repository, "ls-files", "--stage").splitlines()
    assert [line for line in entries if "models/" not in line] == before[1].splitlines()


def test_a_merge_under_way_is_left_alone(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "switch", "-qc", "topic")
    (git_repository / "file").write_text("topic\n")
    git(git_repository, "add", ".")
    git(git_repository, "commit", "-qm", "topic")
    git(git_repository, "switch", "-q", "main")
    (git_repository / "file").write_text("main\n")
    git(git_repository, "add", ".")
    git(git_repository, "commit", "-qm", "main")
    git(git_repository, "merge", "topic", check=False)
    before = git(git_repository, "status", "--porcelain")
    with pytest.raises(Conflict, match="a merge is in progress"):
        publish_version(git_repository, "m", "1.1")
    assert git(git_repository, "status", "--porcelain") == before
    assert (git_repository / ".git/MERGE_HEAD").exists()


def test_a_held_index_lock_is_respected(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    lock = git_repository / ".git/index.lock"
    lock.write_text("somebody's")
    before = git(git_repository, "for-each-ref")
    with pytest.raises(Conflict):
        publish_version(git_repository, "m", "1.1")
    assert lock.read_text() == "somebody's"
    lock.unlink()
    assert git(git_repository, "for-each-ref") == before
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_branch_that_is_not_checked_out_is_moved_alone(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "switch", "-qc", "topic")
    publish_version(git_repository, "m", "1.1", branch="main")
    assert (git_repository / "models/m/manifest.toml").read_text() == "m 1.0 \n"
    assert git(git_repository, "show", "main:models/m/manifest.toml") == "m 1.1 \n"
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_linked_work_tree_gets_the_files_of_its_branch(git_repository: Path, tmp_path: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    linked = tmp_path / "linked"
    git(git_repository, "worktree", "add", "-q", "-b", "other", str(linked))
    publish_version(git_repository, "m", "1.1", branch="other")
    assert (linked / "models/m/manifest.toml").read_text() == "m 1.1 \n"
    assert git(linked, "status", "--porcelain") == ""
    publish_version(linked, "m", "1.2", branch="main")
    assert (git_repository / "models/m/manifest.toml").read_text() == "m 1.2 \n"
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_bare_repository_needs_no_work_tree(tmp_path: Path) -> None:
    top = new_repository(tmp_path / "bare.git", "--bare")
    publish_version(top, "team/m", "1.0")
    assert git(top, "show", "team/m@v1.0:models/team/m/manifest.toml") == "team/m 1.0 \n"


def test_a_tag_in_the_way_of_a_directory_is_refused(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "tag", "team")
    git(git_repository, "pack-refs", "--all")
    with pytest.raises(Conflict, match="blocks the name"):
        publish_version(git_repository, "team/m", "1.0")
    git(git_repository, "fsck", "--strict")


def test_a_proposal_makes_its_own_branch_once(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    repository = opened(git_repository)
    tip = repository.branch_tip("main")

    def untagged(_: str | None) -> NewCommit[None]:
        return NewCommit({"models/m/manifest.toml": b"proposed\n"}, "propose\n", None)

    done = create_branch(repository, "propose/m@1.1", tip, untagged)
    assert git(git_repository, "rev-parse", "propose/m@1.1~1").strip() == tip
    assert done.tag_oid is None
    with pytest.raises(Conflict):
        create_branch(repository, "propose/m@1.1", tip, untagged)


def test_a_tag_of_a_merge_is_the_same_object_everywhere(git_repository: Path, tmp_path: Path) -> None:
    done = publish_version(git_repository, "m", "1.0")
    git(tmp_path, "clone", "-q", str(git_repository), "clone")
    message = "m 1.1\n"
    oids = {
        publish_tag(opened(top), "m@v1.1", done.commit, message)
        for top in (git_repository, tmp_path / "clone")
    }
    assert len(oids) == 1
    with pytest.raises(VersionExists):
        publish_tag(opened(git_repository), "m@v1.1", done.commit, message)


def test_no_commit_is_made_without_a_change(git_repository: Path) -> None:
    def same(_: str | None) -> NewCommit[None]:
        return NewCommit({"file": b"same\n"}, "same\n", None)

    publish(opened(git_repository), "main", same)
    with pytest.raises(Conflict, match="nothing would change"):
        publish(opened(git_repository), "main", same)


def test_a_deleted_file_takes_its_empty_directories_along(git_repository: Path) -> None:
    publish(opened(git_repository), "main", lambda _: NewCommit({"a/b/c": b"x", "d": b"y"}, "add\n", None))
    publish(opened(git_repository), "main", lambda _: NewCommit({"a/b/c": None}, "delete\n", None))
    assert git(git_repository, "ls-files").split() == ["d"]
    assert not (git_repository / "a").exists()


def test_a_file_in_the_way_of_a_directory_is_refused(git_repository: Path) -> None:
    publish(opened(git_repository), "main", lambda _: NewCommit({"a": b"x"}, "add\n", None))
    with pytest.raises(Conflict, match="'a' is a file"):
        publish(opened(git_repository), "main", lambda _: NewCommit({"a/b": b"x"}, "add\n", None))


def test_checkout_of_a_link_is_not_written_through(git_repository: Path, tmp_path: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    outside = tmp_path / "outside"
    outside.mkdir()
    (git_repository / "environments").symlink_to(outside)
    with pytest.raises(Conflict):
        publish(
            opened(git_repository), "main", lambda _: NewCommit({"environments/e.toml": b"x"}, "add\n", None)
        )
    assert list(outside.iterdir()) == []


def fresh_clone(git_repository: Path, destination: Path) -> Path:
    """A clone that has `topic` checked out and knows `main` only as `origin/main`."""
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "branch", "topic")
    git(git_repository, "clone", "-q", "-b", "topic", ".", str(destination))
    git(destination, "config", "user.name", "Ada Byron")
    git(destination, "config", "user.email", "ada@example.com")
    return destination


def test_a_branch_that_is_not_here_yet_begins_where_the_remote_has_it(
    git_repository: Path, tmp_path: Path
) -> None:
    clone = fresh_clone(git_repository, tmp_path / "clone")
    done = publish_version(clone, "m", "1.1")
    assert git(clone, "rev-parse", "main^") == git(git_repository, "rev-parse", "main")
    assert git(clone, "status", "--porcelain") == ""
    git(clone, "push", "-q", "origin", "main:pushed")
    assert git(git_repository, "rev-parse", "pushed").strip() == done.commit


def test_an_unborn_branch_that_the_remote_has_is_brought_here_first(
    git_repository: Path, tmp_path: Path
) -> None:
    clone = fresh_clone(git_repository, tmp_path / "clone")
    git(clone, "symbolic-ref", "HEAD", "refs/heads/main")
    git(clone, "rm", "-rqf", "--cached", ".")
    git(clone, "clean", "-qfd")
    with pytest.raises(Conflict) as caught:
        publish_version(clone, "m", "1.1")
    assert caught.value.hint == "git merge origin/main"
    git(clone, *caught.value.hint.split()[1:])
    publish_version(clone, "m", "1.1")


def moved(top: Path, branch: str = "main") -> str:
    """Somebody else's commit on a branch, made without its work tree."""
    oid = git(top, "commit-tree", "-m", "theirs", "-p", branch, f"{branch}^{{tree}}").strip()
    git(top, "update-ref", f"refs/heads/{branch}", oid)
    return oid


def test_a_branch_that_moves_meanwhile_is_prepared_on_anew(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    tips: list[str | None] = []

    def prepare(tip: str | None) -> NewCommit[None]:
        tips.append(tip)
        if len(tips) < 3:
            moved(git_repository)
        return version_commit("m", "1.1")

    done = publish(opened(git_repository), "main", prepare)
    assert len(set(tips)) == 3
    assert git(git_repository, "rev-parse", "main^").strip() == tips[-1]
    assert git(git_repository, "rev-parse", "main", "m@v1.1").split() == [done.commit, done.tag_oid]


def test_a_branch_that_never_stands_still_is_given_up(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regolo_git.git.publish.ATTEMPTS", 3)
    publish_version(git_repository, "m", "1.0")
    tips: list[str | None] = []

    def prepare(tip: str | None) -> NewCommit[None]:
        tips.append(tip)
        moved(git_repository)
        return version_commit("m", "1.1")

    with pytest.raises(LostRace):
        publish(opened(git_repository), "main", prepare)
    assert len(tips) == 3
    assert git(git_repository, "tag", "--list") == "m@v1.0\n"
    assert not (git_repository / ".git/regolo/journal.json").exists()


def test_a_tag_that_somebody_else_makes_meanwhile_is_theirs(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    before = git(git_repository, "rev-parse", "main")

    def message(_: object) -> str:
        git(git_repository, "tag", "m@v1.1")
        return "late\n"

    late = NewCommit({"models/m/manifest.toml": b"late\n"}, "late\n", None, NewTag("m@v1.1", message))
    with pytest.raises(VersionExists):
        publish(opened(git_repository), "main", lambda _: late)
    assert git(git_repository, "rev-parse", "main", "m@v1.1").split() == before.split() * 2
    assert git(git_repository, "status", "--porcelain") == ""


def test_a_refusal_by_prepare_leaves_nothing(git_repository: Path) -> None:
    def refuse(_: str | None) -> NewCommit[None]:
        raise NotFound("not this one")

    with pytest.raises(NotFound, match="not this one"):
        publish(opened(git_repository), "main", refuse)
    assert git(git_repository, "for-each-ref") == ""
    assert not (git_repository / ".git/regolo/journal.json").exists()


def test_a_message_that_git_cannot_hold_is_refused(git_repository: Path) -> None:
    with pytest.raises(InvalidInput):
        publish(opened(git_repository), "main", lambda _: NewCommit({"a": b"1"}, "nul \0 inside", None))
    assert git(git_repository, "for-each-ref") == ""


def test_a_branch_that_is_only_another_name_is_refused(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "symbolic-ref", "refs/heads/trunk", "refs/heads/main")
    for refused in (
        lambda: publish_version(git_repository, "m", "1.1", branch="trunk"),
        lambda: refuse_early(opened(git_repository), "trunk", []),
    ):
        with pytest.raises(Conflict, match="'trunk'") as caught:
            refused()
        assert str(caught.value.hint) == "git switch main"


def test_errors_of_publishing_are_raised_early(git_repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_version(git_repository, "m", "1.0")
    path, repository = "models/m/manifest.toml", opened(git_repository)
    refuse_early(repository, "main", [path, "models/n/manifest.toml"])
    (git_repository / path).write_text("mine\n")
    with pytest.raises(Conflict, match=path):
        refuse_early(repository, "main", [path])
    refuse_early(repository, "main", ["code"])
    refuse_early(repository, "other", [path])
    git(git_repository, "config", "user.name", "")
    with pytest.raises(InvalidInput):
        refuse_early(repository, "other", [])


def test_an_early_refusal_finishes_first_what_a_killed_run_left(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    repository = opened(git_repository)
    tip = repository.branch_tip("main")
    objects = write_objects(repository, "main", tip, version_commit("m", "1.1"), repository.authorship())
    assert objects.tag is not None
    ref = objects.tag.ref
    edits, trees = tuple(objects.edits), tuple(objects.work_trees)
    write_journal(
        repository.paths,
        Journal("refs/heads/main", tip, objects.commit, ref, objects.tag.oid, edits, trees, ()),
    )
    write_edits(repository.pygit, trees[0], list(edits))
    git(git_repository, "update-ref", ref, str(objects.tag.oid))
    refuse_early(repository, "main", ["models/m/manifest.toml"])
    assert git(git_repository, "rev-parse", "main").strip() == objects.commit


def test_files_of_several_paths_are_one_commit(git_repository: Path) -> None:
    publish(opened(git_repository), "main", lambda _: NewCommit({"a": b"1", "b/c": b"2"}, "two\n", None))
    done = publish(
        opened(git_repository), "main", lambda _: NewCommit({"a": b"1", "b/c": None}, "one\n", None)
    )
    shown = git(git_repository, "show", "--name-status", "--format=%s", done.commit)
    assert shown.split() == ["one", "D", "b/c"]
    assert git(git_repository, "reflog", "-1", "--format=%gs", "main") == "regolo: publish\n"


def test_a_publication_stopped_by_a_failing_work_tree_is_taken_back_everywhere(
    git_repository: Path, tmp_path: Path
) -> None:
    publish_version(git_repository, "m", "1.0")
    git(git_repository, "worktree", "add", "-q", "--force", str(tmp_path / "linked"), "main")
    before = git(git_repository, "for-each-ref")
    lock = git_repository / ".git/worktrees/linked/index.lock"
    lock.touch()
    with pytest.raises(Conflict, match=str(lock)):
        publish_version(git_repository, "m", "1.1")
    assert lock.exists()
    lock.unlink()
    assert git(git_repository, "for-each-ref") == before
    for top in (git_repository, tmp_path / "linked"):
        assert git(top, "status", "--porcelain") == ""
    publish_version(git_repository, "m", "1.1")
    assert (tmp_path / "linked/models/m/manifest.toml").read_text() == "m 1.1 \n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", ["a/b/c@v1.0", "a"])
def test_a_name_that_is_a_directory_of_anothers_is_refused(
    git_repository: Path, name: str, packed: bool
) -> None:
    commit = publish_version(git_repository, "m", "1.0").commit
    git(git_repository, "tag", "a/b")
    git(git_repository, "branch", "a/b")
    if packed:
        git(git_repository, "pack-refs", "--all")
    before = git(git_repository, "for-each-ref")
    for refused in (
        lambda: publish_tag(opened(git_repository), name, commit, "text\n"),
        lambda: create_branch(
            opened(git_repository), name, commit, lambda _: NewCommit({"x": b"1"}, "x\n", None)
        ),
    ):
        with pytest.raises(Conflict, match=f"'a/b' blocks the name of .* '{name}'"):
            refused()
    assert git(git_repository, "for-each-ref") == before
    assert not (git_repository / ".git/regolo/journal.json").exists()


def test_an_empty_directory_of_an_earlier_branch_does_no_harm(git_repository: Path) -> None:
    commit = publish_version(git_repository, "m", "1.0").commit
    (git_repository / ".git/refs/heads/a/b").mkdir(parents=True)
    create_branch(opened(git_repository), "a", commit, lambda _: NewCommit({"x": b"1"}, "x\n", None))
    assert git(git_repository, "rev-parse", "a^").strip() == commit


def test_a_tag_of_a_commit_is_by_its_committer_and_time(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Grace")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1700000000 -0330")
    done = publish_version(git_repository, "m", "1.0")
    monkeypatch.undo()
    publish_tag(opened(git_repository), "m@v1.1", done.commit, "text\n")
    assert "\ntagger Grace <ada@example.com> 1700000000 -0330\n\ntext\n" in git(
        git_repository, "cat-file", "tag", "m@v1.1"
    )


def test_the_value_of_the_successful_attempt_is_returned(git_repository: Path) -> None:
    attempts: list[int] = []

    def prepare(_: str | None) -> NewCommit[int]:
        attempts.append(len(attempts))
        if len(attempts) == 1:
            raise LostRace("somebody was faster")
        return NewCommit({"a": b"1"}, "one\n", attempts[-1])

    done = publish(opened(git_repository), "main", prepare)
    assert done.made == 1
    assert done.commit == git(git_repository, "rev-parse", "main").strip()


def test_a_commit_has_the_author_and_time_that_it_is_given(git_repository: Path) -> None:
    repository = opened(git_repository)
    when = datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    given = repository.authorship("Grace Hopper <grace@example.com>", when)
    publish(repository, "main", lambda _: version_commit("m", "1.0"), authorship=given)
    said = "Grace Hopper <grace@example.com> 2021-03-04T05:06:07-03:30"
    fields = ("%an <%ae> %ad", "%cn <%ce> %cd")
    for field in fields:
        assert git(git_repository, "log", "-1", "--date=iso-strict", f"--format={field}").strip() == said
    tagger = "%(taggername) %(taggeremail) %(taggerdate:iso-strict)"
    assert git(git_repository, "for-each-ref", f"--format={tagger}", "refs/tags/m@v1.0").strip() == said


def test_a_new_branch_has_the_author_and_time_that_it_is_given(git_repository: Path) -> None:
    commit = publish_version(git_repository, "m", "1.0").commit
    repository = opened(git_repository)
    given = repository.authorship("Grace Hopper <grace@example.com>", datetime(2021, 3, 4, tzinfo=UTC))
    done = create_branch(
        repository, "topic", commit, lambda _: NewCommit({"a": b"1"}, "one\n", None), authorship=given
    )
    info = repository.commit_info(done.commit)
    assert (info.author, info.committed_at) == ("Grace Hopper <grace@example.com>", given.author.when)


def test_an_early_look_asks_nobody_where_the_author_is_given(
    git_repository: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = opened(git_repository)
    given = repository.authorship("Grace Hopper <grace@example.com>", datetime(2021, 3, 4, tzinfo=UTC))
    for key in ("user.name", "user.email"):
        git(git_repository, "config", key, "")
    with pytest.raises(InvalidInput, match="no name and email address"):
        refuse_early(repository, "main", [])
    refuse_early(repository, "main", [], authorship=given)
    publish(repository, "main", lambda _: version_commit("m", "1.0"), authorship=given)
