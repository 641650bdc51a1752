"""Where a clone that lacks content may find it."""

from pathlib import Path

from support.git_program import git

from regolo_git.api import Registry
from regolo_git.registry.handle import Handle
from regolo_git.registry.other_store import other_store_hint

UNKNOWN = "git regolo config --local regolo.store DIRECTORY"


def hint(top: Path) -> str:
    return str(other_store_hint(Handle.open(top, {})))


def test_a_clone_is_told_of_the_store_that_it_was_cloned_from(registered: Registry, tmp_path: Path) -> None:
    origin = registered.handle.paths.top
    expected = f"git regolo config --local regolo.store {origin}/.git/regolo/store"
    for url in (str(origin), f"file://{origin}", "../repository"):
        git(tmp_path, "clone", "-q", str(origin), "clone")
        git(tmp_path / "clone", "remote", "set-url", "origin", url)
        assert hint(tmp_path / "clone") == expected
        (tmp_path / "clone").rename(tmp_path / f"done-{len(url)}")


def test_a_clone_of_somewhere_else_is_told_to_name_one(registered: Registry, tmp_path: Path) -> None:
    origin = registered.handle.paths.top
    git(tmp_path, "clone", "-q", str(origin), "clone")
    for url in ("https://example.com/models.git", str(tmp_path / "gone"), str(tmp_path)):
        git(tmp_path / "clone", "remote", "set-url", "origin", url)
        assert hint(tmp_path / "clone").startswith(UNKNOWN)
    git(tmp_path / "clone", "remote", "remove", "origin")
    assert hint(tmp_path / "clone").startswith(UNKNOWN)


def test_the_store_that_it_has_already_is_not_told(registered: Registry, tmp_path: Path) -> None:
    origin = registered.handle.paths.top
    git(tmp_path, "clone", "-q", str(origin), "clone")
    git(tmp_path / "clone", "config", "regolo.store", str(origin / ".git/regolo/store"))
    assert hint(tmp_path / "clone").startswith(UNKNOWN)
