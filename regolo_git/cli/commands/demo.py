"""`regolo-git demo`: registers, versions, compares and promotes a small real model in a new directory."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from regolo_git.cli.demo_model import TrainedModel, save, train
from regolo_git.cli.streams import paint, put
from regolo_git.errors import Conflict, MissingDependency

MODEL_FILE = "model.safetensors"
HIDDEN = 48


@click.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
def demo(directory: Path | None) -> None:
    """Train a small network, create two versions of it, and list, compare, check out and promote them.

    Works in DIRECTORY, which must be empty or not exist (default: a new temporary directory), and keeps it.

    \b
    Examples:
      regolo-git demo
      regolo-git demo /tmp/demo

    Exit status: 0 success; 4 the directory is not empty; 9 scikit-learn or git is not installed.
    """
    top = _empty_directory(directory)
    put(f"A registry in {top}, and a network that learns handwritten digits.\n")
    _run(top, "git", "init", "--quiet", "--initial-branch", "main")
    for key, value in (("user.name", "Ada Byron"), ("user.email", "ada@example.com")):
        _run(top, "git", "config", key, value)
    _regolo(top, "init")
    first = _train(top, epochs=8)
    _regolo(top, "register", "digits", MODEL_FILE, "-m", "trained for 8 epochs", *_metrics(first))
    second = _train(top, epochs=30)
    _regolo(top, "commit", "digits", MODEL_FILE, "-m", "trained for 30 epochs", *_metrics(second))
    _regolo(top, "list", "digits")
    _regolo(top, "diff", "digits@1.0", "digits@1.1")
    _regolo(top, "checkout", "digits@1.0")
    _regolo(top, "status")
    _regolo(top, "promote", "digits@1.0", "production")
    _regolo(top, "promote", "digits@1.1", "production")
    _regolo(top, "history", "digits")
    _run(top, "git", "log", "--oneline", "--decorate")
    _run(top, "git", "--no-pager", "diff", "digits@v1.0", "digits@v1.1", "--", "models")
    put(f"\nExplore it:  cd {shlex.quote(str(top))} && {_as_typed()} show digits")


def _as_typed() -> str:
    """The command to show: the subcommand of git only if the program is on PATH."""
    installed = Path(sys.executable).with_name("regolo-git")
    on_path = shutil.which("git-regolo") is not None or not installed.exists()
    return "git regolo" if on_path else shlex.quote(str(installed))


def _empty_directory(directory: Path | None) -> Path:
    if directory is None:
        return Path(tempfile.mkdtemp(prefix="regolo-demo-"))
    if directory.exists() and any(directory.iterdir()):
        raise Conflict(f"'{directory}' is not empty", "regolo-git demo")
    directory.mkdir(parents=True, exist_ok=True)
    return directory.resolve()


def _train(top: Path, *, epochs: int) -> TrainedModel:
    put(f"\n# training {HIDDEN} hidden units for {epochs} epochs")
    trained = train(HIDDEN, epochs)
    save(trained, top / MODEL_FILE)
    return trained


def _metrics(trained: TrainedModel) -> list[str]:
    return [part for name, value in trained.metrics.items() for part in ("--metric", f"{name}={value}")]


def _regolo(top: Path, *arguments: str) -> None:
    # Runs under this interpreter, because the script may not be on PATH.
    _run(top, "git", "regolo", *arguments, program=[sys.executable, "-m", "regolo_git", *arguments])


def _run(top: Path, *shown: str, program: list[str] | None = None) -> None:
    put(paint(f"\n$ {shlex.join(shown)}", sys.stdout, bold=True))
    sys.stdout.flush()
    try:
        subprocess.run(program or shown, cwd=top, check=True, env={**os.environ, "GIT_PAGER": "cat"})
    except FileNotFoundError as error:
        raise MissingDependency("'git' is not on PATH", "apt-get install git") from error
