"""Many writers at once, with git packing and collecting beside them: nothing is lost, nothing made twice."""

from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import publish_version
from support.writers import made, start


def race(top: Path, processes: int, versions: int) -> None:
    publish_version(top, "start", "1.0")
    writers = [start(top, f"model-{number}", 0, versions) for number in range(processes)]
    while any(writer.poll() is None for writer in writers):
        git(top, "pack-refs", "--all", check=False)
        git(top, "gc", "--quiet", check=False)
    tags = made(writers)
    assert len(tags) == processes * versions
    assert set(git(top, "tag", "--list").split()) == {*tags, "start@v1.0"}
    assert git(top, "rev-list", "--count", "--first-parent", "main").strip() == str(len(tags) + 1)
    assert git(top, "rev-list", "--merges", "main") == ""
    for number in range(processes):
        shown = git(top, "show", f"main:models/model-{number}/manifest.toml")
        assert shown.startswith(f"model-{number} 1.{versions - 1}")
    git(top, "fsck", "--strict")
    assert git(top, "status", "--porcelain") == ""


def test_writers_beside_packing_and_collecting_lose_nothing(git_repository: Path) -> None:
    race(git_repository, processes=3, versions=12)


@pytest.mark.slow
def test_six_writers_of_forty_versions_lose_nothing(git_repository: Path) -> None:
    race(git_repository, processes=6, versions=40)


def test_a_contested_version_has_one_winner(git_repository: Path) -> None:
    publish_version(git_repository, "start", "1.0")
    tags = made([start(git_repository, "m", 0, 10) for _ in range(4)])
    assert sorted(tags) == sorted(f"m@v1.{number}" for number in range(10))
    assert git(git_repository, "rev-list", "--count", "main").strip() == "11"
    git(git_repository, "fsck", "--strict")
