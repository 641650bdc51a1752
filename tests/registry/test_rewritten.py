"""A branch that somebody has rewritten at the remote, and a clone that had it as it was before."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.git_program import clone, commit_files, git, new_repository

from regolo_git.errors import Conflict
from regolo_git.git.discover import find_repository
from regolo_git.git.repository import GitRepository
from regolo_git.registry.rewritten import follow_rewritten, surplus


class Host:
    """A remote with two commits, a person who may rewrite it, and a clone that has pushed a third one."""

    def __init__(self, place: Path) -> None:
        self.person = new_repository(place / "person")
        for name in ("one", "two"):
            commit_files(self.person, {name: name})
        git(place, "clone", "-q", "--bare", str(self.person), str(place / "host.git"))
        git(self.person, "remote", "add", "origin", str(place / "host.git"))
        self.clone = clone(place / "host.git", place / "clone")
        self.pushed = commit_files(self.clone, {"three": "three"})
        git(self.clone, "push", "-q")

    def rewrite(self, *, to_be_kept: int, then: str | None = None) -> str:
        """Has the remote keep the first commits only, and another one on them."""
        git(self.person, "reset", "-q", "--hard", f"HEAD~{2 - to_be_kept}" if to_be_kept < 2 else "HEAD")
        if then is not None:
            commit_files(self.person, {then: then})
        git(self.person, "push", "-q", "--force", "origin", "main")
        git(self.clone, "fetch", "-q")
        return git(self.person, "rev-parse", "main").strip()

    def follow(self) -> str | None:
        return follow_rewritten(self.opened, "origin", "main")

    @property
    def opened(self) -> GitRepository:
        return GitRepository.open(find_repository(self.clone, {}))

    @property
    def tip(self) -> str:
        return git(self.clone, "rev-parse", "main").strip()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(("kept", "then"), [(2, None), (2, "four"), (1, "four"), (1, None)])
def test_a_clone_without_commits_of_its_own_follows_with_its_files(
    host: Host, kept: int, then: str | None
) -> None:
    (host.clone / "one").write_text("edited")
    now = host.rewrite(to_be_kept=kept, then=then)
    assert host.follow() == host.pushed
    assert host.tip == now
    assert git(host.clone, "status", "--porcelain") == " M one\n"
    assert (host.clone / "four").exists() is (then is not None)
    assert "which was rewritten" in git(host.clone, "reflog", "-1", "main")
    assert host.follow() is None


def own_commit(host: Host) -> None:
    commit_files(host.clone, {"own": "own"})


def edited_file(host: Host) -> None:
    (host.clone / "two").write_text("edited")


def no_reflog(host: Host) -> None:
    (host.clone / ".git/logs/refs/remotes/origin/main").unlink()


@pytest.mark.parametrize("hinder", [own_commit, no_reflog])
def test_what_may_be_the_clone_s_own_stays(host: Host, hinder: Callable[[Host], None]) -> None:
    host.rewrite(to_be_kept=1, then="four")
    hinder(host)
    before = host.tip
    assert host.follow() is None
    assert host.tip == before


def test_a_file_that_was_edited_is_not_overwritten(host: Host) -> None:
    edited_file(host)
    host.rewrite(to_be_kept=1, then="four")
    with pytest.raises(Conflict):
        host.follow()
    assert (host.tip, (host.clone / "two").read_text()) == (host.pushed, "edited")


def test_own_commits_are_told_from_those_that_were_taken_away(host: Host) -> None:
    own_commit(host)
    theirs = host.rewrite(to_be_kept=2)
    found = surplus(host.opened, host.tip, "origin", "main", theirs)
    assert (found.own, found.taken_back) == ((host.tip,), (host.pushed,))
