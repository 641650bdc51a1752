"""A shared store gives back what was pushed, with few requests, and is never changed by reading."""

import json
import os
import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.artifact_files import chunk_bytes
from support.counting_files import CountingFiles
from support.failing_files import FailingFiles
from support.packed import Contents, contents_of, pack_of, push, recipe_of, shared_at

from regolo_git.errors import Conflict, IntegrityError, NotFound, RegoloError, StoreAbsent, TransportError
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.records.store_format import PACKS, RECIPES, StoreFormat, hints_path, path_of
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.packs.hints import PackHints
from regolo_git.store.packs.pack import INDEX_LIMIT, MAGIC, Entry
from regolo_git.store.shared import SharedStore

SMALL = [40_000] * 60
MIXED = [100, 300_000, 1 << 20, 5, 900_000, (1 << 20) - 1, 2 << 20]


@pytest.fixture
def files() -> Files:
    return files_at(f"memory://{secrets.token_hex(8)}")


def listed(files: Files) -> dict[str, bytes]:
    """Every file of a store with its content."""
    return {file.path: files.read_range(file.path, 0, file.size) for file in files.walk("")}


def fetched(store: SharedStore, recipe: Recipe, chunks: Sequence[RecipeChunk] | None = None) -> Contents:
    found = store.read_chunks(recipe, recipe.chunks if chunks is None else chunks)
    return {chunk.blake3: bytes(data) for chunk, data in found}


def pack_files(files: Files) -> list[str]:
    return [file.path for file in files.walk(PACKS)]


# -- reading what was pushed ------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [[], [7], SMALL, MIXED], ids=["none", "one", "small", "mixed"])
def test_pushed_artifacts_are_read_back(files: Files, sizes: list[int]) -> None:
    contents = contents_of(sizes)
    recipe = push(shared_at(files), contents)
    store = SharedStore.open(files)
    assert fetched(store, recipe) == contents
    assert store.read_recipe(recipe.address) == recipe
    assert store.missing(recipe.chunks) == []
    store.expect(recipe, recipe.chunks)
    assert {chunk.blake3: chunk_bytes(store, chunk) for chunk in recipe.chunks} == contents


def test_chunks_that_nobody_announced_are_found_by_the_indexes(files: Files) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    store = SharedStore.open(files)
    assert chunk_bytes(store, recipe.chunks[7]) == contents[recipe.chunks[7].blake3]
    assert store.missing(recipe.chunks) == []


def test_small_chunks_are_in_packs_and_others_are_not(files: Files) -> None:
    push(shared_at(files), contents_of(MIXED))
    assert len(pack_files(files)) == 1
    assert sorted(file.size for file in files.walk("chunks")) == [1 << 20, 2 << 20]


def test_a_second_version_takes_over_the_packs_of_the_first(files: Files) -> None:
    store = shared_at(files)
    first = contents_of(SMALL)
    parent = push(store, first)
    second = {**dict(list(first.items())[:50]), **contents_of([20_000] * 10, seed=1)}
    recipe = push(store, second, [parent])
    assert len(pack_files(files)) == 2
    assert fetched(SharedStore.open(files), recipe) == second


def test_recipes_are_told_apart_from_their_hints(files: Files) -> None:
    store = shared_at(files)
    recipes = [push(store, contents_of(SMALL, seed)) for seed in range(3)]
    assert store.recipe_names() == {recipe.address.hex for recipe in recipes}
    absent = recipe_of(contents_of([1])).address
    assert store.absent_recipes([recipes[0].address, absent]) == {absent}
    many = [recipe_of(contents_of([2], seed)).address for seed in range(300)]
    assert store.absent_recipes([*many, recipes[1].address]) == set(many)
    assert store.has_recipe(recipes[0].address)
    assert not store.has_recipe(absent)


# -- requests ---------------------------------------------------------------------------------------------


def reads_of(files: CountingFiles) -> int:
    return sum(
        n for (verb, _), n in files.calls.items() if verb in ("read_range", "read_ranges", "read_into")
    )


def test_a_push_of_small_chunks_takes_a_request_for_each_pack(files: Files) -> None:
    contents = contents_of([400_000] * 90)  # 36 MB: three packs
    counting = CountingFiles(files)
    store = shared_at(counting)
    counting.reset()
    recipe = recipe_of(contents)
    push(store, contents)
    written = [path for (verb, path) in counting.calls if verb == "write"]
    assert len(written) == 3 + 1 + 1
    assert written[-2:] == [hints_path(recipe.address.hex), path_of(RECIPES, recipe.address.hex)]


