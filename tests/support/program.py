"""The command line as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.places import PYTHONPATH

PROGRAM = (sys.executable, "-m", "regolo_git")
Done = subprocess.CompletedProcess[str]


def run_program(
    top: Path, *arguments: str, under: Sequence[str] = (), timeout: float = 120, **environment: str
) -> Done:
    """Runs `regolo-git` in a directory; `under` is a program, with its options, that runs it instead."""
    return subprocess.run(
        [*under, *PROGRAM, *arguments],
        cwd=top, capture_output=True, text=True, check=False, timeout=timeout,
        env={**os.environ, "PYTHONPATH": PYTHONPATH, **environment},
    )  # fmt: skip


def start_program(top: Path, *arguments: str, own_session: bool = False) -> "subprocess.Popen[str]":
    """Starts it and does not wait; `own_session` keeps a signal to it from reaching the tests."""
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=top, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=own_session,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )  # fmt: skip


def run_python(code: str, *arguments: str, cwd: Path | None = None) -> Done:
    """Runs some Python in an interpreter of its own, without a meter in it: nothing else is imported."""
    alone = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd, capture_output=True, text=True, check=True, env={**alone, "PYTHONPATH": PYTHONPATH},
    )  # fmt: skip
