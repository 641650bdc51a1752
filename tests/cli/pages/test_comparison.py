"""A comparison for programs."""

import json
from typing import Any

from support.changes import changes

from regolo_git.cli.forms import plain_text
from regolo_git.cli.pages.comparison import fields
from regolo_git.reviews.metadata import MetadataChange


def test_the_document_has_every_change() -> None:
    found: Any = changes().to_dict()
    assert (found["model"], found["a"], found["b"], found["size_diff"]) == ("nlp/m", "1.0", "1.1-rc.1", 904)
    assert found["suggested_bump"] == "major"
    assert found["metrics"]["accuracy"] == {
        "a": 0.89, "b": 0.92, "diff": 0.03, "relative": 0.03 / 0.89, "direction": "higher", "unit": "%",
        "verdict": "better", "guess": False, "interval": None, "p_value": None, "method": None, "n": None,
        "runs": None, "pairs": None, "reason": None,
    }  # fmt: skip
    assert found["metadata"][0] == {"name": "note", "a": "old", "b": ["new", "er"]}
    assert found["files"][1] == {"path": "b.txt", "change": "added", "size_a": None, "size_b": 1500}
    assert found["tensors"]["unchanged"] == 1
    assert found["tensors"]["changes"][0] == {
        "name": "y",
        "change": "removed",
        "a": {"dtype": "F32", "shape": [2], "size": 8},
        "b": None,
    }
    assert json.loads(json.dumps(found)) == found


def test_without_recipes_nothing_is_said_of_tensors() -> None:
    found: Any = changes(tensors=None).to_dict()
    assert found["tensors"] is None
    assert "tensor" not in [line[0] for line in fields(changes(tensors=None))]


def test_there_is_a_line_for_each_change() -> None:
    lines = [tuple(map(plain_text, line)) for line in fields(changes())]
    assert ("metric", "accuracy", "0.89", "0.92", "0.03", "0.033707865168539325", "better") in lines
    assert ("metadata", "note", "old", '["new", "er"]') in lines
    assert ("metadata", "flag", "", "true") in lines
    assert ("file", "b.txt", "added", "", "1500") in lines
    assert ("tensor", "x", "reshaped", "F32 [2]", "F32 [3, 1]") in lines
    assert lines[-1] == ("size", "4096", "5000", "904")


def test_a_value_on_many_lines_stays_in_its_field() -> None:
    change = MetadataChange("note", "a\tb\nc", None)
    line = next(line for line in fields(changes(metadata=(change,))) if line[0] == "metadata")
    assert [plain_text(value) for value in line] == ["metadata", "note", "a b c", ""]
