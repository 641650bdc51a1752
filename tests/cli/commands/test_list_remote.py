"""`git regolo list MODEL --remote`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry


@pytest.fixture
def clone(regolo: Regolo, two_versions: Path, tmp_path: Path) -> str:
    """A clone that has 1.0, another 1.1, and not 1.2."""
    git(two_versions, "tag", "-a", "-m", "later", "m@v1.2", "m@v1.1^{}")
    git(two_versions, "tag", "-a", "-m", "of another model", "m@other@v1.2", "m@v1.1^{}")
    git(tmp_path, "clone", "-q", "--no-tags", str(two_versions), "ours")
    git(tmp_path / "ours", "fetch", "-q", "--no-tags", "origin", "refs/tags/m@v1.0:refs/tags/m@v1.0")
    git(tmp_path / "ours", "tag", "-a", "-m", "mine", "m@v1.1")
    return str(tmp_path / "ours")


def test_each_version_of_the_remote_is_compared_with_this_clone(regolo: Regolo, clone: str) -> None:
    before = git(Path(clone), "for-each-ref")
    done = regolo("-C", clone, "list", "m", "--remote")
    assert [line.split()[0] for line in done.lines] == ["VERSION", "1.2", "1.1", "1.0"]
    assert [line[9:].split("  ")[0] for line in done.lines[1:]] == ["not here", "another one here", "here"]
    assert "git regolo fetch" in done.err
    assert "git regolo renumber m@1.1" in done.err
    assert git(Path(clone), "for-each-ref") == before


def test_programs_get_the_tags_too(regolo: Regolo, clone: str, two_versions: Path) -> None:
    newest, *_ = regolo("-C", clone, "list", "m", "--remote", "--json").document
    oid = git(two_versions, "rev-parse", "refs/tags/m@v1.2").strip()
    assert newest == {
        "model": "m", "version": "1.2", "reference": "m@1.2", "remote": "origin", "tag": "m@v1.2",
        "tag_oid": oid, "presence": "absent",
    }  # fmt: skip
    done = regolo("-C", clone, "list", "m", "--remote", "--plain", "--limit", "1")
    assert done.out == f"1.2\tabsent\tm@v1.2\t{oid}\torigin\n"


def test_python_lists_them_lowest_first(clone: str) -> None:
    with Registry.open(clone) as registry:
        found = registry.list_remote_versions("m")
    assert [(version.version, version.presence) for version in found] == [
        ("1.0", "here"), ("1.1", "differs"), ("1.2", "absent"),
    ]  # fmt: skip


def test_an_unlistable_target_is_explained(regolo: Regolo, clone: str, two_versions: Path) -> None:
    assert (
        "remote 'origin' has no version of 'n'" in regolo("-C", clone, "list", "n", "--remote", status=3).err
    )
    assert "--remote requires a model" in regolo("-C", clone, "list", "--remote", status=2).err
    assert (
        "cannot be used together"
        in regolo("-C", clone, "list", "m", "--remote", "--metric", "x", status=2).err
    )
    assert (
        "this clone has no remote" in regolo("-C", str(two_versions), "list", "m", "--remote", status=3).err
    )
    assert regolo("-C", clone, "list", "m*", "--remote", status=2).err
    two_versions.rename(two_versions.with_name("away"))
    assert "there is no Git repository" in regolo("-C", clone, "list", "m", "--remote", status=3).err
