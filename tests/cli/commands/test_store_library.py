"""A store whose library is not installed here is accepted, for others may have it, and never silently."""

import sys
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

import regolo_git

NEEDS = "stores at s3:// need an extra package"
EXTRA = "(pip install 'regolo-git[s3]')"
LACKING = f"this machine cannot open 's3://models/team': {NEEDS} {EXTRA}"


@pytest.fixture(autouse=True)
def _without_s3fs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "regolo_git.store.files.filesystems.s3", raising=False)


def test_init_says_it(regolo: Regolo, top: Path) -> None:
    assert f"note: {LACKING}\n" in regolo("init", "--store", "s3://models/team").err
    assert regolo("config", "store.url").out == "s3://models/team\n"


def test_setting_it_says_it_also_where_it_is_set_already(regolo: Regolo, registry: Path) -> None:
    assert f"note: {LACKING}\n" in regolo("config", "store.url", "s3://models/team").err
    git(registry, "config", "--unset-all", "regolo.confirmed")
    assert f"note: {LACKING}\n" in regolo("config", "store.url", "s3://models/team").err


def test_the_stores_of_this_clone_say_it(regolo: Regolo, registry: Path) -> None:
    said = regolo("remote", "add", "mirror", "s3://models/team").err
    assert f"note: it cannot be read now: {NEEDS} {EXTRA}\n" in said
    said = regolo("config", "--local", "regolo.store", "s3://models/team").err
    assert f"note: 's3://models/team' could not be checked: {NEEDS} {EXTRA}\n" in said


def test_a_clone_says_it(regolo: Regolo, two_versions: Path, tmp_path: Path) -> None:
    regolo("config", "store.url", "s3://models/team")
    clone = "clone", "--yes", str(two_versions)
    assert f"{NEEDS} {EXTRA}" in regolo(*clone, str(tmp_path / "without"), "--no-checkout").err
    assert (
        f"error: {NEEDS}\nhint: {EXTRA.strip('()')}\n"
        in regolo(*clone, str(tmp_path / "whole"), status=9).err
    )


def test_python_warns(top: Path) -> None:
    with pytest.warns(regolo_git.RegoloNotice, match="this machine cannot open"):
        regolo_git.init(top, store="s3://models/team")
