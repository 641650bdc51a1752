"""Refs moved by their files are moved as git moves them: locks, order, reflogs, directories."""

import os
from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.errors import LostRace
from regolo_git.git import ref_files
from regolo_git.git.ref_files import RefChange, amend_by_files, move_by_files
from regolo_git.git.repository import GitRepository

MAIN, TAG = "refs/heads/main", "refs/tags/m@v1.0"


class World:
    def __init__(self, top: Path) -> None:
        self.top = top
        self.old = commit_files(top, {"a": "1"})
        self.new = commit_files(top, {"a": "2"})
        git(top, "update-ref", MAIN, self.old)
        git(top, "reflog", "expire", "--expire=all", "--all")
        self.git: GitRepository = opened(top)

    def move(self, *changes: RefChange, check: object = None, under_locks: object = None) -> None:
        move_by_files(self.git, changes, check or (lambda: None), under_locks or (lambda: None))  # type: ignore[arg-type]

    def both(self) -> list[RefChange]:
        return [RefChange(TAG, None, self.new, "tagged"), RefChange(MAIN, self.old, self.new, "moved")]

    def value(self, ref: str) -> str:
        return git(self.top, "rev-parse", "--verify", "-q", ref, check=False).strip()

    def log(self, name: str) -> list[str]:
        place = self.top / ".git" / "logs" / name
        return place.read_text().splitlines() if place.is_file() else []

    def nothing_left(self) -> None:
        assert not list((self.top / ".git").rglob("*.lock"))
        git(self.top, "fsck", "--strict")


@pytest.fixture
def world(git_repository: Path) -> World:
    return World(git_repository)


def test_refs_are_moved_in_order_after_both_steps_ran_under_the_locks(world: World) -> None:
    seen: list[object] = []

    def look(name: str) -> None:
        locks = [(world.top / ".git" / f"{ref}.lock").exists() for ref in (TAG, MAIN)]
        seen.append((name, locks, world.value(TAG), world.value(MAIN)))

    world.move(*world.both(), check=lambda: look("check"), under_locks=lambda: look("step"))
    assert seen == [("check", [True, True], "", world.old), ("step", [True, True], "", world.old)]
    assert (world.value(TAG), world.value(MAIN)) == (world.new, world.new)
    world.nothing_left()


def test_the_first_ref_is_durable_before_the_second_moves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[set[Path], str]] = []
    monkeypatch.setattr(
        ref_files, "make_directories_durable", lambda places: seen.append((places, world.value(MAIN)))
    )
    world.move(*world.both())
    tags, heads = world.top / ".git/refs/tags", world.top / ".git/refs/heads"
    assert [tags in seen[0][0], seen[0][1]] == [True, world.old]
    assert [heads in seen[1][0], seen[1][1]] == [True, world.new]


@pytest.mark.parametrize("held", [TAG, MAIN])
def test_a_lock_of_another_program_is_a_lost_race(world: World, held: str) -> None:
    lock = world.top / ".git" / f"{held}.lock"
    lock.write_text("theirs")
    with pytest.raises(LostRace, match=held):
        world.move(*world.both())
    assert lock.read_text() == "theirs"
    lock.unlink()
    assert (world.value(TAG), world.value(MAIN)) == ("", world.old)
    world.nothing_left()


