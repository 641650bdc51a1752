"""The command line in this process, and registries to stand in."""

from pathlib import Path

import pytest

from support.command_line import Regolo, in_process
from support.copies import built_once
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
def registry(top: Path, regolo: Regolo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry without a model."""
    built_once(tmp_path_factory, "registry", top, lambda: start(regolo))
    return top


@pytest.fixture
def two_versions(top: Path, regolo: Regolo, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Model `m` with 1.0 and 1.1; the file of 1.1 lies in the work tree."""

    def build() -> None:
        start(regolo)
        add_versions(regolo, top / "model.safetensors")

    built_once(tmp_path_factory, "two_versions", top, build)
    return top


def start(regolo: Regolo) -> None:
    """A registry in the current directory."""
    regolo("init")


def add_versions(regolo: Regolo, file: Path) -> None:
    """Versions 1.0 and 1.1 of `m` from a file that is changed in between."""
    write_model(file, 1)
    regolo("register", "m", file.name, "-m", "first", "--metric", "accuracy=0.89", "--metric", "ms=150")
    write_model(file, 2)
    more = ["--metric", "accuracy=0.92", "--metric", "ms=165", "--meta", "experiment=more data"]
    regolo("commit", "m", file.name, "-m", "second", *more)
