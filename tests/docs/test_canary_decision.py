"""The page that explains the decision on a canary has the picture and the tables of the script that measures it."""

import math
import re
from runpy import run_path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from support.pages import DOCS, REGENERATE, ROOT, regenerate

PICTURE = DOCS / "guides" / "canary-evidence.svg"
PAGE = DOCS / "guides" / "canary-decision.md"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    pytest.importorskip("numpy")
    return run_path(str(ROOT / "tests" / "bench" / "measure_canary.py"))


def test_the_picture_is_what_the_script_draws(script: dict[str, Any]) -> None:
    now = script["picture"]()
    if regenerate:
        PICTURE.write_text(now)
    assert PICTURE.read_text() == now, f"{REGENERATE}=1 draws it again"
    drawn = ET.fromstring(now)
    lines = [line for line in drawn.iter() if line.tag.endswith("polyline")]
    assert len(lines) == len(script["LINES"])


def test_the_tables_have_every_row_of_the_script(script: dict[str, Any]) -> None:
    rows = re.findall(r"^\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    cells = {row.split(" | ")[0]: row.split(" | ")[1:] for row in rows}
    for head in script["HEADS"]:
        assert tuple(cells[head[0]]) == head[1:]
    for name in (*script["EQUAL"], *script["OUTSIDE"], *script["WORSE"]):
        assert all(re.fullmatch(r"\d+\.\d\d % \(up to \d+\.\d\d\)", cell) for cell in cells[name])
    for name, found in script["FOUND"].items():
        assert cells[name][-1].strip(" |") == str(found.listed or "")
        assert int(cells[name][0]) <= script["SLACK"] * (found.listed or math.inf)
