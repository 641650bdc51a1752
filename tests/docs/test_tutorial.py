"""The tutorial does what it says.  A file of its own, so that it runs beside the guides."""

from pathlib import Path

import pytest
from support.pages import DOCS, check_page


@pytest.mark.slow
def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    check_page(DOCS / "tutorial.md", tmp_path)
