"""The map names only what is there."""

import re

from support.places import DOCS, ROOT

MAP = re.sub(r"\]\([^)]*\)", "]", (DOCS / "architecture.md").read_text())  # without the links
PLACES = sorted(set(re.findall(r"(?<![\w/.])(?:[a-z_]+/)+(?:[a-z_]+\.py)?|(?<![\w/.])[a-z_]+\.py", MAP)))


def test_the_map_names_places() -> None:
    assert len(PLACES) > 40


def test_every_place_on_the_map_exists() -> None:
    modules = {path.name for path in ROOT.joinpath("regolo_git").rglob("*.py")}
    tops = (ROOT / "regolo_git", ROOT)
    lost = [place for place in PLACES if not any((top / place).exists() for top in tops)]
    assert [place for place in lost if "/" in place or place not in modules] == []
