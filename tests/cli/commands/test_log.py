"""`git regolo log`."""

import re
from pathlib import Path

from support.command_line import Regolo


def test_the_log_has_metrics_against_the_version_before(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("log", "m").out
    assert re.search(r"^m@1\.1  ready  .*  Ada Byron  ", out)
    assert "    second\n" in out
    assert re.search(r"accuracy +0\.92 +\+0\.03 +\+3\.37% +\+ better", out)
    assert re.search(r"ms +165 +\+15 +\+10\.00% +- worse", out)
    assert re.search(r"accuracy +0\.89\n", out)


def test_the_log_of_one_metric_is_a_trend(regolo: Regolo, two_versions: Path) -> None:
    lines = regolo("log", "m", "--metric", "accuracy").lines
    assert lines[0] == "accuracy  _#  0.89 -> 0.92 (2 versions)"
    assert lines[3].split()[:5] == ["1.1", "0.92", "+0.03", "+3.37%", "+"]


def test_an_unknown_metric_is_not_found_and_says_which_there_are(regolo: Regolo, two_versions: Path) -> None:
    assert "(known: accuracy, ms)" in regolo("log", "m", "--metric", "f1", status=3).err


def test_the_log_for_programs(regolo: Regolo, two_versions: Path) -> None:
    newest, first = regolo("log", "m", "--json").document
    assert (newest["version"], newest["previous"]) == ("1.1", "1.0")
    assert newest["metrics"]["accuracy"]["verdict"] == "better"
    assert first["previous"] is None
    lines = [line.split("\t") for line in regolo("log", "m", "--plain").lines]
    assert [line[0] for line in lines] == ["1.1", "1.1", "1.0", "1.0"]
    assert lines[0][3:6] == ["accuracy", "0.92", "0.03"]
