"""The second opinion of modelaudit-picklescan, where it is installed."""

import io
import pickle
from pathlib import Path

import pytest
from support.hostile_pickles import SYSTEM, whole, zipped

from regolo_git.artifacts import second_opinion
from regolo_git.artifacts.second_opinion import Opinion, is_installed

# Importing it takes seconds.
pytestmark = pytest.mark.skipif(not is_installed(), reason="modelaudit-picklescan is not installed")


def opinion_of(data: bytes, before: bytes = b"") -> Opinion:
    return second_opinion.second_opinion(io.BytesIO(before + data + b"after"), len(before), len(data))


def test_it_is_installed() -> None:
    assert is_installed()


@pytest.mark.parametrize(
    "data", [whole(SYSTEM), zipped("archive/data.pkl", whole(SYSTEM))], ids=["raw", "zip"]
)
def test_a_harmful_pickle_is_malicious(data: bytes) -> None:
    opinion = opinion_of(data, b"before")
    assert opinion.verdict == "malicious"
    assert "system" in " ".join(opinion.findings)


def test_plain_values_are_clean() -> None:
    assert opinion_of(pickle.dumps({"a": [1, 2]})) == Opinion("clean")


def test_a_large_file_is_not_scanned_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "SIZE_LIMIT", 3)
    assert opinion_of(whole(SYSTEM)).verdict == "unknown"


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    opinion_of(whole(SYSTEM))
    assert list(tmp_path.iterdir()) == []
