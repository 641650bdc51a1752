"""Every commit that a repository has a name for, and those that it had one for."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository
from support.git_repository import opened

from regolo_git.git.tips import Tip, reflog_tips, tips

NOW = datetime.now(UTC)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    found = new_repository(tmp_path / "top")
    commit(found, "one")
    return found


def commit(top: Path, message: str) -> str:
    """An empty commit on what is checked out."""
    return commit_files(top, {}, message)


def named(top: Path) -> dict[str, str]:
    return {tip.name: tip.commit for tip in tips(opened(top))}


def test_branches_and_the_head_are_tips(top: Path) -> None:
    first = git(top, "rev-parse", "HEAD").strip()
    git(top, "branch", "topic/a")
    second = commit(top, "two")
    assert named(top) == {
        "branch 'main'": second,
        "branch 'topic/a'": first,
        f"HEAD in '{top / '.git'}'": second,
    }


def test_a_detached_head_is_a_tip(top: Path) -> None:
    git(top, "switch", "-q", "--detach")
    lost = commit(top, "on no branch")
    assert named(top)[f"HEAD in '{top / '.git'}'"] == lost


def test_fetched_branches_are_remote(top: Path, tmp_path: Path) -> None:
    git(top, "branch", "topic")
    copy = clone(top, tmp_path / "copy")
    found = list(tips(opened(copy)))
    commit_id = git(top, "rev-parse", "HEAD").strip()
    ref = "refs/remotes/origin/topic"
    assert Tip("remote-tracking branch 'origin/topic'", commit_id, remote=True, ref=ref) in found
    assert {tip.name for tip in found if not tip.remote} == {"branch 'main'", f"HEAD in '{copy / '.git'}'"}


def test_packed_branches_are_tips(top: Path) -> None:
    git(top, "branch", "topic")
    git(top, "pack-refs", "--all")
    assert {"branch 'main'", "branch 'topic'"} < named(top).keys()


def test_each_work_tree_has_a_tip_even_a_missing_one(top: Path, tmp_path: Path) -> None:
    for name in ("here", "away"):
        git(top, "worktree", "add", "-q", "--detach", str(tmp_path / name))
        commit(tmp_path / name, name)
    heads = {name: git(tmp_path / name, "rev-parse", "HEAD").strip() for name in ("here", "away")}
    (tmp_path / "away").rename(tmp_path / "unmounted")
    for place in (top, tmp_path / "here"):
        found = named(place)
        assert {name: found[f"HEAD in '{top / '.git/worktrees' / name}'"] for name in heads} == heads


def test_a_stash_is_a_tip_and_tags_and_notes_are_none(top: Path) -> None:
    (top / "file").write_text("1")
    git(top, "add", "file")
    git(top, "commit", "-qm", "file")
    git(top, "tag", "light")
    git(top, "tag", "-am", "annotated", "heavy")
    git(top, "notes", "add", "-m", "a note")
    (top / "file").write_text("2")
    git(top, "stash", "-q")
    stashed = git(top, "rev-parse", "refs/stash").strip()
    assert named(top)["ref 'refs/stash'"] == stashed
    assert not [name for name in named(top) if "light" in name or "heavy" in name or "notes" in name]


def test_a_ref_that_leads_nowhere_is_left_out(top: Path) -> None:
    git(top, "symbolic-ref", "refs/heads/alias", "refs/heads/gone")
    blob = git(top, "hash-object", "-w", "--stdin", given="content").strip()
    git(top, "update-ref", "refs/other/blob", blob)
    assert named(top).keys() == {"branch 'main'", f"HEAD in '{top / '.git'}'"}


def test_a_repository_before_its_first_commit_has_none(tmp_path: Path) -> None:
    assert named(new_repository(tmp_path / "empty")) == {}


# -- reflogs ----------------------------------------------------------------------------------------------


def reflog(top: Path, entries: list[tuple[str, str, datetime]], name: str = "refs/heads/main") -> None:
    path = top / ".git/logs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(
            f"{old} {new} Ada <a@b.c> {int(when.timestamp())} -0330\tcommit: any > thing\n"
            for old, new, when in entries
        )
    )


def oid(digit: int) -> str:
    return f"{digit}" * 40


def test_former_targets_of_a_ref_since_a_time_are_listed(top: Path) -> None:
    since = NOW - timedelta(days=90)
    before, after = since - timedelta(seconds=1), since + timedelta(seconds=1)
    (top / ".git/logs/HEAD").unlink()
    reflog(
        top,
        [(oid(0), oid(1), before), (oid(1), oid(2), before), (oid(2), oid(3), after), (oid(3), oid(4), NOW)],
    )
    assert reflog_tips(opened(top).paths, since) == {oid(2), oid(3), oid(4)}
    assert reflog_tips(opened(top).paths, NOW + timedelta(days=1)) == set()


def test_git_writes_reflogs_as_they_are_read(top: Path) -> None:
    first = git(top, "rev-parse", "HEAD").strip()
    second = commit(top, "two")
    git(top, "reset", "-q", "--hard", first)
    amended = git(top, "commit-tree", "-m", "another", "HEAD^{tree}").strip()
    git(top, "update-ref", "-m", "by hand", "refs/heads/topic", amended, "")
    assert reflog_tips(opened(top).paths, NOW - timedelta(days=1)) == {first, second, amended}


def test_the_reflogs_of_every_work_tree_are_read(top: Path, tmp_path: Path) -> None:
    git(top, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    lost = commit(tmp_path / "linked", "lost")
    git(tmp_path / "linked", "switch", "-q", "--detach", "main")
    for place in (top, tmp_path / "linked"):
        assert lost in reflog_tips(opened(place).paths, NOW - timedelta(days=1))


def test_a_reflog_of_other_text_says_nothing(top: Path) -> None:
    (top / ".git/logs/HEAD").write_bytes(b"\xff\xfe not a reflog\n\n")
    reflog(top, [(oid(1), oid(2), NOW)])
    assert reflog_tips(opened(top).paths, NOW - timedelta(days=1)) == {oid(1), oid(2)}
