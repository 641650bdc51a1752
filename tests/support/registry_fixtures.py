"""A registry in a real Git repository, and small real models to put into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from regolo_git.api import Registry
from support.copies import built_once
from support.git_program import git
from support.model_files import write_model

Weights = Callable[..., Path]


@pytest.fixture
def registry(git_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    built_once(tmp_path_factory, "initialized", git_repository, lambda: Registry.init(git_repository).close())
    with Registry.open(git_repository) as opened:
        yield opened


@pytest.fixture
def weights(git_repository: Path) -> Weights:
    """Writes a small safetensors file; `fill` decides its content."""

    def write(name: str = "model.safetensors", fill: float = 1.0) -> Path:
        return write_model(git_repository / name, fill)

    return write


def without_environments(text: str) -> str:
    """A configuration as the first release wrote it: without environments."""
    return text.replace("[environments.staging]\n\n[environments.production]\n\n", "")


def configure(registry: Registry, text: str) -> None:
    """Replaces the environments in the registry's configuration, by hand."""
    path = registry.handle.paths.top / ".regolo/config.toml"
    path.write_text(without_environments(path.read_text()) + text)
    git(registry.handle.paths.top, "commit", "-qam", "environments")
