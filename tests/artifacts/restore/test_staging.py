"""A staging directory is locked while it is in use, hidden from git, and gone afterwards."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from regolo_git.artifacts.restore.staging import Staging, remove_staging, stale_stagings
from regolo_git.artifacts.source.walk import STAGING_PREFIX


@pytest.fixture
def base(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def test_parts_are_written_in_any_order_and_finished_with_mode_and_time(base: int, tmp_path: Path) -> None:
    with Staging(base) as staging:
        staging.write(0, 3, memoryview(b"def"))
        staging.write(0, 0, memoryview(b"abc"))
        time = staging.finish(0, 0o640)
        file = tmp_path / staging.name / "files" / "0"
        assert file.read_bytes() == b"abcdef"
        assert (file.stat().st_mode & 0o777, file.stat().st_mtime_ns) == (0o640, time)


def test_an_empty_file_needs_no_write(base: int, tmp_path: Path) -> None:
    with Staging(base) as staging:
        staging.finish(7, 0o644)
        assert (tmp_path / staging.name / "files" / "7").read_bytes() == b""


@pytest.mark.parametrize("mode", [0o644, 0o444, 0o044, 0o000])
def test_a_file_that_its_owner_may_not_read_is_made_durable_too(base: int, tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(0o777)
    child = os.fork()
    if not child:
        status = 1
        try:
            if os.geteuid() == 0:  # root may read everything
                os.setuid(65534)
            with Staging(base) as staging:
                staging.write(0, 0, memoryview(b"content"))
                staging.finish(0, mode)
                staging.make_durable(0)
                status = os.stat("0", dir_fd=staging.files).st_mode & 0o777 != mode
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_it_is_hidden_from_git_while_it_is_there_and_gone_afterwards(base: int, tmp_path: Path) -> None:
    with Staging(base) as staging:
        assert (tmp_path / staging.name / ".gitignore").read_text() == "*\n"
        assert stale_stagings(tmp_path) == []  # it is in use
    assert list(tmp_path.iterdir()) == []


def test_a_tree_is_renamed_as_one(base: int, tmp_path: Path) -> None:
    with Staging(base) as staging:
        os.close(staging.make_tree())
        staging.move_tree(base, "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_leftovers_of_a_killed_run_are_found_and_removed(tmp_path: Path) -> None:
    left = tmp_path / f"{STAGING_PREFIX}00ff"
    (left / "files").mkdir(parents=True)
    assert stale_stagings(tmp_path) == [left]
    remove_staging(left)
    assert stale_stagings(tmp_path) == []
    assert stale_stagings(tmp_path / "nowhere") == []


def test_a_link_with_its_name_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / f"{STAGING_PREFIX}00ff").symlink_to("mine")
    assert stale_stagings(tmp_path) == []
