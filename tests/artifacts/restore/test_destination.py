"""A destination is found without following what could lead astray, or refused for what is wrong."""

import errno
import os
from pathlib import Path

import pytest

from regolo_git.artifacts.restore.destination import find_destination, translated_errors
from regolo_git.errors import Conflict, InvalidInput, TransportError


def test_without_a_root_the_nearest_directory_is_one(tmp_path: Path) -> None:
    found = find_destination(tmp_path / "new" / "parent" / "m", None, "file")
    assert (found.root, found.name) == (tmp_path, "new/parent/m")
    assert not found.fresh


def test_with_a_root_the_name_starts_there(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    found = find_destination(tmp_path / "models" / "m", tmp_path, "directory")
    assert (found.root, found.name, found.staging_base) == (tmp_path, "models/m", "models")
    assert found.fresh


def test_a_directory_that_is_there_is_not_fresh(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    found = find_destination(tmp_path / "m", None, "directory")
    assert (found.fresh, found.staging_base) == (False, "")


@pytest.mark.parametrize("path", ["../x", "outside/../../x"])
def test_a_path_outside_the_root_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(InvalidInput, match="is not inside"):
        find_destination(tmp_path / "work" / path, tmp_path / "work", "file")


@pytest.mark.parametrize("path", [".git/m", ".GIT/hooks/m", "a/.git/b"])
def test_a_path_inside_a_git_directory_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput, match=r"\.git"):
        find_destination(tmp_path / path, None, "file")


def test_a_link_in_place_of_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "m").symlink_to("there")
    with pytest.raises(Conflict, match="is a link"):
        find_destination(tmp_path / "m", None, "directory")


def test_an_error_of_the_disk_names_the_destination(tmp_path: Path) -> None:
    said = "cannot be written: the disk is full"
    with pytest.raises(TransportError, match=said) as caught, translated_errors(tmp_path / "m"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(tmp_path / "m") in caught.value.message
    assert caught.value.hint == "free some space and try again"