@pytest.mark.parametrize("batch", [True, False], ids=["batch", "one by one"])
def test_chunks_of_one_pack_are_read_at_once(files: Files, batch: bool) -> None:
    recipe = push(shared_at(files), contents_of([400_000] * 90))
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    counting.reset()
    if batch:
        fetched(store, recipe)
    else:
        store.expect(recipe, recipe.chunks)
        for chunk in recipe.chunks:
            chunk_bytes(store, chunk)
    assert reads_of(counting) == 1 + 3


def test_only_the_ranges_that_are_wanted_are_read(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([400_000] * 40))
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    counting.reset()
    wanted = [recipe.chunks[3], recipe.chunks[30]]
    assert set(fetched(store, recipe, wanted)) == {chunk.blake3 for chunk in wanted}
    assert counting.read_bytes < 2 * 400_000 + 10_000


def test_a_chunk_that_is_read_alone_costs_no_more_than_itself(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([400_000] * 40))
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    store.expect(recipe, ())
    counting.reset()
    chunk_bytes(store, recipe.chunks[9])
    assert counting.read_bytes < 400_000 + 10_000


def test_a_chunk_that_is_wanted_again_is_read_alone(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([400_000] * 40))
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    store.expect(recipe, recipe.chunks)
    for chunk in recipe.chunks:
        chunk_bytes(store, chunk)
    counting.reset()
    chunk_bytes(store, recipe.chunks[3])
    assert counting.read_bytes == 400_000


def test_several_threads_read_a_pack_once(files: Files) -> None:
    contents = contents_of([400_000] * 30)
    recipe = push(shared_at(files), contents)
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    store.expect(recipe, recipe.chunks)
    counting.reset()
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda chunk: chunk_bytes(store, chunk), recipe.chunks))
    assert read == list(contents.values())
    assert reads_of(counting) == 2


def test_a_recipe_of_large_chunks_asks_for_no_hints(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([2 << 20] * 2))
    counting = CountingFiles(files)
    fetched(SharedStore.open(counting), recipe)
    assert counting.counted("read_range", RECIPES) == {}


# -- what is wrong, out of date or missing ----------------------------------------------------------------


def replaced(files: Files, path: str, data: bytes) -> None:
    files.write(path, data)


def test_a_pack_that_moved_is_found_by_hints_that_are_read_again(files: Files) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    store = SharedStore.open(files)
    assert chunk_bytes(store, recipe.chunks[0])  # by the indexes; its hints are not known
    store.expect(recipe, ())
    assert chunk_bytes(store, recipe.chunks[0])  # now they are
    (old,) = pack_files(files)
    shuffled = pack_of(reversed(recipe.chunks), contents)
    store.put_hints(recipe, store.put_pack(shuffled))
    files.remove(old)
    assert fetched(store, recipe) == contents


def test_loose_copies_stand_in_for_a_pack_that_is_gone(files: Files) -> None:
    contents = contents_of(SMALL)
    store = shared_at(files)
    recipe = push(store, contents)
    files.remove(pack_files(files)[0])
    assert store.missing(recipe.chunks) == list(recipe.chunks)
    for address, data in contents.items():
        store.put_chunk(address, data)
    assert fetched(SharedStore.open(files), recipe) == contents
    assert store.missing(recipe.chunks) == []


@pytest.mark.parametrize(
    "hints", [b"", b"{", b'{"format":1,"packs":[]}', b'{"format":9}', b"x" * (1 << 20)], ids=range(5)
)
def test_without_hints_that_can_be_read_the_indexes_are(files: Files, hints: bytes) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    files.remove(hints_path(recipe.address.hex))
    if hints:
        files.write(hints_path(recipe.address.hex), hints)
    assert fetched(SharedStore.open(files), recipe) == contents


def test_without_hints_the_chunks_of_a_pack_are_still_read_together(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([400_000] * 90))
    files.remove(hints_path(recipe.address.hex))
    counting = CountingFiles(files)
    store = SharedStore.open(counting)
    counting.reset()
    fetched(store, recipe)
    assert reads_of(counting) == 2 + 3 + 3  # hints twice, three indexes, three packs
    assert sum(counting.calls.values()) == 8 + 2  # one size, one list


def test_hints_that_lie_are_seen_through(files: Files) -> None:
    contents = contents_of(SMALL)
    store = shared_at(files)
    recipe = push(store, contents)
    lies = [
        found._replace(entry=found.entry._replace(offset=0)) for found in store.read_hints(recipe).locations
    ]
    files.write(hints_path(recipe.address.hex), PackHints.of(lies).to_bytes())
    assert fetched(SharedStore.open(files), recipe) == contents


