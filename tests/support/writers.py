"""Writers in processes of their own, which a test can kill as a group."""

import os
import subprocess
import sys
from pathlib import Path

from support.places import PYTHONPATH, TESTS


def start(top: Path, model: str, first: int, count: int) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    command = [sys.executable, TESTS / "support" / "publishing.py", top, model, str(first), str(count)]
    # A group of its own, which a test can kill as a whole.
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        process_group=0,
    )


def made(writers: "list[subprocess.Popen[str]]") -> list[str]:
    lines = []
    for writer in writers:
        out, err = writer.communicate(timeout=240)
        assert writer.returncode == 0, err
        lines += out.split()
    return lines