@pytest.mark.parametrize("step", ["check", "under_locks"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_nothing_has_moved(world: World, step: str, error: type[BaseException]) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(error):
        world.move(*world.both(), **{step: fail})
    assert (world.value(TAG), world.value(MAIN)) == ("", world.old)
    assert world.log(MAIN) == []
    world.nothing_left()


def test_the_lock_that_another_program_takes_afterwards_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = world.top / ".git" / f"{TAG}.lock"
    monkeypatch.setattr(ref_files, "make_directories_durable", lambda _: theirs.write_text("theirs"))
    world.move(*world.both())
    assert theirs.read_text() == "theirs"


def test_directories_are_created_and_an_empty_one_gives_way(world: World) -> None:
    deep = "refs/heads/team/ada/topic"
    world.move(RefChange(deep, None, world.new, "created"))
    assert world.value(deep) == world.new
    git(world.top, "branch", "-D", "team/ada/topic")
    (world.top / ".git/refs/heads/team/ada/topic/below").mkdir(parents=True)
    (world.top / ".git/logs/refs/heads/team/ada/topic/below").mkdir(parents=True)
    world.move(RefChange(deep, None, world.old, "again"))
    assert world.value(deep) == world.old
    assert [line.partition("\t")[2] for line in world.log(deep)] == ["again"]
    world.nothing_left()


def test_a_ref_in_the_way_of_a_directory_is_a_lost_race(world: World) -> None:
    with pytest.raises(LostRace):
        world.move(RefChange(f"{MAIN}/below", None, world.new, "created"))
    assert world.value(MAIN) == world.old


def test_a_directory_with_a_ref_stays(world: World) -> None:
    git(world.top, "branch", "team/ada", world.old)
    with pytest.raises(OSError, match="team"):
        world.move(RefChange("refs/heads/team", None, world.new, "created"))
    assert world.value("refs/heads/team/ada") == world.old
    world.nothing_left()


def test_a_packed_ref_is_moved(world: World) -> None:
    git(world.top, "pack-refs", "--all")
    world.move(RefChange(MAIN, world.old, world.new, "moved"))
    assert world.value(MAIN) == world.new


# -- reflogs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", [None, "true", "false", "always", "0", "1"])
@pytest.mark.parametrize("ref", [MAIN, TAG, "refs/notes/x", "refs/remotes/origin/x", "refs/regolo/x"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_log_is_what_git_writes(
    world: World, setting: str | None, ref: str, bare: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1700000000 +0530")
    if setting is not None:
        git(world.top, "config", "core.logAllRefUpdates", setting)
    git(world.top, "config", "core.bare", str(bare).lower())
    for log in (world.top / ".git/logs").rglob("*"):
        if log.is_file():
            log.unlink()
    before = world.value(ref)
    world.git = opened(world.top / ".git" if bare else world.top)
    world.move(RefChange(ref, before or None, world.new, "why"))
    ours = {name: world.log(name) for name in (ref, "HEAD")}
    git(world.top, "update-ref", *([ref, before] if before else ["-d", ref]))
    for log in (world.top / ".git/logs").rglob("*"):
        if log.is_file():
            log.unlink()
    git(world.top, "update-ref", "-m", "why", ref, world.new)
    assert ours == {name: world.log(name) for name in (ref, "HEAD")}


def test_a_log_that_is_there_goes_on_whatever_the_setting(world: World) -> None:
    git(world.top, "update-ref", "--create-reflog", "-m", "begun", TAG, world.old)
    git(world.top, "config", "core.logAllRefUpdates", "false")
    world.move(RefChange(TAG, world.old, world.new, "why"))
    assert [line.partition("\t")[2] for line in world.log(TAG)] == ["begun", "why"]


def test_without_a_person_the_log_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    git(world.top, "config", "user.useConfigOnly", "true")
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    git(world.top, "config", "user.name", "")
    git(world.top, "config", "user.email", "")
    monkeypatch.setenv("HOME", os.devnull)
    world.move(RefChange(MAIN, world.old, world.new, "why"))
    assert "unknown <unknown>" in world.log(MAIN)[0]
    assert git(world.top, "reflog", "-1", "--format=%gs", "main") == "why\n"


def test_a_ref_is_amended_under_its_lock(world: World) -> None:
    """Whoever writes again and again, as `git notes` in a loop, cannot come between."""
    seen: list[object] = []

    def amend(old: str | None) -> str:
        moved = git(world.top, "-c", "core.filesRefLockTimeout=0", "update-ref", MAIN, world.old, check=False)
        seen.append((old, moved, (world.top / ".git" / f"{MAIN}.lock").exists()))
        return world.new

    amend_by_files(world.git, MAIN, "moved", amend)
    amend_by_files(world.git, "refs/notes/new", "made", lambda old: world.old if old is None else world.new)
    assert seen == [(world.old, "", True)]
    assert (world.value(MAIN), world.value("refs/notes/new")) == (world.new, world.old)
    assert world.log(MAIN)[-1].startswith(f"{world.old} {world.new} ")
    world.nothing_left()


def test_a_ref_stays_where_its_amendment_fails(world: World) -> None:
    def amend(_old: str | None) -> str:
        raise KeyError

    with pytest.raises(KeyError):
        amend_by_files(world.git, MAIN, "moved", amend)
    assert world.value(MAIN) == world.old
    world.nothing_left()
