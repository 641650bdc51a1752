"""The real git, asked for the truth and used as people use it."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

# A reader that refreshes the index would change the very bytes that some tests compare.
QUIET = {"GIT_OPTIONAL_LOCKS": "0"}
GIT = shutil.which("git") or "git"  # also for tests that take it off PATH


def git(top: Path, *arguments: str, given: str | None = None, check: bool = True) -> str:
    """What a git command prints in a directory; it writes nothing that it was not asked to write."""
    done = subprocess.run(
        [GIT, *arguments],
        cwd=top, input=given, capture_output=True, text=True, check=False, env={**os.environ, **QUIET},
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def new_repository(top: Path, *options: str) -> Path:
    """A repository on branch `main`, without a commit."""
    subprocess.run([GIT, "init", "-q", "-b", "main", *options, top], check=True)
    return top


def clone(source: Path, destination: Path, *options: str) -> Path:
    """A clone that fetches objects, as one from another machine would (a plain path is linked instead)."""
    subprocess.run([GIT, "clone", "-q", *options, f"file://{source}", destination], check=True)
    return destination


def commit_files(top: Path, files: Mapping[str, str], message: str = "change") -> str:
    """Writes files, commits everything that has changed, and returns the commit."""
    for path, content in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(content)
    git(top, "add", "--all")
    git(top, "commit", "-q", "--allow-empty", "-m", message)
    return git(top, "rev-parse", "HEAD").strip()


def proposal(top: Path, reference: str) -> str:
    """The branch that proposes a version: its name ends with the beginning of a digest."""
    return git(top, "branch", "--list", "--format=%(refname:short)", f"propose/{reference}+*").strip()
