"""A command that was killed, or that the disk failed once, is typed again: it answers with what it made, once."""

import random
import signal
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from support.git_program import git
from support.program import Done, run_program
from support.system_calls import can_trace, run_failing_at_path, run_killed_at_path

from regolo_git.api import Registry

pytestmark = [
    pytest.mark.slow,  # CI runs it, too
    pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace"),
]

VERSIONS = {
    "register": ["register", "n", "new.bin", "-m", "the first"],
    "commit": ["commit", "m", "new.bin", "--version", "1.2"],
    "commit with the next number": ["commit", "m", "new.bin", "--yes"],
    "commit with a bump": ["commit", "m", "new.bin", "--bump", "major", "--metric", "accuracy=0.5"],
    "commit from a version": ["commit", "m", "--from", "1.0", "--version", "prod-1.0"],
}
RECORDS = {
    "promote": ["promote", "m@1.0", "staging"],
    "retire": ["retire", "m@1.0", "-m", "wrong data", "--yes"],
    "revert": ["revert", "m", "--to", "1.0"],
    "traffic": ["traffic", "e", "1.0=90", "1.1=10"],
    "rollback": ["rollback", "e"],
    "config": ["config", "store.digest", "blake3"],
}
PROPOSAL = {"propose": ["commit", "m", "new.bin", "--propose"]}
NEW = random.Random(1).randbytes(300_000)
BRANCH_LOCK = ".git/refs/heads/main.lock"
PROPOSAL_LOCK = f".git/refs/heads/propose/m@1.2+{sha256(NEW).hexdigest()[:8]}.lock"
ALL = VERSIONS | RECORDS | PROPOSAL


@pytest.fixture
def busy(top: Path) -> Path:
    (top / "new.bin").write_bytes(NEW)
    with Registry.open(top) as registry:
        registry.create_endpoint("e", "m", "1.0")
        registry.update_endpoint_traffic("e", {"1.1": 1.0})
    return top


def state(top: Path) -> tuple[str, str]:
    return git(top, "for-each-ref"), git(top, "rev-list", "--all", "--count")


def check_plain_commit(top: Path) -> None:
    assert not list((top / ".git").rglob("*.lock"))
    assert not (top / ".git/regolo/journal.json").exists()
    (top / "code.py").write_text("print('more work')\n")
    done = subprocess.run(
        ["git", "commit", "-qam", "x"], cwd=top, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert git(top, "show", "--name-only", "--format=") == "code.py\n"
    assert git(top, "status", "--porcelain") in ("", "?? new.bin\n")


def check_again(top: Path, verb: str) -> Done:
    done = run_program(top, *ALL[verb])
    assert done.returncode == 0, done.stderr
    assert not (top / ".git/regolo/unreported.json").exists()
    return done


@pytest.mark.parametrize("verb", VERSIONS)
def test_killed_between_tag_and_branch(busy: Path, verb: str) -> None:
    commits = int(git(busy, "rev-list", "--count", "main"))
    killed = run_killed_at_path(busy, "rename", busy / BRANCH_LOCK, *ALL[verb])
    assert killed.returncode == -signal.SIGKILL
    tags = git(busy, "tag", "--list")
    assert run_program(busy, "list", "m").returncode == 0
    done = check_again(busy, verb)
    assert "note: finished an interrupted update" in done.stderr
    assert "nothing was repeated" in done.stderr
    assert git(busy, "tag", "--list") == tags
    assert int(git(busy, "rev-list", "--count", "main")) == commits + 1
    assert git(busy, "tag", "--list", "--merged", "main") == tags
    check_plain_commit(busy)


@pytest.mark.parametrize("verb", ALL)
def test_killed_after_everything_and_before_its_answer(busy: Path, verb: str) -> None:
    before = state(busy)
    killed = run_killed_at_path(busy, "rename", busy / ".git/regolo/journal.json", *ALL[verb])
    assert (killed.returncode, killed.stdout) == (-signal.SIGKILL, "")
    made = state(busy)
    assert made != before
    check_again(busy, verb)
    assert state(busy) == made
    check_plain_commit(busy)


@pytest.mark.parametrize("verb", ALL)
def test_killed_as_it_answers(busy: Path, verb: str) -> None:
    killed = run_killed_at_path(busy, "unlink", busy / ".git/regolo/unreported.json", *ALL[verb])
    assert killed.returncode == -signal.SIGKILL
    made = state(busy)
    check_again(busy, verb)
    assert state(busy) == made


@pytest.mark.parametrize("verb", ["commit with the next number", "rollback"])
def test_after_its_answer_the_same_command_is_a_new_one(busy: Path, verb: str) -> None:
    assert run_program(busy, *ALL[verb]).returncode == 0
    made = state(busy)
    again = run_program(busy, *ALL[verb])
    assert "nothing was repeated" not in again.stderr
    assert (state(busy) == made) == (again.returncode != 0)


def test_another_command_is_not_taken_for_the_killed_one(busy: Path) -> None:
    run_killed_at_path(busy, "rename", busy / BRANCH_LOCK, *ALL["register"])
    for other in (["register", "n", "new.bin", "-m", "another"], ["register", "n", "words"]):
        done = run_program(busy, *other)
        assert done.returncode == 4
        assert "model 'n' already exists" in done.stderr
    assert git(busy, "tag", "--list", "n@*") == "n@v1.0\n"


def test_the_users_own_commit_in_between_changes_nothing(busy: Path) -> None:
    run_killed_at_path(busy, "rename", busy / BRANCH_LOCK, *ALL["commit"])
    assert run_program(busy, "doctor").returncode == 0
    check_plain_commit(busy)
    made = state(busy)
    check_again(busy, "commit")
    assert state(busy) == made


@pytest.mark.parametrize("verb", ALL)
@pytest.mark.parametrize("call", ["naming", pytest.param("fsync", marks=pytest.mark.slow)])
def test_a_disk_that_fails_once_makes_nothing_twice(busy: Path, verb: str, call: str) -> None:
    commits, tags = int(git(busy, "rev-list", "--all", "--count")), len(git(busy, "tag", "--list").split())
    naming, lock = ("link", PROPOSAL_LOCK) if verb == "propose" else ("rename", BRANCH_LOCK)
    where = (naming, busy / lock) if call == "naming" else ("fsync", (busy / lock).parent)
    done = run_failing_at_path(busy, *where, "EIO", *ALL[verb])
    assert done.returncode == 0, done.stderr
    assert int(git(busy, "rev-list", "--all", "--count")) == commits + 1
    assert len(git(busy, "tag", "--list").split()) == tags + (verb in VERSIONS)
    check_plain_commit(busy)


@pytest.mark.parametrize("verb", ["register", "commit"])
def test_a_disk_that_is_full_between_tag_and_branch_leaves_no_tag(busy: Path, verb: str) -> None:
    before = state(busy)
    done = run_failing_at_path(busy, "rename", busy / BRANCH_LOCK, "ENOSPC", *ALL[verb], always=True)
    assert done.returncode == 6, done.stderr
    assert state(busy) == before
    assert git(busy, "status", "--porcelain") in ("", "?? new.bin\n")
    check_again(busy, verb)
