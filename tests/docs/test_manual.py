"""The manual pages: each command has one, it says what the help says, and it renders without a warning."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pytest
from support.pages import ROOT, bash
from support.reference_page import command_line_page

from regolo_git import __version__
from regolo_git.cli.main import group

SECTIONS = [
    "NAME",
    "SYNOPSIS",
    "DESCRIPTION",
    "OPTIONS",
    "EXAMPLES",
    "EXIT STATUS",
    "FILES",
    "ENVIRONMENT",
    "SEE ALSO",
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    write_pages = run_path(str(ROOT / ".packaging" / "manual_pages.py"))["write_pages"]
    written = write_pages(ROOT, __version__, tmp_path_factory.mktemp("man1"))
    return {path.name: path.read_text() for path in written}


def commands() -> Iterator[str]:
    """The words of every command, as the reference names them."""
    yield from re.findall(r"^###+ (.+)$", command_line_page(), re.MULTILINE)


def test_every_command_has_a_page(pages: dict[str, str]) -> None:
    names = {f"git-regolo-{words.replace(' ', '-')}.1" for words in commands()}
    assert pages.keys() == names | {"git-regolo.1", "regolo-git.1"}
    assert len(names) > len(group.entries) > 40


def test_a_page_has_its_sections_in_the_usual_order(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        found = [heading.strip('"') for heading in re.findall(r"^\.SH (.+)$", page, re.MULTILINE)]
        known = [heading for heading in found if heading != "COMMANDS"]
        assert known == [heading for heading in SECTIONS if heading in known], name
        assert set(SECTIONS) - set(known) <= {"OPTIONS", "EXAMPLES"}, name


def test_a_page_says_what_the_help_says(pages: dict[str, str]) -> None:
    plain = pages["git-regolo-commit.1"].replace("\\fB", "").replace("\\fR", "").replace("\\-", "-")
    entry = command_line_page().partition("\n### commit\n")[2].partition("\n### ")[0]
    options = re.findall(r"^- `(-.+?)`", entry, re.MULTILINE)
    assert len(options) > 15
    assert [option for option in options if f".TP\n{option}\n" not in plain] == []
    assert "regolo-git " + __version__ in plain


def test_a_page_renders_in_any_locale(pages: dict[str, str]) -> None:
    assert [name for name, page in pages.items() if not page.isascii()] == []


def test_nothing_is_taken_for_a_request_of_roff(pages: dict[str, str]) -> None:
    known = {"TH", "SH", "SS", "TP", "PP", "RS", "RE", "nf", "fi", "nh", "ad", '\\"'}
    for name, page in pages.items():
        requests = {line[1:].split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
        assert requests <= known, name


@pytest.mark.slow
def test_an_installed_wheel_has_its_manual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, venv = tmp_path / "checkout", tmp_path / "venv"
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "tests")
    shutil.copytree(ROOT, copy, ignore=ignored)
    # The wheel is built from the source distribution, which has to have what the pages are made from.
    build = (
        f"python3 -m venv {venv} && {venv}/bin/pip install -q hatchling && cd {copy}"
        f" && {venv}/bin/python -m hatchling build -t sdist && mkdir ../sdist && tar xf dist/*.tar.gz -C ../sdist"
        f" && {venv}/bin/pip install -q --no-deps --no-build-isolation ../sdist/*"
    )
    done = bash(build, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    installed = venv / "share" / "man" / "man1"
    assert (installed / "git-regolo-commit.1").exists()
    if shutil.which("man") is None:
        pytest.skip("man is not installed (apt-get install man-db)")
    monkeypatch.setenv("PATH", f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin")
    monkeypatch.setenv("MANWIDTH", "80")
    for command in ("man git-regolo", "git help regolo", "git regolo --help", "man regolo-git"):
        shown = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert shown.returncode == 0, shown.stderr
        assert "git-regolo - a model registry in your Git repository" in shown.stdout, command
    every = sorted(installed.iterdir())
    shown = subprocess.run(["man", "--warnings", "-l", *every], capture_output=True, text=True, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.count("SEE ALSO") == len(every)
    assert [line for line in shown.stdout.splitlines() if len(line) > 80] == []
