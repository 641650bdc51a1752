"""`git regolo blame`."""

import re
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


@pytest.fixture
def three(regolo: Regolo, two_versions: Path) -> Path:
    """1.2 has the accuracy of 1.1 and another `ms`."""
    write_model(two_versions / "model.safetensors", 3)
    regolo(
        "commit", "m", "model.safetensors", "--metric", "accuracy=0.92", "--metric", "ms=140", "-m", "third"
    )
    return two_versions


def test_blame_names_the_version_that_set_each_metric(regolo: Regolo, three: Path) -> None:
    found = {each["metric"]: each for each in regolo("blame", "m", "--json").document}
    assert (found["accuracy"]["version"], found["accuracy"]["verdict"]) == ("1.1", "higher")
    assert (found["ms"]["version"], found["ms"]["previous"], found["ms"]["value"]) == ("1.2", 165, 140)
    assert found["ms"]["commit"] == git(three, "rev-parse", "m@v1.2^{commit}").strip()
    assert found["ms"]["by"] == "Ada Byron <ada@example.com>"
    assert re.search(r"accuracy +0\.92 .* 1\.1 +[0-9a-f]{10}  Ada Byron", regolo("blame", "m").out)


def test_blame_of_a_metric_has_every_change(regolo: Regolo, three: Path) -> None:
    assert [each["version"] for each in regolo("blame", "m", "accuracy", "--json").document] == ["1.1", "1.0"]
    lines = [line.split("\t") for line in regolo("blame", "m", "ms", "--plain").lines]
    assert [(line[1], line[5]) for line in lines] == [("140", "1.2"), ("165", "1.1"), ("150", "1.0")]
    assert lines[0][-1] == "third"


def test_blame_looks_at_any_commit(regolo: Regolo, three: Path) -> None:
    git(three, "checkout", "-qb", "topic")
    write_model(three / "model.safetensors", 4)
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.99")
    assert [each["version"] for each in regolo("blame", "topic:m", "--json").document] == ["1.3"]
    found = regolo("blame", "topic:m", "accuracy", "--json").document
    assert [each["version"] for each in found] == ["1.3", "1.1", "1.0"]
    assert regolo("blame", "main~1:m", "--json").document[1]["version"] == "1.1"


def test_a_missing_path_is_reported(regolo: Regolo, three: Path) -> None:
    error = regolo("blame", "m", "acuracy", status=3).err
    assert "has a metric 'acuracy'" in error
    assert "git regolo blame m accuracy" in error
    assert "is one version" in regolo("blame", "m@1.0", status=2).err
    regolo("blame", "x", status=3)


def test_a_metric_that_was_not_measured_again_is_a_change(regolo: Regolo, three: Path) -> None:
    write_model(three / "model.safetensors", 4)
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.93")
    first = regolo("blame", "m", "ms", "--json").document[0]
    assert (first["version"], first["value"], first["verdict"]) == ("1.3", None, "not measured")


def test_a_metric_that_was_measured_later_names_who_did(
    regolo: Regolo, three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Grace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "grace@example.com")
    regolo("evaluate", "m@1.2", "--metric", "gap=0.05")
    (found,) = regolo("blame", "m", "gap", "--json").document
    assert (found["version"], found["measured_later"]["by"]) == ("1.2", "Grace <grace@example.com>")
    assert "Grace (later)" in regolo("blame", "m").out
    assert regolo("blame", "m", "gap", "--plain").lines[0].split("\t")[7] == "Grace <grace@example.com>"


def test_a_clone_without_the_parent_says_that_a_value_may_be_older(
    regolo: Regolo, three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{three}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    err = regolo("blame", "m").err
    assert "this clone lacks version 1.1, which 'm@1.2' was made from" in err
    assert "git fetch --unshallow --tags" in err
