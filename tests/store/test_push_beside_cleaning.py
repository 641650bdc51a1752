"""A whole push, with packs and hints, beside a cleaning: what it names can be read, whatever was deleted."""

import itertools
import secrets
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from support.fake_cleaning import FakeCleaning
from support.interrupted_files import Interrupted, advance

from regolo_git.artifacts.transfer.send import send
from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.store import records as module
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.records import Owner, StoreRecords
from regolo_git.store.shared import SharedStore

OURS = Owner("registry1", "clone0001", "here")
LARGE = 1 << 20  # from this size on a chunk has a file of its own


class Team:
    """A shared store in memory, and the local store of a clone with an old and a new version."""

    def __init__(self, directory: Path) -> None:
        self.local = LooseStore.open_or_create(str(directory / "local"))
        shared = [bytes([number]) * 100 for number in range(4)] + [b"L" * LARGE]
        self.old = self._stored([*shared, b"old" * 50])
        self.new = self._stored([*shared, b"new" * 50, b"newer" * 50])

    def _stored(self, pieces: list[bytes]) -> Recipe:
        chunks = tuple(RecipeChunk(blake3_hex(piece), len(piece)) for piece in pieces)
        for chunk, piece in zip(chunks, pieces, strict=True):
            self.local.put_chunk(chunk.blake3, piece)
        data = b"".join(pieces)
        recipe = Recipe(
            "file", (RecipeFile("", 0o644, len(data), Digest("blake3", blake3_hex(data))),), (), chunks
        )
        self.local.put_recipe(recipe)
        return recipe

    def files(self) -> Files:
        """A store in which nobody needs the old version any more."""
        MemoryFileSystem.store.clear()
        files = files_at(f"memory://{secrets.token_hex(8)}")
        SharedStore.create(files)
        send(self.local, SharedStore.open(files), [self.old.address])
        return files

    def push(self, files: Files) -> None:
        """Pushes the new version, for which the old one vouches, as `git regolo push` does."""
        begun = StoreRecords(files, OURS).begin(
            [self.new.address], self.local.read_recipe, vouching=[self.old.address]
        )
        shared = SharedStore.open(files)
        send(
            self.local,
            shared,
            [self.new.address],
            vouching=[self.old.address],
            interrupted=begun.interrupted,
        )
        begun.finish(lambda: [self.new.address])

    def assert_new_is_whole(self, files: Files) -> None:
        shared = SharedStore.open(files)
        recipe = shared.read_recipe(self.new.address)
        assert {chunk for chunk, _ in shared.read_chunks(recipe, recipe.chunks)} == set(recipe.chunks)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return Team(tmp_path_factory.mktemp("team"))


def lengths(made: Team) -> tuple[int, int]:
    """The number of requests of a push and of steps of a cleaning, each on its own."""
    files = made.files()
    counted = Interrupted(files, -1, lambda: None)
    made.push(counted)  # type: ignore[arg-type]  # it has every method of the files
    return counted.calls, sum(1 for _ in FakeCleaning(made.files()).steps())


def run(made: Team, monkeypatch: pytest.MonkeyPatch, schedule: tuple[int, int, int]) -> list[str]:
    before, at, then = schedule
    files = made.files()
    cleaning = FakeCleaning(files)
    steps = cleaning.steps()
    monkeypatch.setattr(module, "pause", lambda *_: advance(steps, 1))
    advance(steps, before)
    made.push(Interrupted(files, at, lambda: advance(steps, then)))  # type: ignore[arg-type]
    advance(steps, 1000)
    made.assert_new_is_whole(files)
    advance(FakeCleaning(files).steps(), 1000)
    made.assert_new_is_whole(files)
    return cleaning.deleted


def test_the_cleaning_deletes_what_nobody_needs(made: Team) -> None:
    files = made.files()
    cleaning = FakeCleaning(files)
    advance(cleaning.steps(), 1000)
    assert {path.partition("/")[0] for path in cleaning.deleted} == {"chunks", "packs", "recipes"}


def test_a_push_that_a_cleaning_runs_beside_loses_nothing(
    made: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests, steps = lengths(made)
    deleted: set[str] = set()
    for before, at in itertools.product(range(steps + 1), range(0, requests, 3)):
        deleted |= set(run(made, monkeypatch, (before, at, (1, 4, steps)[(before + at) % 3])))
    assert deleted


@pytest.mark.slow
def test_a_push_loses_nothing_however_the_steps_interleave(
    made: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests, steps = lengths(made)
    for before in range(steps + 1):
        for schedule in itertools.product([before], range(requests), range(1, steps - before + 2)):
            run(made, monkeypatch, schedule)
