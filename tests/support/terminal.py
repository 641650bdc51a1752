"""A real terminal for a program: what it shows there, and answers to what it asks."""

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.places import ROOT

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CTRL_C = b"\x03"
PATIENCE_SECONDS = 5.0  # a slow machine takes its time to answer the first
SEPARATOR = "-- the next line --"


def in_terminal(
    *arguments: str,
    cwd: Path,
    columns: int = 80,
    before: str = "pass",
    answers: dict[str, str] | None = None,
    **environment: str,
) -> tuple[str, int]:
    """Runs `regolo-git` with all three streams on a terminal; gives the text with escapes, and the status.

    `before` is Python that runs first; `answers` are typed after the texts that are their keys.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    # Ctrl+C reaches a program only through the terminal that controls it.
    controlled = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    code = f"{controlled}; from regolo_git.cli.main import main; {before}; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
            "GIT_PAGER": "cat",
            **environment,
        },
        start_new_session=True,
    )
    os.close(theirs)
    text = _read(ours, dict(answers or {}))
    os.close(ours)
    return text.replace("\r\n", "\n"), process.wait(timeout=120)


def several_in_terminal(
    *lines: list[str], cwd: Path, columns: int = 80, before: str = "pass", **environment: str
) -> list[str]:
    """What each of several command lines, run one after the other by one process, shows on a terminal."""
    loop = f"[(run(line), print({SEPARATOR!r})) for line in json.loads(sys.argv[1])]; raise SystemExit"
    text, _ = in_terminal(
        json.dumps(lines),
        cwd=cwd,
        columns=columns,
        before=f"import json; from regolo_git.cli.main import run; {before}; {loop}",
        **environment,
    )
    *shown, rest = text.split(f"{SEPARATOR}\n")
    assert (len(shown), rest) == (len(lines), "")
    return shown


def _read(terminal: int, answers: dict[str, str]) -> str:
    text, again = "", b""
    while True:
        if not select.select([terminal], [], [], PATIENCE_SECONDS)[0]:
            # A Ctrl+C that comes a moment before the program waits for a key is not seen; people press it again.
            os.write(terminal, again)
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return text  # the program closed its side
        if not data:
            return text
        text += data.decode(errors="replace")
        for question in [question for question in answers if question in text]:
            answer = answers.pop(question).encode()
            again = answer if answer == CTRL_C else b""
            os.write(terminal, answer)


def without_escapes(text: str) -> str:
    """The text as a person reads it."""
    return ESCAPES.sub("", text)


@contextmanager
def in_shell(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str]
) -> Iterator[Callable[[str], str]]:
    """An interactive shell; the function types a text and gives all that was shown so far."""
    done = "[done]"  # before each prompt, which readline may write again
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*command],
        cwd=cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "dumb", "PROMPT_COMMAND": f"echo {done}", "INPUTRC": os.devnull},
        start_new_session=True,
    )
    os.close(theirs)

    def shown(until: str) -> str:
        text = ""
        while until not in text:
            try:
                text += os.read(ours, 1 << 16).decode(errors="replace")
            except OSError:  # the shell has ended
                break
        return text

    shown(done)
    seen: list[str] = []

    def type_in(text: str) -> str:
        os.write(ours, text.encode())
        seen.append(shown(done))
        return "".join(seen).replace("\r\n", "\n")

    try:
        yield type_in
        process.wait(timeout=30)
    finally:
        process.kill()
        os.close(ours)
