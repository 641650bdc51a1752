"""`kill -9` of a transfer at each request: what arrived is whole, stays, and is not sent again."""

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.counting_files import CountingFiles
from support.packed import shared_at
from support.places import ROOT

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import send
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.records.digests import blake3_hex
from regolo_git.records.recipe import Recipe
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

pytestmark = pytest.mark.slow  # CI runs it, too

# Transfers a recipe, and kills itself before the call of one of the stores that it is told.
TRANSFER = """
import os, signal, sys
from support.failing_files import FailingFiles
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import send
from regolo_git.records.digests import Digest
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

class KillingFiles(FailingFiles):
    def _spend(self):
        with self._left_lock:
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

verb, local, shared, recipe, calls = sys.argv[1:]
files = {"send": shared, "receive": local}
killing = KillingFiles(files_at(files[verb]), int(calls))
address = Digest.parse(recipe)
if verb == "send":
    send(LooseStore.open(local), SharedStore.open(killing), [address], interrupted=True)
else:
    store = SharedStore.open(files_at(shared))
    receive(store, LooseStore(killing), store.read_recipe(address))
"""


def killed_at(verb: str, local: Path, shared: Path, recipe: Recipe, calls: int) -> bool:
    """Runs a transfer that is killed before that call; False if it ends first."""
    command = [sys.executable, "-c", TRANSFER, verb, str(local), str(shared), str(recipe.address), str(calls)]
    done = subprocess.run(command, cwd=ROOT / "tests", check=False, capture_output=True, text=True)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


def whole_files(store: Path) -> dict[str, bytes]:
    """The chunks and packs of a store, all of which must be what their names say."""
    found = {path.relative_to(store).as_posix(): path.read_bytes() for path in store.glob("[cp]*s/??/*")}
    for path, data in found.items():
        assert blake3_hex(data) == path.rpartition("/")[2]
    return found


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Some large files, and small ones in more than one pack."""
    made = tmp_path / "model"
    made.mkdir()
    for number in range(3):
        (made / f"{number}.bin").write_bytes(noise(f"{number}", 2 << 20))
    for number in range(30):
        (made / f"{number:02}.txt").write_bytes(noise(f"text {number}", 600_000))
    return made


@pytest.fixture
def local(tmp_path: Path) -> LooseStore:
    return LooseStore.open_or_create(str(tmp_path / "local"))


def growing() -> Iterator[int]:
    """Each of the first calls, then every few: a killed run has less to do than the one before."""
    yield from range(12)
    yield from count(12, 3)


def test_a_killed_push_goes_on_where_it_was(local: LooseStore, top: Path, tmp_path: Path) -> None:
    recipe = local.read_recipe(ingest(local, top).artifact.recipe)
    shared = tmp_path / "shared"
    shared_at(files_at(str(shared)))
    kills = 0
    for calls in growing():
        before = whole_files(shared)
        killed = killed_at("send", tmp_path / "local", shared, recipe, calls)
        assert before.items() <= whole_files(shared).items()
        if SharedStore.open(files_at(str(shared))).has_recipe(recipe.address):
            verify(shared, recipe)
        if not killed:
            break
        kills += 1
    assert kills > 5
    verify(shared, recipe)


def test_chunks_that_arrived_before_a_kill_are_not_sent_again(
    local: LooseStore, top: Path, tmp_path: Path
) -> None:
    recipe = local.read_recipe(ingest(local, top).artifact.recipe)
    for calls in (4, 6, 8, 10):
        shared = tmp_path / f"shared {calls}"
        shared_at(files_at(str(shared)))
        assert killed_at("send", tmp_path / "local", shared, recipe, calls)
        arrived = set(whole_files(shared))
        again = CountingFiles(files_at(str(shared)))
        send(local, SharedStore.open(again), [recipe.address], interrupted=True)
        assert arrived.isdisjoint(path for (verb, path) in again.calls if verb == "write")
        verify(shared, recipe)


def test_a_killed_fetch_goes_on_where_it_was(local: LooseStore, top: Path, tmp_path: Path) -> None:
    recipe = local.read_recipe(ingest(local, top).artifact.recipe)
    shared = shared_at(files_at(str(tmp_path / "shared")))
    send(local, shared, [recipe.address])
    here = LooseStore.open_or_create(str(tmp_path / "here"))
    kills = 0
    for calls in growing():
        before = whole_files(tmp_path / "here")
        killed = killed_at("receive", tmp_path / "here", tmp_path / "shared", recipe, calls)
        assert before.items() <= whole_files(tmp_path / "here").items()
        if not killed:
            break
        kills += 1
    assert kills > 5
    verify_recipe(here, here.read_recipe(recipe.address))
    counted = CountingFiles(files_at(str(tmp_path / "shared")))
    receive(SharedStore.open(counted), here, recipe)
    assert counted.read_bytes < 1000  # the format of the store, and no chunk


def verify(shared: Path, recipe: Recipe) -> None:
    store = SharedStore.open(files_at(str(shared)))
    assert store.read_recipe(recipe.address) == recipe
    store.expect(recipe, recipe.chunks)
    verify_recipe(store, recipe)
