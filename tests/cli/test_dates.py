"""`--date`: times as people want them, in every list and page that has some."""

import re
from pathlib import Path

import pytest
from support.command_line import Regolo

PAGES = (
    ("list",),
    ("list", "m"),
    ("list", "m", "--where", "version > 1.0"),
    ("log", "m"),
    ("log", "m", "--metric", "accuracy"),
    ("show", "m@1.0"),
    ("history", "m"),
    ("environment", "list"),
    ("endpoint", "history", "e"),
    ("blame", "m"),
)
ISO = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}"
LOCAL = r"\d{4}-\d\d-\d\d \d\d:\d\d(?!:)"


@pytest.fixture
def busy(two_versions: Path, regolo: Regolo) -> Path:
    regolo("retire", "m@1.0", "-m", "old", "--yes")
    regolo("promote", "m@1.1", "staging")
    regolo("endpoint", "create", "e", "m@1.1")
    regolo("label", "m@1.0", "a=b")
    return two_versions


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_a_page_has_one_format(regolo: Regolo, busy: Path, page: tuple[str, ...]) -> None:
    found = {name: regolo(*page, "--date", name).out for name in ("local", "relative", "iso")}
    assert re.search(r"\d+ (second|minute|hour)s? ago", found["relative"])
    assert re.search(ISO, found["iso"])
    assert not re.search(LOCAL, found["relative"] + found["iso"])
    assert regolo(*page).out == found["local"]


def test_programs_get_the_same_time_whatever_is_asked(regolo: Regolo, busy: Path) -> None:
    assert regolo("list", "m", "--json", "--date", "relative").out == regolo("list", "m", "--json").out
    assert "'--date'" in regolo("list", "--date", "yesterday", status=2).err
