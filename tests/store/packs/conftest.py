"""Files in memory, one directory for each test."""

import secrets

import pytest

from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at


@pytest.fixture
def memory_files() -> Files:
    return files_at(f"memory://{secrets.token_hex(8)}")
