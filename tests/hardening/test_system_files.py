"""Files that a system makes up, and a process that may not open more: named, with the status of their kind."""

import os
import shutil
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.program import run_program
from support.refusals import refusal, refuse

pytestmark = pytest.mark.slow  # CI runs it, too


@pytest.mark.parametrize(
    "place",
    ["/proc/self/maps", "/proc/self/status", "/proc/cpuinfo", "/sys/kernel/mm/transparent_hugepage/enabled"],
)
@pytest.mark.parametrize("linked", [False, True])
def test_a_file_whose_size_is_not_that_of_its_content_is_refused(
    top: Path, regolo: Regolo, place: str, linked: bool
) -> None:
    if not os.access(place, os.R_OK):
        pytest.skip("not on this system")
    if linked:
        (top / "odd").mkdir()
        (top / "odd" / "model.bin").write_bytes(b"weights")
        (top / "odd" / "thing").symlink_to(place)
    said = refuse(
        regolo, top, 2, "does not have the [0-9]+ bytes", ["commit", "d", "odd" if linked else place]
    )
    assert said.hint == "copy it, and store the copy"


@pytest.mark.parametrize("verb", [["commit", "m"], ["register", "n"]])
def test_a_file_that_cannot_be_read_is_refused_by_name(top: Path, regolo: Regolo, verb: list[str]) -> None:
    if not os.access("/proc/self/mem", os.R_OK):
        pytest.skip("not on this system")
    said = refuse(
        regolo, top, 2, "'/proc/self/mem' (cannot be read|does not have)", [*verb, "/proc/self/mem"]
    )
    assert said.message


@pytest.mark.parametrize(
    "line", [["list"], ["commit", "m", "code.py"], ["show", "m@1.0"], ["checkout", "m@1.0"], ["fsck"]]
)
@pytest.mark.parametrize("limit", [8, 10, 12, 14, 16, 20])
def test_too_many_open_files_are_never_taken_for_damage(top: Path, line: list[str], limit: int) -> None:
    if not shutil.which("bash"):
        pytest.skip("no shell")
    shell = ["bash", "-c", f'ulimit -n {limit}; exec "$@"', "bash"]
    done = run_program(top, *line, under=shell, timeout=60)
    if "Python" in done.stderr or "Traceback" in done.stderr or "error while loading" in done.stderr:
        pytest.skip("the interpreter itself does not start")
    assert done.returncode in (0, 6), done.stderr
    if done.returncode:
        assert "too many open files" in refusal(done.stderr).message
