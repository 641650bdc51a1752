"""Sending artifacts to a shared store: few requests, nothing twice, and no recipe without its chunks."""

import shutil
from itertools import count
from pathlib import Path

import pytest
from support.artifact_files import noise
from support.counting_files import CountingFiles
from support.failing_files import FailingFiles
from support.local_store import stored_files
from support.packed import shared_at

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.transfer.receive import receive
from regolo_git.artifacts.transfer.send import Sent, send
from regolo_git.artifacts.verify import verify_recipe
from regolo_git.errors import IntegrityError, NotFound, TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore

VERBS = ("write", "put", "create", "sizes", "read_range", "read_ranges", "read_into", "names", "walk")


@pytest.fixture
def local(tmp_path: Path) -> LooseStore:
    return LooseStore.open_or_create(str(tmp_path / "local"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The directory of the shared store."""
    return tmp_path / "shared"


@pytest.fixture
def counted(place: Path) -> CountingFiles:
    """Its files, with a store in them."""
    shared_at(files_at(str(place)))
    return CountingFiles(files_at(str(place)))


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A directory of two large files, and of many small ones."""
    made = tmp_path / "model"
    made.mkdir()
    for name in ("a", "b"):
        (made / f"{name}.bin").write_bytes(noise(name, 3 << 20))
    for number in range(60):
        (made / f"{number:03}.txt").write_bytes(noise(f"{number}", 40_000))
    return made


def stored(local: LooseStore, top: Path) -> Recipe:
    return local.read_recipe(ingest(local, top).artifact.recipe)


def requests(counted: CountingFiles) -> int:
    return sum(count for (verb, _), count in counted.calls.items() if verb in VERBS)


def check(files: Files, *recipes: Recipe) -> None:
    """Reads each recipe and its chunks from the store, as somebody else would."""
    store = SharedStore.open(files)
    for recipe in recipes:
        assert store.read_recipe(recipe.address) == recipe
        store.expect(recipe, recipe.chunks)
        verify_recipe(store, recipe)


def test_everything_is_sent_and_then_nothing(local: LooseStore, counted: CountingFiles, top: Path) -> None:
    recipe = stored(local, top)
    store = SharedStore.open(counted)
    assert send(local, store, [recipe.address]) == Sent(1, recipe.size)
    check(counted, recipe)
    counted.reset()
    assert send(local, store, [recipe.address]) == Sent(0, 0)
    assert requests(counted) == 1


def test_small_chunks_take_few_writes(local: LooseStore, counted: CountingFiles, top: Path) -> None:
    recipe = stored(local, top)
    send(local, SharedStore.open(counted), [recipe.address])
    small = [chunk for chunk in set(recipe.chunks) if chunk.size < 1 << 20]
    assert len(small) > 4
    written = [path for (verb, path) in counted.calls if verb == "write"]
    assert sorted(path.split("/")[0] for path in written if "chunks/" not in path) == [
        "packs",
        "recipes",
        "recipes",
    ]


def test_a_version_sends_what_its_parent_lacks(
    local: LooseStore, counted: CountingFiles, top: Path, tmp_path: Path
) -> None:
    first = stored(local, top)
    send(local, SharedStore.open(counted), [first.address])
    (top / "a.bin").write_bytes(noise("changed", 3 << 20))
    (top / "000.txt").write_bytes(noise("changed", 40_000))
    second = stored(local, top)
    new = {chunk for chunk in second.chunks if chunk not in first.chunks}
    counted.reset()
    sent = send(local, SharedStore.open(counted), [second.address], vouching=[first.address])
    assert sent == Sent(1, sum(chunk.size for chunk in new))
    assert counted.written_bytes < sent.size + 40_000
    assert requests(counted) <= 7 + len(new)
    check(counted, first, second)
    # The packs of the first are named beside the second: nobody need list them.
    for path in (tmp_path / "shared" / "recipes").glob(f"??/{first.address.hex}*"):
        path.unlink()
    here = LooseStore.open_or_create(str(tmp_path / "here"))
    counted.reset()
    receive(SharedStore.open(counted), here, second)
    assert not [path for (verb, path) in counted.calls if verb in ("walk", "names")]


def test_recipes_of_one_push_vouch_for_each_other(
    local: LooseStore, counted: CountingFiles, top: Path
) -> None:
    recipes = []
    for number in range(3):
        (top / "000.txt").write_bytes(noise(f"change {number}", 40_000))
        recipes.append(stored(local, top))
    sent = send(local, SharedStore.open(counted), [recipe.address for recipe in recipes])
    chunks = {chunk for recipe in recipes for chunk in recipe.chunks}
    assert sent == Sent(3, sum(chunk.size for chunk in chunks))
    assert counted.written_bytes < sent.size + 100_000
    check(counted, *recipes)


def test_a_vouching_recipe_that_is_not_there_vouches_for_nothing(
    local: LooseStore, counted: CountingFiles, top: Path
) -> None:
    first = stored(local, top)
    (top / "000.txt").write_bytes(b"changed")
    second = stored(local, top)
    sent = send(local, SharedStore.open(counted), [second.address], vouching=[first.address])
    assert sent == Sent(1, second.size)
    check(counted, second)


def test_the_progress_ends_with_all_bytes(local: LooseStore, counted: CountingFiles, top: Path) -> None:
    first = stored(local, top)
    send(local, SharedStore.open(counted), [first.address])
    (top / "a.bin").write_bytes(noise("changed", 3 << 20))
    second = stored(local, top)
    seen: list[Progress] = []
    send(
        local,
        SharedStore.open(counted),
        [second.address],
        vouching=[first.address],
        on_progress=seen.append,
    )
    new = sum(chunk.size for chunk in second.chunks if chunk not in first.chunks)
    assert seen[-1] == Progress(second.size, second.size, found=second.size - new)
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


# -- what is wrong at one end -----------------------------------------------------------------------------


def test_a_damaged_chunk_is_not_sent(local: LooseStore, counted: CountingFiles, top: Path) -> None:
    recipe = stored(local, top)
    bad = max(recipe.chunks, key=lambda chunk: chunk.size)
    path = stored_files(local, "chunks")[bad.blake3]
    path.chmod(0o644)
    path.write_bytes(bytes(bad.size))
    with pytest.raises(IntegrityError, match=bad.blake3):
        send(local, SharedStore.open(counted), [recipe.address])
    assert not SharedStore.open(counted).has_recipe(recipe.address)
    assert not counted.exists(f"chunks/{bad.blake3[:2]}/{bad.blake3}")


def test_a_chunk_that_is_nowhere_stops_it_before_anything_is_sent(
    local: LooseStore, counted: CountingFiles, top: Path
) -> None:
    recipe = stored(local, top)
    lost = recipe.chunks[-1].blake3
    stored_files(local, "chunks")[lost].unlink()
    with pytest.raises(NotFound, match=lost):
        send(local, SharedStore.open(counted), [recipe.address])
    assert counted.written_bytes == 0


def test_a_chunk_that_only_the_target_has_is_relied_upon(
    local: LooseStore, counted: CountingFiles, top: Path
) -> None:
    first = stored(local, top)
    send(local, SharedStore.open(counted), [first.address])
    (top / "000.txt").write_bytes(noise("changed", 40_000))
    second = stored(local, top)
    shared = {chunk.blake3 for chunk in first.chunks} & {chunk.blake3 for chunk in second.chunks}
    for address in shared:
        stored_files(local, "chunks")[address].unlink()
    send(local, SharedStore.open(counted), [second.address])
    check(counted, second)


# -- interrupted ------------------------------------------------------------------------------------------


def arrived(place: Path) -> set[str]:
    """The chunks and packs that are in the shared store."""
    return {path.relative_to(place).as_posix() for path in place.glob("[cp]*s/??/*")}


def test_after_any_failure_the_next_run_sends_the_rest(local: LooseStore, place: Path, top: Path) -> None:
    first = stored(local, top)
    (top / "000.txt").write_bytes(noise("changed", 40_000))
    recipes = [first, stored(local, top)]
    wanted = [recipe.address for recipe in recipes]
    for calls in count(1):
        shared_at(files_at(str(place)))
        try:
            send(local, SharedStore.open(FailingFiles(files_at(str(place)), calls)), wanted)
        except TransportError:
            pass
        else:
            break
        store = SharedStore.open(files_at(str(place)))
        check(store.files, *(recipe for recipe in recipes if store.has_recipe(recipe.address)))
        before = arrived(place)
        again = CountingFiles(files_at(str(place)))
        send(local, SharedStore.open(again), wanted, interrupted=True)
        written = {path for (verb, path) in again.calls if verb == "write"}
        assert before.isdisjoint(written)
        check(again, *recipes)
        shutil.rmtree(place)
    assert calls > 10


def test_a_push_that_was_not_interrupted_asks_for_no_chunk(
    local: LooseStore, counted: CountingFiles, top: Path
) -> None:
    recipe = stored(local, top)
    send(local, SharedStore.open(counted), [recipe.address])
    assert counted.counted("sizes", "chunks") == {}
    assert counted.counted("sizes", "packs") == {}


def test_an_interrupt_leaves_no_recipe(local: LooseStore, counted: CountingFiles, top: Path) -> None:
    recipe = stored(local, top)

    def interrupt(progress: Progress) -> None:
        if progress.done > 2 << 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(local, SharedStore.open(counted), [recipe.address], on_progress=interrupt)
    assert SharedStore.open(counted).absent_recipes([recipe.address]) == {recipe.address}
    send(local, SharedStore.open(counted), [recipe.address], interrupted=True)
    check(counted, recipe)


def test_a_chunk_in_no_store_is_not_found(local: LooseStore, counted: CountingFiles) -> None:
    with pytest.raises(NotFound):
        send(local, SharedStore.open(counted), [Digest("blake3", "0" * 64)])
