"""Locks of refs that a killed run left go; those of programs that run stay."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.errors import LostRace
from regolo_git.git.advance import Move, advance
from regolo_git.git.local_refs import remove_tag
from regolo_git.git.recovery import recover
from regolo_git.git.ref_files import RefChange, move_by_files
from regolo_git.git.ref_locks import NAMES, locked_by_library, remove_left_locks
from regolo_git.git.repository import GitRepository

MAIN, TAG = "refs/heads/main", "refs/tags/m@v1.0"


class World:
    def __init__(self, top: Path) -> None:
        self.top = top
        self.old = commit_files(top, {"a": "1"})
        self.new = commit_files(top, {"a": "2"})
        git(top, "update-ref", MAIN, self.old)
        git(top, "checkout", "-q", "--detach")
        (top / ".git/regolo").mkdir()
        self.git: GitRepository = opened(top)

    def changes(self) -> list[RefChange]:
        return [RefChange(TAG, None, self.new, "tagged"), RefChange(MAIN, self.old, self.new, "moved")]

    def move(self, under_locks: Callable[[], object] = lambda: None) -> None:
        move_by_files(self.git, self.changes(), lambda: None, under_locks)  # type: ignore[arg-type]

    def locks(self) -> list[str]:
        place = self.top / ".git"
        return sorted(str(path.relative_to(place)) for path in (place / "refs").rglob("*.lock"))

    def nothing_left(self) -> None:
        assert self.locks() == []
        assert list((self.top / ".git" / NAMES).iterdir()) == []
        git(self.top, "fsck", "--strict")


@pytest.fixture
def world(git_repository: Path) -> World:
    return World(git_repository)


def killed(work: Callable[[], object]) -> None:
    """Runs work in a child that ends without a chance to tidy up."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


@contextmanager
def running(work: Callable[[Callable[[], None]], object]) -> Iterator[None]:
    """A child that is in the middle of its work, at the step that it is given."""
    reached, told = os.pipe()

    def stay() -> None:
        os.write(told, b"x")
        time.sleep(60)

    child = os.fork()
    if child == 0:
        work(stay)
        os._exit(1)
    try:
        os.read(reached, 1)
        yield
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(reached)
        os.close(told)


def in_transaction(world: World, step: Callable[[], object]) -> None:
    with locked_by_library(world.git, [TAG, MAIN]) as transaction:
        transaction.set_target(MAIN, world.new)
        step()


KINDS: list[Callable[[World, Callable[[], object]], None]] = [World.move, in_transaction]


@pytest.mark.parametrize("kind", KINDS)
def test_the_locks_of_a_killed_run_go(world: World, kind: Callable[..., None]) -> None:
    killed(lambda: kind(world, lambda: os._exit(0)))
    assert world.locks() == [f"{MAIN}.lock", f"{TAG}.lock"]
    world.move()
    assert git(world.top, "rev-parse", MAIN, TAG).split() == [world.new, world.new]
    world.nothing_left()


@pytest.mark.parametrize("kind", KINDS)
def test_the_next_write_of_anything_removes_them(world: World, kind: Callable[..., None]) -> None:
    killed(lambda: kind(world, lambda: os._exit(0)))
    recover(world.git)
    world.nothing_left()
    git(world.top, "update-ref", MAIN, world.new)


@pytest.mark.parametrize("kind", KINDS)
def test_the_locks_of_a_run_that_goes_on_stay(world: World, kind: Callable[..., None]) -> None:
    with running(lambda step: kind(world, step)):
        with pytest.raises(LostRace, match="another program holds the lock"):
            world.move()
        recover(world.git)
        assert world.locks() == [f"{MAIN}.lock", f"{TAG}.lock"]
    world.move()
    world.nothing_left()


def test_the_lock_of_a_git_that_came_after_a_killed_run_stays(world: World) -> None:
    killed(lambda: world.move(lambda: os._exit(0)))
    lock = world.top / ".git" / f"{MAIN}.lock"
    lock.unlink()
    lock.write_text("of git")
    with pytest.raises(LostRace, match=MAIN):
        world.move()
    assert lock.read_text() == "of git"
    assert world.locks() == [f"{MAIN}.lock"]


def test_a_run_that_was_killed_after_its_last_step_keeps_what_it_moved(world: World) -> None:
    names = world.top / ".git" / NAMES
    names.mkdir()
    world.move()
    (names / "refs%2Fheads%2Fmain~00").hardlink_to(world.top / ".git" / MAIN)
    remove_left_locks(world.top / ".git")
    assert git(world.top, "rev-parse", MAIN).strip() == world.new
    world.nothing_left()


def test_refs_are_moved_where_a_file_has_one_name_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "not supported", str(self))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    world.move(lambda: None)
    advance(world.git, {"main": Move(world.new, world.old)}, {}, "back")
    assert git(world.top, "rev-parse", MAIN, TAG).split() == [world.old, world.new]
    world.nothing_left()


def test_no_directory_is_made_in_a_repository_of_git_alone(git_repository: Path) -> None:
    commit = commit_files(git_repository, {"a": "1"})
    move_by_files(opened(git_repository), [RefChange(TAG, None, commit, "")], lambda: None, lambda: None)
    assert not (git_repository / ".git/regolo").exists()


def test_branches_and_tags_that_a_killed_run_was_advancing_are_advanced(world: World) -> None:
    git(world.top, "tag", "gone", world.old)
    moves = {"main": Move(world.old, world.new)}, {"t": Move(None, world.new), "gone": Move(world.old, None)}
    killed(lambda: in_transaction(world, lambda: os._exit(0)))
    advance(world.git, *moves, "pull")
    assert git(world.top, "rev-parse", MAIN, "refs/tags/t").split() == [world.new, world.new]
    assert git(world.top, "tag", "-l", "gone") == ""
    remove_tag(world.git, "t", world.new)
    world.nothing_left()
