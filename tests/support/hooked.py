"""Real git commands, whose hooks may stop them."""

import os
import subprocess
from pathlib import Path

from support.git_program import GIT

BIG = b"\0" * 6_000_000


def tried(top: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """The status of a git command, and everything that it and its hooks print."""
    done = subprocess.run(
        [GIT, *arguments],
        cwd=top, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        env={**os.environ, **environment}, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout
