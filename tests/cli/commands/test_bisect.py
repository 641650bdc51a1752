"""`git regolo bisect`."""

import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.model_files import write_model

CHECK = "import sys; data = open(sys.argv[1], 'rb').read(); sys.exit({})"


@pytest.fixture
def five(regolo: Regolo, two_versions: Path) -> Path:
    """1.0 to 1.4, each filled with another number."""
    for number in (3, 4, 5):
        write_model(two_versions / "model.safetensors", number)
        regolo("commit", "m", "model.safetensors", "--metric", f"accuracy=0.{9 - number}")
    return two_versions


def check(status: str) -> list[str]:
    return ["--", sys.executable, "-c", CHECK.format(status), "{path}"]


def test_bisect_finds_the_first_bad_version_and_its_diff(regolo: Regolo, five: Path) -> None:
    outcome = regolo(
        "bisect", "m", "1.0", "1.4", *check("1 if int.from_bytes(data[-2:], 'little') >= 0x4040 else 0")
    )
    assert outcome.lines[0] == "m@1.2 is the first bad version"
    assert "m  1.1 -> 1.2" in outcome.out
    assert "trying m@1.2 (3 versions left)" in outcome.err
    assert "m@1.2 is bad" in outcome.err


def test_bisect_for_programs(regolo: Regolo, five: Path) -> None:
    found = regolo("bisect", "--json", "m", "1.0", "1.4", *check("1")).document
    assert (found["first_bad"], found["good"]) == ("1.1", "1.0")
    assert found["tried"] == [{"version": "1.2", "outcome": "bad"}, {"version": "1.1", "outcome": "bad"}]
    assert found["comparison"]["metrics"]["accuracy"]["b"] == 0.92


ENDS = [
    ("125", "the first bad version is one of 4 versions", 3),
    ("128", "ended with status 128: the search is over", 1),
    ("__import__('os').kill(__import__('os').getpid(), 9)", "was ended by signal 9", 1),
]


def test_a_command_can_skip_and_end_the_search(regolo: Regolo, five: Path) -> None:
    for status, words, exit_status in ENDS:
        assert words in regolo("bisect", "m", "1.0", "1.4", *check(status), status=exit_status).err


def test_a_program_that_cannot_be_run_is_reported(regolo: Regolo, five: Path) -> None:
    assert "does not name {path}" in regolo("bisect", "m", "1.0", "1.4", "--", "true", status=2).err
    error = regolo("bisect", "m", "1.0", "1.4", "--", "./nothing", "{path}", status=3).err
    assert "'./nothing' cannot be run: no such file or directory" in error
    assert "is not lower" in regolo("bisect", "m", "1.4", "1.0", *check("0"), status=2).err
    regolo("bisect", "m", "1.0", "1.4", status=2)
