"""From an exception to two lines and an exit status."""

import errno

import click
import pytest

from regolo_git.cli.context import Invocation
from regolo_git.cli.failure import report
from regolo_git.errors import Conflict, NotFound
from regolo_git.hints import Hint

Captured = pytest.CaptureFixture[str]


def said(error: Exception, capsys: Captured, *, debug: bool = False) -> tuple[int, str]:
    status = report(error, Invocation(["list"], debug=debug))
    captured = capsys.readouterr()
    assert captured.out == ""
    return status, captured.err


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFound("there is no model 'm'"), 3, "error: there is no model 'm'\n"),
        (Conflict("it moved", "try again"), 4, "error: it moved\nhint: try again\n"),
        (
            NotFound("no 'm'", Hint("list", "my model")),
            3,
            "error: no 'm'\nhint: git regolo list 'my model'\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "x"),
            1,
            "error: 'x': permission denied\nhint: check the permissions, or choose another place\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "a/b"),
            1,
            "error: 'a/b': the disk is full\nhint: free some space and try again\n",
        ),
        (OSError("odd"), 1, "error: odd\n"),
    ],
)
def test_an_error_has_its_status_and_its_words(
    error: Exception, status: int, words: str, capsys: Captured
) -> None:
    assert said(error, capsys) == (status, words)


def test_an_unexpected_error_asks_for_a_report(capsys: Captured) -> None:
    status, words = said(ZeroDivisionError("division by zero"), capsys)
    assert status == 1
    assert words.startswith("error: unexpected ZeroDivisionError: division by zero\nhint: ")
    assert "REGOLO_DEBUG=1" in words


def test_debug_shows_the_traceback_of_any_error_first(capsys: Captured) -> None:
    for error in (ZeroDivisionError("odd"), NotFound("no 'm'")):
        _, words = said(error, capsys, debug=True)
        assert words.startswith(("Traceback", f"{type(error).__module__}.{type(error).__name__}", "ZeroDiv"))
        assert words.splitlines()[-1].startswith("error: ")


def test_a_question_that_is_interrupted_ends_its_line(capsys: Captured) -> None:
    assert said(click.Abort(), capsys) == (130, "\nerror: interrupted\n")


def test_an_interrupt_elsewhere_has_one_line(capsys: Captured) -> None:
    interrupted = click.Abort()
    interrupted.__cause__ = KeyboardInterrupt()
    assert said(interrupted, capsys) == (130, "error: interrupted\n")


def test_a_usage_error_reads_as_ours_do(capsys: Captured) -> None:
    context = click.Context(click.Command("list"), info_name="git regolo list")
    error = click.UsageError("Got unexpected extra argument (x).", ctx=context)
    assert said(error, capsys) == (2, "error: got unexpected extra argument (x)\nhint: git regolo list -h\n")


def test_an_option_is_near_by_its_letters_not_by_its_dashes(capsys: Captured) -> None:
    command = click.Command("list", params=[click.Option(["--json"]), click.Option(["--metric"])])
    context = click.Context(command, info_name="git regolo list")
    for typed, near in (
        ("--metrics", ", did you mean '--metric'?"),
        ("--sort", ""),
        ("--met", ", did you mean '--metric'?"),
    ):
        error = click.NoSuchOption(typed, possibilities=["--json", "--metric"], ctx=context)
        assert said(error, capsys)[1].startswith(f"error: no such option '{typed}'{near}\n")
