"""Long pages are shown in the pager that git would take, and nothing of them is lost."""

import io
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.cli.main import run
from regolo_git.cli.pager import paged
from regolo_git.cli.streams import paint, put
from regolo_git.errors import InvalidInput

LINES = 10
LONG = [f"line {number} é" for number in range(20)]


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard output as a terminal of ten lines."""
    for name, value in {"LINES": str(LINES), "COLUMNS": "80", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)
    for name in ("GIT_PAGER", "PAGER", "NO_COLOR", "LESS"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@pytest.fixture
def shown(terminal: Terminal, top: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pager got, and how it was to behave."""
    monkeypatch.setenv("GIT_PAGER", f"cat > {top}/shown; echo $LESS,$LV > {top}/how; exit 3")
    return top / "shown"


def put_lines(lines: list[str], terminal: Terminal) -> None:
    with redirect_stdout(terminal), paged():
        for line in lines:
            put(line)


def test_a_long_page_is_in_the_pager_alone(terminal: Terminal, shown: Path) -> None:
    with redirect_stdout(terminal), paged():
        put(paint("title", sys.stdout, fg="green"))
        put("\n".join(LONG))
    assert terminal.getvalue() == ""
    assert shown.read_text() == "\x1b[32mtitle\x1b[0m\n" + "\n".join(LONG) + "\n"
    assert (shown.parent / "how").read_text() == "FRX,-c\n"


def test_a_short_page_is_not(terminal: Terminal, shown: Path) -> None:
    put_lines(LONG[: LINES - 1], terminal)
    assert not shown.exists()
    assert terminal.getvalue().splitlines() == LONG[: LINES - 1]
    put_lines(["x" * 80 * LINES], terminal)  # one line that takes the whole screen
    assert shown.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("GIT_PAGER", "cat"), ("GIT_PAGER", ""), ("TERM", "dumb"), ("GIT_PAGER", "no-such-pager")],
)
def test_without_a_pager_the_page_is_printed(
    terminal: Terminal, shown: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    put_lines(LONG, terminal)
    assert terminal.getvalue().splitlines() == LONG


def test_the_pager_may_be_left_before_the_end(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_PAGER", "true")
    put_lines(["x" * 1000] * 1000, terminal)
    assert terminal.getvalue() == ""


def test_output_before_an_error_is_shown(terminal: Terminal, shown: Path) -> None:
    def fail() -> None:
        put("\n".join(LONG))
        raise InvalidInput("the rest")

    with pytest.raises(InvalidInput), redirect_stdout(terminal), paged():
        fail()
    assert shown.read_text().splitlines() == LONG


def test_the_settings_of_git_choose_the_pager(
    terminal: Terminal, two_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINES", "3")
    monkeypatch.chdir(two_versions)
    git(two_versions, "config", "core.pager", "cat > ../paged")
    for words, is_paged in (
        (["log", "m"], True),
        (["--no-pager", "log", "m"], False),
        (["log", "m", "--no-pager"], False),
        (["log", "m", "--json"], False),
        (["status"], False),
        (["diff", "m"], True),
        (["list", "m"], False),
        (["list", "m", "--all"], True),
    ):
        terminal.truncate(0)
        (two_versions.parent / "paged").unlink(missing_ok=True)
        with redirect_stdout(terminal):
            assert run(words) == 0
        assert (two_versions.parent / "paged").exists() == is_paged, words
        assert bool(terminal.getvalue()) != is_paged


def test_a_pipe_gets_the_page_as_it_is(
    two_versions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LINES", "3")
    monkeypatch.setenv("GIT_PAGER", "false")
    monkeypatch.chdir(two_versions)
    assert run(["log", "m"]) == 0
    assert "m@1.1" in capsys.readouterr().out