def test_hints_that_name_other_chunks_or_sizes_are_passed_over(files: Files) -> None:
    contents = contents_of(SMALL)
    store = shared_at(files)
    recipe = push(store, contents)
    (first, *_) = store.read_hints(recipe).locations
    lies = [
        first._replace(entry=Entry(recipe.chunks[0].blake3, 9, 0, 9)),
        first._replace(entry=Entry("f" * 64, 9, 0, 9)),
    ]
    files.write(hints_path(recipe.address.hex), PackHints.of(lies).to_bytes())
    assert fetched(SharedStore.open(files), recipe) == contents


def test_a_file_that_is_not_a_pack_is_skipped(files: Files) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    files.remove(hints_path(recipe.address.hex))
    (good,) = pack_files(files)
    data = files.read_range(good, 0, 1 << 30)
    for number, noise in enumerate(
        [
            b"",
            b"noise" * 10,
            data[:-1],
            data[:-16] + (2**63).to_bytes(8, "little") + MAGIC,
            data[:-16] + (INDEX_LIMIT + 1).to_bytes(8, "little") + MAGIC,
            b'{"entries":[]}' + (14).to_bytes(8, "little") + MAGIC,
            b"[" * 100_000 + (100_000).to_bytes(8, "little") + MAGIC,
        ]
    ):
        files.write(path_of(PACKS, f"{number:064x}"), noise)
    files.write(f"{PACKS}/00/readme", b"mine")
    store = SharedStore.open(files)
    assert store.missing(recipe.chunks) == []
    assert fetched(store, recipe) == contents


def test_a_pack_that_claims_a_chunk_with_other_bytes_is_seen_through(files: Files) -> None:
    contents = contents_of(SMALL)
    store = shared_at(files)
    recipe = recipe_of(contents)
    false = pack_of(recipe.chunks, {address: bytes(len(data)) for address, data in contents.items()})
    store.put_hints(recipe, store.put_pack(false))
    store.put_recipe(recipe)
    with pytest.raises(IntegrityError, match=recipe.chunks[0].blake3):
        fetched(store, recipe)
    for address, data in contents.items():
        store.put_chunk(address, data)
    assert fetched(store, recipe) == contents


def test_a_missing_chunk_is_named(files: Files) -> None:
    recipe = push(shared_at(files), contents_of(SMALL))
    files.remove(pack_files(files)[0])
    store = SharedStore.open(files)
    with pytest.raises(NotFound, match=recipe.chunks[0].blake3):
        fetched(store, recipe)
    with pytest.raises(NotFound, match=recipe.chunks[1].blake3):
        chunk_bytes(store, recipe.chunks[1])


@pytest.mark.parametrize("sizes", [SMALL, [1 << 20] * 2], ids=["packed", "loose"])
def test_damage_is_named_costs_the_other_chunks_nothing_and_stays(files: Files, sizes: list[int]) -> None:
    contents = contents_of(sizes)
    recipe = push(shared_at(files), contents)
    victim = recipe.chunks[1]
    path = next(path for path, data in listed(files).items() if contents[victim.blake3] in data)
    files.write(path, listed(files)[path].replace(contents[victim.blake3], bytes(victim.size)))
    before = listed(files)
    store = SharedStore.open(files)
    failed: list[tuple[RecipeChunk, RegoloError]] = []
    found = {c.blake3 for c, _ in store.read_chunks(recipe, recipe.chunks, lambda *each: failed.append(each))}
    assert found == {*contents} - {victim.blake3}
    ((chunk, error),) = failed
    assert chunk == victim
    assert isinstance(error, IntegrityError)
    with pytest.raises(IntegrityError, match=victim.blake3):
        chunk_bytes(store, victim)
    assert listed(files) == before


def test_a_damaged_recipe_is_named_and_stays(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([5]))
    files.write(path_of(RECIPES, recipe.address.hex), b"{}")
    before = listed(files)
    with pytest.raises(IntegrityError, match=recipe.address.hex):
        SharedStore.open(files).read_recipe(recipe.address)
    assert listed(files) == before


class FlippedOnce(CountingFiles):
    """Flips a byte of the first answer for each path, as a bad connection may."""

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        data = super().read_range(path, offset, length)
        first = self.calls["read_range", path] == 1 and path != "format.toml"
        return data[:-1] + bytes([data[-1] ^ 1]) if first and data else data


def test_a_chunk_damaged_in_transit_is_read_again(files: Files) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    store = SharedStore.open(FlippedOnce(files))
    assert store.read_recipe(recipe.address) == recipe
    assert fetched(store, recipe) == contents
    files.remove(hints_path(recipe.address.hex))
    assert fetched(SharedStore.open(FlippedOnce(files)), recipe) == contents


