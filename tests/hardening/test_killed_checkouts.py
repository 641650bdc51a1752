"""A killed checkout leaves nothing that git would add, and nothing at all after any later checkout or a doctor."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from support.git_program import git
from support.program import run_program
from support.system_calls import Instant, can_trace, run_killed

from regolo_git.api import Registry
from regolo_git.artifacts.restore.leftovers import left_stagings, noted, remove_left
from regolo_git.artifacts.restore.staging import Staging

pytestmark = pytest.mark.slow  # CI runs it, too

traced = pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")


def stagings(top: Path) -> list[Path]:
    return list(top.rglob(".regolo-checkout-*"))


def killed_checkout(top: Path, call: str) -> int:
    """Kills checkouts of `d@1.0` at the first calls of a kind; returns how many left something behind."""
    left = 0
    for number in range(1, 5):
        shutil.rmtree(top / ".git/regolo/checkouts", ignore_errors=True)  # young notes stay a while
        with Registry.open(top) as registry:
            registry.checkout_model_version("d", "1.1")
        done = run_killed(top, Instant(call, number), "checkout", "d@1.0", "deep/er/words")
        if done.returncode != -signal.SIGKILL:
            break
        left += bool(stagings(top))
        assert "regolo-checkout" not in git(top, "add", "--all", "--dry-run")
        # Another model, at another place, that is already there.
        done = run_program(top, "checkout", "m@1.1")
        assert done.returncode == 0, done.stderr
        assert stagings(top) == []
        assert "regolo-checkout" not in git(top, "status", "--porcelain", "--ignored")
    return left


@traced
@pytest.mark.parametrize(
    "call", ["flock", "mkdirat", "unlinkat", pytest.param("rename", marks=pytest.mark.slow)]
)
def test_any_later_checkout_removes_what_a_killed_one_left(top: Path, call: str) -> None:
    (top / "deep" / "er").mkdir(parents=True)
    left = killed_checkout(top, call)
    assert left or call == "rename"


@traced
def test_a_doctor_removes_what_a_killed_one_left(top: Path) -> None:
    done = run_killed(top, Instant("unlinkat", 1), "checkout", "d@1.0", "elsewhere/words")
    assert done.returncode == -signal.SIGKILL
    assert stagings(top)
    assert "interrupted checkout" in run_program(top, "doctor").stdout
    assert stagings(top) == []


def test_one_that_is_running_is_left_alone(tmp_path: Path) -> None:
    notes, base = tmp_path / "notes", tmp_path / "base"
    base.mkdir()
    with noted(notes, base / ".regolo-checkout-1"):
        (base / ".regolo-checkout-1").mkdir()
        remove_left(notes)
        assert left_stagings(notes) == []
        assert (base / ".regolo-checkout-1").is_dir()
    assert list(notes.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"/", b"/home/somebody", b"/x/.regolo-checkout-2"])
def test_a_note_that_was_cut_short_removes_nothing(tmp_path: Path, content: bytes) -> None:
    note = tmp_path / "regolo-checkout-1"
    note.write_bytes(content)
    remove_left(tmp_path)
    assert note.exists()  # it may be one that is just being written
    os.utime(note, (time.time() - 60, time.time() - 60))
    remove_left(tmp_path)
    assert not note.exists()


def test_a_link_in_place_of_a_staging_directory_is_not_followed(tmp_path: Path) -> None:
    notes, other = tmp_path / "notes", tmp_path / "other"
    notes.mkdir()
    other.mkdir()
    (other / "files").mkdir()
    link = tmp_path / ".regolo-checkout-1"
    link.symlink_to(other)
    (notes / link.name[1:]).write_text(str(link))
    remove_left(notes)
    assert (other / "files").is_dir()


def test_the_hiding_file_goes_last(tmp_path: Path) -> None:
    base = os.open(tmp_path, os.O_RDONLY)
    with Staging(base) as staging:
        assert (tmp_path / staging.name / ".gitignore").read_bytes() == b"*\n"
    assert list(tmp_path.iterdir()) == []
    os.close(base)
