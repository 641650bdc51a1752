"""A registry with two versions."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.copies import built_once

from regolo_git.api import Registry


@pytest.fixture
def registered(git_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """Versions 1.0 and 1.1 of `m`, made from bytes."""

    def build() -> None:
        with Registry.init(git_repository) as made:
            made.register_model("m", b"one")
            made.create_model_version("m", model_data=b"two")

    built_once(tmp_path_factory, "from_bytes_for_canaries", git_repository, build)
    with Registry.open(git_repository) as opened:
        yield opened
