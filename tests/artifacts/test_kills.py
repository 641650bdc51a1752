"""A kill -9 at any moment leaves whole chunks, recipes that can be rebuilt, and files that are old or new."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from support.artifact_files import noise, tree_of
from support.local_store import stored_files

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.store.store import Store

pytestmark = pytest.mark.slow  # CI runs it, too

INGEST_FOR_EVER = """
import random, sys, time
from pathlib import Path
from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store
store, cache, top = LooseStore.open(sys.argv[1]), StatCache(Path(sys.argv[2])), Path(sys.argv[3])
print("ready", flush=True)
seed = time.time()
for number in range(1000):
    (top / "large.bin").write_bytes(random.Random(f"{seed}{number}").randbytes(3 << 20))
    (top / "small.bin").write_bytes(random.Random(f"{seed}-{number}").randbytes(1000))
    ingest(store, top, cache=cache)
"""

CHECKOUT_FOR_EVER = """
import sys
from pathlib import Path
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store
store, cache, top = LooseStore.open(sys.argv[1]), StatCache(Path(sys.argv[2])), Path(sys.argv[3])
versions = [Artifact.of(store.read_recipe(Digest.parse(text))) for text in sys.argv[4:]]
print("ready", flush=True)
while True:
    for artifact in versions:
        materialize(store, artifact, top, cache=cache)
"""


def run_and_kill(program: str, *arguments: object, seconds: float) -> None:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(seconds)
    child.kill()
    child.communicate()
    assert child.returncode == -9, "it should have been running still"


def moments(count: int, work: Callable[[], object]) -> list[float]:
    """Instants after which to kill something that does such work again and again, however long it takes here."""
    begun = time.monotonic()
    work()
    longest = max(0.25, 5 * (time.monotonic() - begun))
    return [random.Random(count * 1000 + number).uniform(0, longest) for number in range(count)]


def test_a_killed_ingest_leaves_a_store_in_which_everything_can_be_read(store: Store, tmp_path: Path) -> None:
    top = tmp_path / "model"
    top.mkdir()
    (top / "large.bin").write_bytes(noise("large", 3 << 20))
    for seconds in moments(12, lambda: ingest(store, top)):
        run_and_kill(INGEST_FOR_EVER, store.url, tmp_path / "files.sqlite", top, seconds=seconds)
    recipes = [store.read_recipe(Digest("blake3", address)) for address in stored_files(store, "recipes")]
    assert len(recipes) > 1  # also of a killed one
    for recipe in recipes:
        verify_artifact(store, Artifact.of(recipe))
    for address, path in stored_files(store, "chunks").items():
        assert blake3(path.read_bytes()).hexdigest() == address
    with StatCache(tmp_path / "files.sqlite") as cache:
        again = ingest(store, top, cache=cache)
    verify_artifact(store, again.artifact)


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_a_killed_checkout_leaves_files_that_are_old_or_new(store: Store, tmp_path: Path, kind: str) -> None:
    contents: dict[str, set[bytes]] = {}
    versions = []
    for version in range(2):
        source = tmp_path / f"source{version}"
        names = [""] if kind == "file" else [f"/{part}/{number}" for part in "ab" for number in range(6)]
        for name in names:
            path = Path(f"{source}{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(noise(f"{version}{name}", 2 << 20 if kind == "file" else 100_000))
            contents.setdefault(name.lstrip("/"), set()).add(path.read_bytes())
        versions.append(ingest(store, source).artifact)
    place = tmp_path / "work" / "model"
    place.parent.mkdir()
    for seconds in moments(12, lambda: materialize(store, versions[0], place)):
        addresses = [artifact.recipe for artifact in versions]
        run_and_kill(
            CHECKOUT_FOR_EVER, store.url, tmp_path / "files.sqlite", place, *addresses, seconds=seconds
        )
        found = {"": place.read_bytes()} if place.is_file() else tree_of(place)
        assert all(content in contents[name] for name, content in found.items())
    with StatCache(tmp_path / "files.sqlite") as cache:
        materialize(store, versions[0], place, cache=cache)
    assert ingest(store, place).artifact.digest == versions[0].digest
