"""Below a root no link is followed, and what an error leaves is taken away again."""

import os
from pathlib import Path

import pytest

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.errors import Conflict


@pytest.fixture
def staged(tmp_path: Path) -> int:
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "0").write_text("new")
    return os.open(tmp_path / "staged", os.O_RDONLY | os.O_DIRECTORY)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "top").mkdir()
    return tmp_path / "top"


def test_a_file_is_moved_in_and_its_directories_are_created(top: Path, staged: int) -> None:
    with ArtifactTree(top) as tree:
        tree.move_in("a/b/c", staged, "0")
        assert tree.created == ["a", "a/b"]
        tree.sync("a/b")
    assert (top / "a/b/c").read_text() == "new"


def test_a_link_on_the_way_is_refused(top: Path, staged: int, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (top / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict, match="is a link"), ArtifactTree(top) as tree:
        tree.move_in("a/c", staged, "0")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_file_on_the_way_is_refused(top: Path, staged: int) -> None:
    (top / "a").write_text("mine")
    with pytest.raises(Conflict, match="not a directory"), ArtifactTree(top) as tree:
        tree.move_in("a/c", staged, "0")
    assert (top / "a").read_text() == "mine"


def test_an_error_takes_created_directories_away_as_far_as_they_are_empty(top: Path, staged: int) -> None:
    def fail() -> None:
        with ArtifactTree(top) as tree:
            tree.directory("empty/inside", create=True)
            tree.move_in("kept/c", staged, "0")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sorted(path.relative_to(top).as_posix() for path in top.rglob("*")) == ["kept", "kept/c"]


def test_a_link_is_looked_at_as_itself_and_not_opened(top: Path) -> None:
    (top / "link").symlink_to("/etc/passwd")
    with ArtifactTree(top) as tree:
        seen = tree.look("link")
        assert seen is not None
        assert seen.st_ino == (top / "link").lstat().st_ino
        with pytest.raises(OSError, match="symbolic links"):
            tree.open_file("link")
        assert tree.look("nothing") is None
        assert tree.look("no/directory") is None


def test_a_file_kept_aside_has_both_names(top: Path, staged: int, tmp_path: Path) -> None:
    (top / "old").write_text("old")
    with ArtifactTree(top) as tree:
        tree.keep_aside("old", staged, "1")
        assert (top / "old").samefile(tmp_path / "staged" / "1")
        tree.move_out("old", staged, "2")
    assert not (top / "old").exists()


def test_only_an_empty_directory_is_removed(top: Path) -> None:
    (top / "full" / "inner").mkdir(parents=True)
    with ArtifactTree(top) as tree:
        assert tree.remove_empty("full") is False
        assert tree.remove_empty("full/inner") is True
        assert tree.remove_empty("full") is True
