"""checkout, revert, retire, tag."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_checkout_brings_the_bytes_back_and_prints_where(regolo: Regolo, two_versions: Path) -> None:
    newest = (two_versions / "model.safetensors").read_bytes()
    done = regolo("checkout", "m@1.0")
    assert done.out == f"{two_versions / 'model.safetensors'}\n"
    assert "brought m@1.0" in done.err
    assert (two_versions / "model.safetensors").read_bytes() != newest
    regolo("checkout", "m@1.1")
    assert (two_versions / "model.safetensors").read_bytes() == newest


def test_a_second_checkout_has_nothing_to_do(regolo: Regolo, two_versions: Path) -> None:
    assert "already" in regolo("checkout", "m@1.1").err


def test_checkout_to_another_place(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    done = regolo("checkout", "m@1.0", str(tmp_path / "there.bin"), "--json")
    assert done.document[0]["path"] == str(tmp_path / "there.bin")
    assert (tmp_path / "there.bin").stat().st_size == done.document[0]["size"]


def test_checkout_of_some_files(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    (registry / "model").mkdir()
    for name in ("config.json", "tokenizer.json", "weights.bin"):
        (registry / "model" / name).write_text(name)
    regolo("register", "m", "model")
    regolo("checkout", "m", str(tmp_path / "some"), "--path", "tok*", "--path", "config.json")
    assert sorted(path.name for path in (tmp_path / "some").iterdir()) == ["config.json", "tokenizer.json"]


def test_after_a_git_checkout_ours_brings_the_bytes(regolo: Regolo, two_versions: Path) -> None:
    newest = (two_versions / "model.safetensors").read_bytes()
    git(two_versions, "checkout", "-q", "m@v1.0")
    assert "brought m@1.0" in regolo("checkout").err
    assert (two_versions / "model.safetensors").read_bytes() != newest


def test_work_that_no_version_has_is_kept(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / "model.safetensors").write_bytes(b"hours of work")
    regolo("checkout", "m@1.0", status=4)
    assert (two_versions / "model.safetensors").read_bytes() == b"hours of work"
    regolo("checkout", "m@1.0", "--force")


def test_a_clone_without_the_bytes_says_where_to_get_them(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", str(two_versions), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    refused = regolo("checkout", "m@1.0", status=3)
    assert "the bytes of 'm@1.0' are not in this clone's store" in refused.err
    assert "git regolo config --local regolo.store" in refused.err
    regolo("config", "--local", "regolo.store", str(two_versions / ".git" / "regolo" / "store"))
    regolo("checkout", "m@1.0")
    assert (tmp_path / "clone" / "model.safetensors").is_file()


def test_revert_is_a_commit_forward(regolo: Regolo, two_versions: Path) -> None:
    done = regolo("revert", "m", "--to", "1.0", "-m", "1.1 is slow")
    assert done.out == "m@1.0\n"
    assert "git regolo checkout m@1.0" in done.err
    assert git(two_versions, "log", "-1", "--format=%s").strip() == "1.1 is slow"
    assert "already" in regolo("revert", "m", "--to", "1.0", status=4).err


def test_retire_needs_a_yes(regolo: Regolo, two_versions: Path) -> None:
    refused = regolo("retire", "m@1.0", "-m", "wrong data", status=4)
    assert "retire m@1.0: wrong data" in refused.err
    assert refused.err.endswith("hint: git regolo retire m@1.0 -m 'wrong data' --yes\n")
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "ready"


def test_retire_shows_its_plan_and_does_it(regolo: Regolo, two_versions: Path) -> None:
    plan = regolo("retire", "m@1.0", "-m", "wrong data", "--dry-run", "--json").document
    assert (plan["retired"], plan["free_bytes"] > 0) == (False, True)
    assert regolo("retire", "m@1.0", "-m", "wrong data", "--yes").out == "m@1.0\n"
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "retired"
    assert "m@v1.0" in git(two_versions, "tag", "--list")


def test_retire_names_a_version_and_a_reason(regolo: Regolo, two_versions: Path) -> None:
    assert "names no version" in regolo("retire", "m", "-m", "x", status=2).err
    assert "missing option" in regolo("retire", "m@1.0", status=2).err


def test_a_merged_proposal_gets_its_tag(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", "--no-ff", "propose/m@1.2")
    assert "would tag m@v1.2" in regolo("tag", "--merged", "--dry-run").err
    assert regolo("tag", "--merged").out == "m@v1.2\n"
    assert regolo("tag", "--merged", "--json").document == []
    assert "has its tag" in regolo("tag", "--merged").err


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
    assert "1 of 1 were not tagged" in regolo("tag", "--merged", status=5).err
