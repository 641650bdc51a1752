"""What the tests of the commands share."""

from pathlib import Path

import pytest
from support.command_line import Regolo


@pytest.fixture
def served(regolo: Regolo, two_versions: Path) -> Path:
    """An endpoint `e` that sends everything to 1.0."""
    regolo("endpoint", "create", "e", "m@1.0")
    return two_versions
