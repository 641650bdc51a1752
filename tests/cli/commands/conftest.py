"""What the tests of the commands share."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.copies import Once


@pytest.fixture
def served(regolo: Regolo, two_versions: Path, once: Once) -> Path:
    """An endpoint `e` that sends everything to 1.0."""

    def build() -> None:
        regolo("endpoint", "create", "e", "m@1.0")

    once(build)
    return two_versions
