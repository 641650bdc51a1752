"""`git regolo init`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


def test_init_commits_once_and_says_what_comes_next(regolo: Regolo, top: Path) -> None:
    first = regolo("init")
    assert first.out == ""
    assert "git regolo register MODEL PATH" in first.err
    assert "is already a model registry" in regolo("init").err
    assert git(top, "rev-list", "--count", "HEAD").strip() == "1"


def test_init_tells_programs_where(regolo: Regolo, top: Path) -> None:
    document = regolo("init", "--json", "--store", "s3://models/team").document
    assert document["branch"] == "main"
    assert document["commit"] == git(top, "rev-parse", "HEAD").strip()
    assert regolo("config", "store.url").out == "s3://models/team\n"


@pytest.mark.parametrize(
    "url", ["ftp://nowhere/x::y", "s3://", "s3:bucket", "", "sftp://user:password@host/x"]
)
def test_init_with_what_cannot_be_a_store_makes_no_registry(regolo: Regolo, top: Path, url: str) -> None:
    said = regolo("init", "--store", url, status=2).err
    assert said.startswith("error: ")
    assert "password@" not in said
    assert git(top, "rev-parse", "HEAD", check=False).strip() == "HEAD"
    assert not (top / ".git/regolo/store").exists()
