"""The map names only what is there."""

import re

import pytest
from support.places import DOCS, ROOT

MAP = re.sub(r"\]\([^)]*\)", "]", (DOCS / "architecture.md").read_text())  # without the links
PLACES = sorted(set(re.findall(r"(?<![\w/.])(?:[a-z_]+/)+(?:[a-z_]+\.py)?|(?<![\w/.])[a-z_]+\.py", MAP)))


def test_the_map_names_places() -> None:
    assert len(PLACES) > 40


@pytest.mark.parametrize("place", PLACES)
def test_what_the_map_names_is_there(place: str) -> None:
    found = [*ROOT.joinpath("regolo_git").rglob(place)] if "/" not in place else []
    assert found or (ROOT / "regolo_git" / place).exists() or (ROOT / place).exists()
