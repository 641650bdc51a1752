"""A folder registry with two echo versions, `1.0` and `1.1`."""

from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON


@pytest.fixture
def registry(tmp_path: Path) -> FolderRegistry:
    """Two versions that answer what they are asked; no endpoint yet."""
    registry = FolderRegistry(tmp_path / "registry")
    for version in ("1.0", "1.1"):
        registry.version(version, {"serve.py": f"# {version}\n{ECHO}"}, PYTHON)
    return registry
