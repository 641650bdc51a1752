"""`git regolo init`."""

from pathlib import Path

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
