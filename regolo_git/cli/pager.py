"""Long pages in the user's pager, by git's rules: GIT_PAGER, core.pager, PAGER, else `less`.

Only on a terminal, and only for what does not fit on it; anywhere else nothing is imported and the page is
printed as it is.  `git regolo --no-pager` and `git --no-pager regolo` print it, too.
"""

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

from regolo_git.cli.streams import may_page

if TYPE_CHECKING:
    import subprocess

# As git sets them: less ends at once on a page that fits, keeps colours and leaves the page on the terminal.
DEFAULTS = {"LESS": "FRX", "LV": "-c"}
NOT_STARTED = (126, 127)  # what a shell says of a program that it cannot start


class _Page(io.StringIO):
    """The text of a page, written as if to the terminal."""

    def __init__(self, terminal: TextIO) -> None:
        super().__init__(newline="")
        self._terminal = terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # io.StringIO has none
        return self._terminal.encoding

    def isatty(self) -> bool:
        return True


@contextmanager
def paged() -> Iterator[None]:
    """Shows what is printed on stdout in the pager if it is too long for the terminal.

    Returns once the user has left the pager, however much of it was read.
    """
    terminal = sys.stdout
    if not may_page() or os.environ.get("TERM") == "dumb":
        yield
        return
    page = _Page(terminal)
    sys.stdout = page
    try:
        yield
    finally:
        sys.stdout = terminal
        _show(page.getvalue(), terminal)


def _show(text: str, terminal: TextIO) -> None:
    pager = _pager() if _is_long(text) else None
    if pager is None or not _run(pager, text, terminal):
        terminal.write(text)
        terminal.flush()


def _is_long(text: str) -> bool:
    """Whether a page has more lines than the terminal, and one for the prompt, or wider ones."""
    import shutil  # noqa: PLC0415 - only a terminal needs it

    size = shutil.get_terminal_size()
    lines = click.unstyle(text).splitlines()
    return sum(max(1, -(-len(line) // size.columns)) for line in lines) >= size.lines


def _pager() -> str | None:
    """The command of the pager, for a shell; None if there is to be none."""
    import subprocess  # noqa: PLC0415 - only a terminal needs it

    from regolo_git.git.environment import git_program  # noqa: PLC0415

    try:
        asked = subprocess.run(
            [git_program(), "var", "GIT_PAGER"], capture_output=True, check=True, text=True
        )
        pager = asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        names = (os.environ.get(name) for name in ("GIT_PAGER", "PAGER"))
        pager = next((name for name in names if name is not None), "less")
    return pager if pager not in ("", "cat") else None


def _run(pager: str, text: str, terminal: TextIO) -> bool:
    """Runs the pager on a text until it ends; whether it could be started."""
    import subprocess  # noqa: PLC0415 - only a terminal needs it

    terminal.flush()
    environment = DEFAULTS | dict(os.environ) | {"GIT_PAGER_IN_USE": "true"}
    data = text.encode(terminal.encoding or "utf-8", "backslashreplace")
    # The user's own command line, which git has a shell run, too.
    process = subprocess.Popen(pager, shell=True, stdin=subprocess.PIPE, env=environment)
    answers = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the pager's
    try:
        return _feed(process, data)
    finally:
        signal.signal(signal.SIGINT, answers)


def _feed(process: "subprocess.Popen[bytes]", data: bytes) -> bool:
    try:
        process.communicate(data)  # which ignores that the user has left
    finally:
        process.wait()
    return process.returncode not in NOT_STARTED
