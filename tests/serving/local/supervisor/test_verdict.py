"""The verdict for other controllers: what is not known is a reason to hold."""

import json
import os
from pathlib import Path

import pytest

from regolo_git.serving.local.supervisor.verdict import verdict_on


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return tmp_path / "e.json"


def write(path: Path, kind: str) -> None:
    path.write_text(json.dumps({"candidate": "1.1", "verdict": {"kind": kind, "reason": "so\x1b[31m it is"}}))


@pytest.mark.parametrize(
    ("kind", "word"), [("roll_back", "rollback"), ("promote", "promote"), ("hold", "hold"), ("x", "hold")]
)
def test_the_kept_verdict_is_said_in_the_words_of_others(evidence: Path, kind: str, word: str) -> None:
    write(evidence, kind)
    for version in (None, "1.1"):
        said = verdict_on(evidence, version)
        assert said["verdict"] == word
        assert "\x1b" not in str(said["reason"])


def test_nothing_is_known_of_another_version(evidence: Path) -> None:
    write(evidence, "promote")
    assert verdict_on(evidence, "1.2")["verdict"] == "hold"


def test_evidence_that_is_missing_or_damaged_is_a_reason_to_hold(evidence: Path) -> None:
    assert verdict_on(evidence, None)["verdict"] == "hold"
    for text in ("", "[]", '{"candidate": 1}', '{"verdict": {}}'):
        evidence.write_text(text)
        assert verdict_on(evidence, None)["verdict"] == "hold"


def test_old_evidence_promotes_nothing_and_still_rolls_back(evidence: Path) -> None:
    for kind, word in (("promote", "hold"), ("roll_back", "rollback")):
        write(evidence, kind)
        os.utime(evidence, (1_000_000, 1_000_000))
        assert verdict_on(evidence, "1.1")["verdict"] == word
