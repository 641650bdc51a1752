"""A registry in a real Git repository, and small real models to put into it."""

import struct
from collections.abc import Callable, Iterator
from json import dumps
from pathlib import Path

import pytest

from regolo_git.api import Registry

Weights = Callable[..., Path]


@pytest.fixture
def registry(git_repository: Path) -> Iterator[Registry]:
    with Registry.init(git_repository) as opened:
        yield opened


@pytest.fixture
def weights(git_repository: Path) -> Weights:
    """Writes a small safetensors file; `fill` decides its content."""

    def write(name: str = "model.safetensors", fill: float = 1.0) -> Path:
        body = struct.pack("<64f", *([fill] * 64))
        header = dumps(
            {"layer.weight": {"dtype": "F32", "shape": [8, 8], "data_offsets": [0, len(body)]}}
        ).encode()
        path = git_repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(struct.pack("<Q", len(header)) + header + body)
        return path

    return write