def test_a_dead_store_ends_a_batch_at_once(files: Files) -> None:
    recipe = push(shared_at(files), contents_of([1 << 20] * 20))
    store = SharedStore.open(FailingFiles(files, 3))
    with pytest.raises(TransportError):
        fetched(store, recipe)


class Unlisted(CountingFiles):
    """Who asks may read, and not list."""

    def walk(self, directory: str):  # type: ignore[no-untyped-def]
        raise PermissionError(directory)


def test_a_store_that_lists_nothing_is_read_by_its_hints(files: Files) -> None:
    contents = contents_of(MIXED)
    recipe = push(shared_at(files), contents)
    store = SharedStore.open(Unlisted(files))
    assert fetched(store, recipe) == contents
    assert store.missing(recipe.chunks) == []
    gone = recipe_of(contents_of([3])).chunks
    with pytest.raises(NotFound):
        chunk_bytes(store, gone[0])
    with pytest.raises(TransportError):  # nothing says that it is not in a pack
        store.missing(gone)
    store.expect(recipe_of(contents_of([3])), ())
    assert store.missing(gone) == list(gone)


# -- the format -------------------------------------------------------------------------------------------


def plain_store(files: Files) -> None:
    files.create("format.toml", StoreFormat().to_text().encode())


def test_a_new_store_may_have_packs(files: Files) -> None:
    assert SharedStore.create(files) is True
    assert SharedStore.create(files) is False
    text = files.read_range("format.toml", 0, 100)
    assert text == b'format = 2\nchunking = "tensor-aligned-1"\nfeatures = ["packs"]\n'


def test_a_store_of_format_1_is_raised_before_its_first_pack_after_a_question(files: Files) -> None:
    plain_store(files)
    asked: list[str] = []
    counting = CountingFiles(files)
    store = SharedStore.open(counting, lambda question: not asked.append(question))
    push(store, contents_of([1 << 20]))  # needs no pack
    assert asked == []
    counting.reset()
    contents = contents_of(SMALL)
    recipe = push(store, contents)
    assert len(asked) == 1
    written = [path for (verb, path) in counting.calls if verb == "write"]
    assert written[0] == "format.toml"
    assert b'features = ["packs"]' in files.read_range("format.toml", 0, 100)
    assert fetched(SharedStore.open(files), recipe) == contents


def test_a_store_of_format_1_stays_so_where_nobody_agrees(files: Files) -> None:
    plain_store(files)
    before = listed(files)
    with pytest.raises(Conflict, match="format 1"):
        push(SharedStore.open(files), contents_of(SMALL))
    assert listed(files) == before


def test_keys_that_are_not_known_survive(files: Files) -> None:
    files.create("format.toml", StoreFormat().to_text().encode() + b'note = "ours"\n')
    SharedStore.open(files, lambda _: True).prepare_packs()
    assert b'note = "ours"' in files.read_range("format.toml", 0, 200)


class Overwritten(CountingFiles):
    """Another writer, who has read the file before, replaces `format.toml` at the first chance."""

    def write(self, path: str, data: bytes | memoryview) -> None:
        super().write(path, data)
        if path == "format.toml" and self.calls["write", path] == 1:
            self._files.write(path, StoreFormat().to_text().encode())


def test_a_feature_is_added_until_it_is_there(files: Files) -> None:
    plain_store(files)
    SharedStore.open(Overwritten(files), lambda _: True).prepare_packs()
    assert b"packs" in files.read_range("format.toml", 0, 100)


def test_a_feature_that_got_lost_is_there_again_before_the_recipe(files: Files) -> None:
    plain_store(files)
    store = SharedStore.open(files, lambda _: True)
    store.prepare_packs()
    files.write("format.toml", StoreFormat().to_text().encode())
    recipe = push(store, contents_of(SMALL))
    assert store.has_recipe(recipe.address)
    assert b"packs" in files.read_range("format.toml", 0, 100)


def test_many_writers_raise_a_store_at_once(files: Files) -> None:
    plain_store(files)
    stores = [SharedStore.open(files, lambda _: True) for _ in range(6)]
    barrier = threading.Barrier(6)

    def raise_it(store: SharedStore) -> None:
        barrier.wait()
        store.prepare_packs()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(raise_it, stores))
    assert b'features = ["packs"]' in files.read_range("format.toml", 0, 100)


