"""Every block of the README runs as it stands, in a new directory, with nothing but what it says."""

import re
import shutil
from pathlib import Path

import pytest
from support.pages import DOCS, REGENERATE, ROOT, as_script, bash, blocks, regenerate
from support.terminal_picture import SHOWN, draw

DEMO, TESTS, *TOUR = blocks((ROOT / "README.md").read_text())


def test_the_five_minutes_work(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    # As somebody whom git does not know yet, and with no home.
    strange = f"unset ${{!GIT_@}} XDG_CONFIG_HOME; export HOME={empty} GIT_CONFIG_NOSYSTEM=1; cd {empty}"
    done = bash("\n".join([strange, *(as_script(block) for block in TOUR)]), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sentiment@v1.1" in done.stdout
    assert "+accuracy = 0.92" in done.stdout


@pytest.mark.slow
def test_the_picture_shows_what_the_program_prints(tmp_path: Path) -> None:
    picture, now = DOCS / "terminal.svg", draw(tmp_path)
    if regenerate:
        picture.write_text(now)
    assert picture.read_text() == now, f"{REGENERATE}=1 draws it anew"
    shown = re.sub(r"<[^>]+>", "", now.replace("</tspan><tspan", "</tspan> <tspan"))
    assert all(command.split(" -")[0] in shown for _, command in SHOWN)


@pytest.mark.slow
def test_the_first_command_installs_and_shows_the_main_job(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, copy, ignore=ignored)
    done = bash(f"export HOME={tmp_path}/empty; mkdir $HOME; {DEMO.text}", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "digits@v1.1" in done.stdout
    assert "+accuracy" in done.stdout
    assert "suggested bump: minor" in done.stdout
    shown = next(line for line in done.stdout.splitlines() if line.endswith(" show digits"))
    last = bash(shown, tmp_path)
    assert last.stdout.startswith("digits@1.1"), last.stderr


def test_ci_runs_the_second_command_last() -> None:
    commands = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line and line[0] != "#"]
    assert commands[-1] == TESTS.text.strip()
