"""`git regolo tag`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_a_merged_proposal_gets_its_tag(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", "--no-ff", "propose/m@1.2")
    assert "would tag m@v1.2" in regolo("tag", "--merged", "--dry-run").err
    assert regolo("tag", "--merged").out == "m@v1.2\n"
    assert regolo("tag", "--merged", "--json").document == []
    assert "nothing to tag" in regolo("tag", "--merged").err


def test_tags_are_made_of_what_was_merged_only(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("tag", status=2).err.endswith("hint: git regolo tag --merged\n")


def test_a_merged_version_without_bytes_is_refused(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", "--no-ff", "propose/m@1.2")
    git(two_versions, "clone", "-q", ".", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert "1 of 1 versions not tagged" in regolo("tag", "--merged", status=5).err
