"""A publication stays on record until its process has told the user, and only that of a dead one is found."""

from dataclasses import replace
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened, publish_version, version_commit

from regolo_git.errors import VersionExists
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import publish, published_before
from regolo_git.git.repository import GitRepository

RECORD = ".git/regolo/unreported.json"


@pytest.fixture
def late(git_repository: Path) -> GitRepository:
    """A repository of a process that reports late; it has published `m@1.0`."""
    publish_version(git_repository, "n", "1.0")
    repository = opened(git_repository)
    repository.unreported.late = True
    publish(repository, "main", lambda _: version_commit("m", "1.0"))
    return repository


def die(repository: GitRepository) -> None:
    """The system releases the locks of a process that dies."""
    repository.unreported._release()


def again(top: Path, commit: NewCommit[None] | None = None) -> bool:
    new = commit or version_commit("m", "1.0")
    return published_before(opened(top), "main", lambda _: new) is not None


def test_that_of_a_running_process_is_its_own(git_repository: Path, late: GitRepository) -> None:
    assert not again(git_repository)
    die(late)
    assert again(git_repository)


def test_a_reported_publication_leaves_no_record(git_repository: Path, late: GitRepository) -> None:
    late.unreported.close()
    assert not (git_repository / RECORD).exists()
    assert not again(git_repository)


def test_a_process_that_reports_at_once_leaves_none(git_repository: Path, late: GitRepository) -> None:
    die(late)
    publish_version(git_repository, "m", "1.1")
    assert not (git_repository / RECORD).exists()


def test_a_process_reports_only_its_own(git_repository: Path, late: GitRepository) -> None:
    other = opened(git_repository)
    other.unreported.late = True
    publish(other, "main", lambda _: version_commit("m", "1.1"))
    late.unreported.close()
    assert (git_repository / RECORD).exists()
    die(other)
    assert again(git_repository, version_commit("m", "1.1"))


def test_it_is_returned_once(git_repository: Path, late: GitRepository) -> None:
    die(late)
    tip = git(git_repository, "rev-parse", "main").strip()
    done = publish(opened(git_repository), "main", lambda _: version_commit("m", "1.0"))
    assert (done.commit, done.repeated) == (tip, True)
    with pytest.raises(VersionExists):
        publish(opened(git_repository), "main", lambda _: version_commit("m", "1.0"))


@pytest.mark.parametrize("other", ["content", "message", "tag", "path"])
def test_another_commit_is_not_the_same(git_repository: Path, late: GitRepository, other: str) -> None:
    die(late)
    new = version_commit("m", "1.0")
    changed = {
        "content": version_commit("m", "1.0", "other"),
        "message": replace(new, message="other\n"),
        "tag": replace(new, tag=None),
        "path": replace(new, files={**new.files, "more": b"x"}),
    }
    assert not again(git_repository, changed[other])
    assert again(git_repository)


@pytest.mark.parametrize("change", ["tag deleted", "tag moved", "file changed", "branch reset", "damaged"])
def test_a_record_changed_since_is_not_returned(
    git_repository: Path, late: GitRepository, change: str
) -> None:
    die(late)
    if change == "tag deleted":
        git(git_repository, "tag", "-d", "m@v1.0")
    elif change == "tag moved":
        git(git_repository, "tag", "-f", "m@v1.0", "main")
    elif change == "branch reset":
        git(git_repository, "reset", "-q", "--hard", "HEAD~1")
    elif change == "file changed":
        (git_repository / "models/m/manifest.toml").write_text("mine\n")
        git(git_repository, "commit", "-qam", "mine")
    else:
        (git_repository / RECORD).write_bytes(b"{")
    assert not again(git_repository)


def test_commits_on_top_of_it_change_nothing(git_repository: Path, late: GitRepository) -> None:
    die(late)
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "theirs")
    assert again(git_repository)
