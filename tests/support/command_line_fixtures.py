"""The command line in this process, and registries to stand in."""

from pathlib import Path

import pytest

from support.command_line import Regolo, in_process
from support.model_files import write_model


@pytest.fixture
def regolo(capsys: pytest.CaptureFixture[str]) -> Regolo:
    """Runs a command line and returns what it printed; expects it to succeed unless told otherwise."""
    return in_process(capsys)


@pytest.fixture
def top(git_repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Git repository to stand in."""
    monkeypatch.chdir(git_repository)
    return git_repository


@pytest.fixture
def registry(top: Path, regolo: Regolo) -> Path:
    """A registry without a model."""
    regolo("init")
    return top


@pytest.fixture
def two_versions(registry: Path, regolo: Regolo) -> Path:
    """Model `m` with 1.0 and 1.1; the file of 1.1 lies in the work tree."""
    write_model(registry / "model.safetensors", 1)
    regolo(
        "register", "m", "model.safetensors", "-m", "first", "--metric", "accuracy=0.89", "--metric", "ms=150"
    )
    write_model(registry / "model.safetensors", 2)
    more = ["--metric", "accuracy=0.92", "--metric", "ms=165", "--meta", "experiment=more data"]
    regolo("commit", "m", "model.safetensors", "-m", "second", *more)
    return registry
