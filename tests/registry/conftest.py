"""A registry in a real Git repository, and small real models to put into it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.copies import built_once
from support.registry_fixtures import Weights, registry, weights
from support.team import publisher, team

from regolo_git.api import Registry

__all__ = ["publisher", "registered", "registry", "team", "two_versions", "weights"]


@pytest.fixture
def two_versions(
    git_repository: Path, weights: Weights, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """Versions 1.0 and 1.1 of `m`, made from a file in the work tree."""

    def build() -> None:
        with Registry.init(git_repository) as made:
            made.register_model("m", weights(fill=1), metadata={"accuracy": 0.89})
            made.create_model_version("m", model_data=weights(fill=2), metadata={"accuracy": 0.92})

    built_once(tmp_path_factory, "from_file", git_repository, build)
    with Registry.open(git_repository) as opened:
        yield opened


@pytest.fixture
def registered(git_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Versions 1.0 and 1.1 of `m`, made from bytes."""

    def build() -> None:
        with Registry.init(git_repository) as made:
            made.register_model("m", b"one")
            made.create_model_version("m", model_data=b"two")

    built_once(tmp_path_factory, "from_bytes", git_repository, build)
    with Registry.open(git_repository) as opened:
        yield opened
