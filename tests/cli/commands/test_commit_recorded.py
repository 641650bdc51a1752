"""`git regolo commit` without a path: the recorded one of a model, or of every modified model."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


@pytest.fixture
def two_models(registry: Path, regolo: Regolo) -> Path:
    """Model `a`, a file, and model `b`, a directory that leaves out a pattern, each at 1.0."""
    (registry / "a.bin").write_bytes(b"a 1.0")
    (registry / "b").mkdir()
    (registry / "b" / "weights").write_bytes(b"b 1.0")
    (registry / "b" / "run.trace").write_bytes(b"0")
    regolo("register", "a", "a.bin")
    regolo("register", "b", "b", "--exclude", "*.trace")
    return registry


def test_the_only_model_is_committed_from_its_recorded_path(
    regolo: Regolo, two_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (two_versions / "model.safetensors").write_bytes(b"1")
    assert regolo("commit", "--metric", "accuracy=0.5").out == "m@1.2\n"
    (two_versions / "inner").mkdir()
    monkeypatch.chdir(two_versions / "inner")
    (two_versions / "model.safetensors").write_bytes(b"2")
    assert regolo("commit", "m", "--version", "2.0").out == "m@2.0\n"
    shown = regolo("show", "m", "--json").document
    assert (shown["path"], shown["size"], shown["parents"]) == ("model.safetensors", 1, ["1.2"])


def test_every_modified_model_gets_a_version(regolo: Regolo, two_models: Path) -> None:
    (two_models / "b" / "run.trace").write_bytes(b"2")  # no part of the version
    assert "nothing to commit: none of 2 models is modified" in regolo("commit", status=4).err
    (two_models / "b" / "weights").write_bytes(b"b 1.1")
    assert regolo("commit", "--metric", "accuracy=0.5").out == "b@1.1\n"
    (two_models / "a.bin").write_bytes(b"a 1.1")
    (two_models / "b" / "weights").write_bytes(b"b 1.2")
    before = git(two_models, "for-each-ref")
    refused = regolo("commit", "--metric", "accuracy=0.5", status=2).err
    assert "--metric is for one model, and several are modified: 'a', 'b'" in refused
    assert git(two_models, "for-each-ref") == before
    documents = regolo("commit", "-m", "night", "--json").document
    assert [(each["reference"], each["parents"]) for each in documents] == [
        ("a@1.1", ["1.0"]),
        ("b@1.2", ["1.1"]),
    ]
    assert [each["state"] for each in regolo("status", "--json").document["models"]] == ["unchanged"] * 2
    assert regolo("fsck").status == 0


def test_an_error_in_one_leaves_nothing_of_any(regolo: Regolo, two_models: Path) -> None:
    (two_models / "a.bin").write_bytes(b"a 1.1")
    (two_models / "b" / "weights").write_bytes(b"b 1.1")
    (two_models / "models" / "b" / "manifest.toml").write_text("edited", encoding="utf-8")
    before = git(two_models, "for-each-ref")
    assert "uncommitted changes" in regolo("commit", status=4).err
    assert git(two_models, "for-each-ref") == before


def test_the_content_of_another_version_is_not_committed_by_accident(
    regolo: Regolo, two_models: Path
) -> None:
    (two_models / "a.bin").write_bytes(b"a 1.1")
    regolo("commit", "a")
    regolo("checkout", "a@1.0")
    (two_models / "b" / "weights").write_bytes(b"b 1.1")
    done = regolo("commit")
    assert done.out == "b@1.1\n"
    assert "note: 'a.bin' has the content of version 1.0: git regolo commit a" in done.err
    assert "has the same content as 'a@1.0'" in regolo("commit", "a", status=4).err
    assert regolo("commit", "a", "--yes").out == "a@1.2\n"


def test_a_file_that_is_not_there_says_how_it_comes_back(regolo: Regolo, two_models: Path) -> None:
    (two_models / "a.bin").unlink()
    assert "hint: git regolo checkout a@1.0" in regolo("commit", "a", status=3).err
    outside = two_models.parent / "outside.bin"
    outside.write_bytes(b"1")
    regolo("register", "c", str(outside))
    assert "hint: git regolo commit c PATH" in regolo("commit", "c", status=2).err


def test_where_there_is_no_registry_the_first_step_is_to_make_one(regolo: Regolo, top: Path) -> None:
    assert regolo("commit", status=3).err.endswith("is not a registry yet\nhint: git regolo init\n")