def test_a_store_that_is_not_there_is_absent(files: Files, tmp_path: Path) -> None:
    with pytest.raises(StoreAbsent):
        SharedStore.open(files)
    store = shared_at(files_at(str(tmp_path / "store")))
    recipe = push(store, contents_of([5]))
    (tmp_path / "store").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreAbsent):
        store.read_recipe(recipe.address)
    with pytest.raises(StoreAbsent):
        store.recipe_names()


def test_a_local_store_that_is_shared_with_packs_is_read_too(tmp_path: Path) -> None:
    contents = contents_of(MIXED)
    recipe = push(shared_at(files_at(str(tmp_path / "store"))), contents)
    local = LooseStore.open(str(tmp_path / "store"))
    local.expect(recipe, recipe.chunks)
    assert {chunk.blake3: chunk_bytes(local, chunk) for chunk in recipe.chunks} == contents
    assert local.missing(recipe.chunks) == []
    assert local.recipe_names() == {recipe.address.hex}
    unknown = recipe_of(contents_of([3])).chunks
    assert local.missing(unknown) == list(unknown)
    with pytest.raises(NotFound):
        chunk_bytes(local, unknown[0])


# -- kills ------------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_push_killed_at_any_call_leaves_only_readable_recipes(
    data: st.DataObject,
) -> None:
    files = files_at(f"memory://{secrets.token_hex(8)}")
    shared_at(files)
    sizes = st.lists(st.sampled_from([1, 999, 70_000, 1 << 20]), max_size=6)
    pushed: list[tuple[Recipe, Contents]] = []
    for seed in range(data.draw(st.integers(1, 4))):
        old = data.draw(st.sampled_from(pushed))[1] if pushed else {}
        kept = {a: old[a] for a in old if data.draw(st.booleans())}
        contents = {**kept, **contents_of(data.draw(sizes), seed)}
        vouching = [recipe for recipe, _ in pushed]
        try:
            push(SharedStore.open(FailingFiles(files, data.draw(st.integers(1, 12)))), contents, vouching)
        except TransportError:
            counting = CountingFiles(files)
            there = set(listed(files))
            push(SharedStore.open(counting), contents, vouching)
            again = {path for (verb, path) in counting.calls if verb == "write"}
            assert {path for path in again & there if path.startswith(PACKS)} == set()
        pushed.append((recipe_of(contents), contents))
        store = SharedStore.open(files)
        assert store.recipe_names() == {recipe.address.hex for recipe, _ in pushed}
        for recipe, expected in pushed:
            assert fetched(store, recipe) == expected


def test_the_same_push_forms_the_same_packs(files: Files) -> None:
    other = files_at(f"memory://{secrets.token_hex(8)}")
    for each in (files, other):
        push(shared_at(each), contents_of(SMALL))
    assert json.dumps(sorted(listed(files))) == json.dumps(sorted(listed(other)))


def test_a_forked_child_reads_while_a_thread_of_its_parent_does(files: Files) -> None:
    contents = contents_of(SMALL)
    recipe = push(shared_at(files), contents)
    inside, go_on = threading.Event(), threading.Event()

    class Stalled(CountingFiles):
        def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
            if threading.current_thread() is not threading.main_thread():
                inside.set()
                go_on.wait(60)
            return super().read_ranges(path, ranges)

    store = SharedStore.open(Stalled(files))
    store.expect(recipe, ())
    thread = threading.Thread(target=chunk_bytes, args=(store, recipe.chunks[0]))
    thread.start()
    assert inside.wait(60)
    child = os.fork()
    if not child:
        os._exit(0 if chunk_bytes(store, recipe.chunks[0]) == contents[recipe.chunks[0].blake3] else 1)
    assert os.waitpid(child, 0)[1] == 0
    go_on.set()
    thread.join()


def test_pushes_at_once_of_versions_that_share_chunks_all_land(tmp_path: Path) -> None:
    files = files_at(str(tmp_path / "store"))
    base = contents_of(SMALL)
    parent = push(shared_at(files), base)
    versions = [{**dict(list(base.items())[n:]), **contents_of([30_000] * 9, seed=n)} for n in range(1, 7)]
    barrier = threading.Barrier(12)

    def run(number: int) -> Recipe:
        barrier.wait()
        vouching = [parent] if number % 2 else []  # each version twice, in different packs
        return push(SharedStore.open(files), versions[number // 2], vouching)

    with ThreadPoolExecutor(12) as pool:
        recipes = list(pool.map(run, range(12)))
    store = SharedStore.open(files)
    for number, recipe in enumerate(recipes):
        assert fetched(store, recipe) == versions[number // 2]
        assert store.missing(recipe.chunks) == []
