"""`git regolo log`."""

import re
from pathlib import Path

from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_the_log_has_metrics_against_the_version_before(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("log", "m").out
    assert re.search(r"^m@1\.1  ready  .*  Ada Byron  ", out)
    assert "    second\n" in out
    assert re.search(r"accuracy +0\.92 +\+0\.03 +\+3\.37% +higher \(better\?\)", out)
    assert re.search(r"ms +165 +\+15 +\+10\.00% +higher\n", out)
    assert re.search(r"accuracy +0\.89\n", out)


def test_the_only_model_need_not_be_named(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("log").out == regolo("log", "m").out
    assert regolo("show").out == regolo("show", "m").out
    regolo("register", "n", "model.safetensors")
    for command in ("log", "show"):
        refused = regolo(command, status=2).err
        assert refused == f"error: a model is required: 'm', 'n'\nhint: git regolo {command} m\n"


def test_the_log_of_one_metric_is_a_trend(regolo: Regolo, two_versions: Path) -> None:
    lines = regolo("log", "m", "--metric", "accuracy").lines
    assert lines[0] == "accuracy  _#  0.89 -> 0.92 (2 versions)"
    assert lines[3].split()[:5] == ["1.1", "0.92", "+0.03", "+3.37%", "higher"]


def test_an_unknown_metric_is_not_found_and_says_which_there_are(regolo: Regolo, two_versions: Path) -> None:
    assert "(known: accuracy, ms)" in regolo("log", "m", "--metric", "f1", status=3).err


def test_the_log_for_programs(regolo: Regolo, two_versions: Path) -> None:
    newest, first = regolo("log", "m", "--json").document
    assert (newest["version"], newest["previous"]) == ("1.1", "1.0")
    assert newest["metrics"]["accuracy"]["verdict"] == "higher"
    assert first["previous"] is None
    lines = [line.split("\t") for line in regolo("log", "m", "--plain").lines]
    assert [line[0] for line in lines] == ["1.1", "1.1", "1.0", "1.0"]
    assert lines[0][3:6] == ["accuracy", "0.92", "0.03"]


def test_a_limited_log_is_the_beginning_of_the_whole_one(regolo: Regolo, two_versions: Path) -> None:
    for number in range(6):
        Path("other.bin").write_bytes(bytes([number, 7]))
        regolo("commit", "m", "other.bin", "--metric", f"accuracy=0.{number}", "--meta", f"n={number}")
    whole = regolo("log", "m", "--json").document
    assert len(whole) == 8
    for limit in (1, 3, 7, 8, 50):
        assert regolo("log", "m", "--json", "--limit", str(limit)).document == whole[:limit]
    assert regolo("log", "m", "--json", "-n", "2").document == whole[:2]


def test_log_plots_a_metric(regolo: Regolo, two_versions: Path) -> None:
    lines = regolo("log", "m", "--metric", "accuracy", "--plot").lines
    assert lines[0] == "accuracy"
    assert lines[1] == " 0.92 +      *"
    assert lines[-1] == "       1.0 1.1"
    assert max(map(len, lines)) <= 80
    assert "requires --metric" in regolo("log", "m", "--plot", status=2).err
    assert "requires --metric" in regolo("log", "m", "--metric", "ms", "--plot", "--json", status=2).err


def test_log_takes_commits_and_ranges(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "checkout", "-qb", "topic")
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.95")
    steps = regolo("log", "topic:m", "--json").document
    assert [(step["version"], step["previous"]) for step in steps] == [
        ("1.2", "1.1"),
        ("1.1", "1.0"),
        ("1.0", None),
    ]
    assert steps[0]["metrics"]["accuracy"]["previous"] == 0.92
    assert [step["version"] for step in regolo("log", "main..topic", "--json").document] == ["1.2"]
    assert [step["version"] for step in regolo("log", "m@1.0..1.1", "--json").document] == ["1.1"]
    assert [step["version"] for step in regolo("log", "topic:m", "--limit", "1", "--json").document] == [
        "1.2"
    ]
    assert "no version in topic..main" in regolo("log", "topic..main").err
    assert "'m@1.0' is one version" in regolo("log", "m@1.0", status=2).err
