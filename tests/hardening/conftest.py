"""A registry with a file and a directory in two versions each, copied for every test from one that is made once."""

import shutil
from pathlib import Path

import pytest
from support.command_line import Command, Regolo, in_process
from support.git_program import git, new_repository
from support.model_files import write_model
from support.program import Done, run_program

from regolo_git.api import Registry


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`m` is the file `model.safetensors` in 1.0 and 1.1, `d` the directory `words`; `code.py` is somebody's."""
    top = new_repository(tmp_path_factory.mktemp("template") / "registry")
    for key, value in {"user.name": "Ada Byron", "user.email": "ada@example.com"}.items():
        git(top, "config", key, value)
    (top / "code.py").write_text("print('hours of work')\n")
    git(top, "add", "code.py")
    git(top, "commit", "-qm", "code")
    with Registry.init(top) as registry:
        model, words = top / "model.safetensors", top / "words"
        registry.register_model("m", model_data=write_model(model, 1), metadata={"accuracy": 0.9})
        registry.create_model_version("m", model_data=write_model(model, 2), metadata={"accuracy": 0.92})
        words.mkdir()
        for version in range(2):
            for name in "abc"[version:]:
                (words / name).write_text(f"{name} of {version}\n" * 1000)
            if version:
                registry.create_model_version("d", model_data=words)
            else:
                registry.register_model("d", model_data=words)
    return top


@pytest.fixture
def top(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to stand in."""
    copy = tmp_path / "registry"
    shutil.copytree(
        template, copy, symlinks=True, ignore=shutil.ignore_patterns("words", "model.safetensors")
    )
    monkeypatch.chdir(copy)
    with Registry.open(copy) as registry:  # so that this clone knows these files for its own
        for model in ("m", "d"):
            registry.checkout_model_version(model, "1.1")
    return copy


@pytest.fixture
def regolo(top: Path, capsys: pytest.CaptureFixture[str]) -> Regolo:
    """Runs a command line in this process, in the registry; expects the status that it is told."""
    return in_process(capsys)


@pytest.fixture
def command(top: Path) -> Command:
    """Runs `regolo-git` in the registry as a process; expects the status it is told."""

    def call(*arguments: str, status: int = 0, before: str = "") -> Done:
        shell = ["bash", "-c", f'{before}\nexec "$@"', "bash"]
        done = run_program(top, *arguments, under=shell, timeout=60)
        assert done.returncode == status, done.stderr
        return done

    return call
