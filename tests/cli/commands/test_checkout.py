"""`git regolo checkout`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


def test_checkout_brings_the_bytes_back_and_prints_where(regolo: Regolo, two_versions: Path) -> None:
    newest = (two_versions / "model.safetensors").read_bytes()
    done = regolo("checkout", "m@1.0")
    assert done.out == f"{two_versions / 'model.safetensors'}\n"
    assert "checked out m@1.0" in done.err
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
    assert "checked out m@1.0" in regolo("checkout").err
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
