"""A registry with two versions of a model, and the command line, in this process or as one of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Outcome, Regolo, write_model
from whole_state import Command

from regolo_git.api import Registry
from regolo_git.cli.main import run


@pytest.fixture
def top(git_repository: Path) -> Path:
    """A registry with `m@1.0` and `m@1.1`, whose file lies in the work tree."""
    with Registry.init(git_repository) as registry:
        model = write_model(git_repository / "model.safetensors", 1)
        registry.register_model("m", model_data=model, metadata={"accuracy": 0.9})
        registry.create_model_version("m", model_data=write_model(model, 2), metadata={"accuracy": 0.92})
    return git_repository


@pytest.fixture
def command(top: Path) -> Command:
    """Runs `regolo-git` in the registry as a process; expects the status it is told."""

    def call(*arguments: str, status: int = 0, before: str = "") -> "subprocess.CompletedProcess[str]":
        program = [sys.executable, "-m", "regolo_git", *arguments]
        line = ["bash", "-c", f'{before}\nexec "$@"', "bash", *program]
        done = subprocess.run(line, cwd=top, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
        return done

    return call


@pytest.fixture
def regolo(top: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Regolo:
    """The same in this process, which takes a tenth of the time."""
    monkeypatch.chdir(top)

    def call(*arguments: str, status: int = 0) -> Outcome:
        capsys.readouterr()
        got = run(arguments)
        captured = capsys.readouterr()
        assert got == status, captured.err
        return Outcome(got, captured.out, captured.err)

    return call
