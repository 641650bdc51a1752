"""A store keeps what it is given, and says what is wrong with what it cannot give back."""

import os
import resource
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from blake3 import blake3
from support.artifact_files import chunk_bytes
from support.local_store import stored_files

from regolo_git.errors import (
    IntegrityError,
    InvalidInput,
    NewerFormat,
    NotFound,
    StoreAbsent,
    TransportError,
)
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import BYTES_LIMIT, CHUNK_LIMIT, Recipe, RecipeChunk, RecipeFile, RecipeTensor
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store, find_recipe


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    local = request.param == "local"
    return LooseStore.open_or_create(str(tmp_path / "store") if local else f"memory://{secrets.token_hex(8)}")


@pytest.fixture
def local(tmp_path: Path) -> Store:
    return LooseStore.open_or_create(str(tmp_path / "store"))


def address_of(data: bytes) -> str:
    return blake3(data).hexdigest()


def chunk_of(data: bytes) -> RecipeChunk:
    return RecipeChunk(address_of(data), len(data))


def chunk_file(store: Store, data: bytes) -> Path:
    address = address_of(data)
    return Path(store.url, "chunks", address[:2], address)


def damage(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def recipe_of(data: bytes) -> Recipe:
    file = RecipeFile("", 0o644, len(data), Digest("blake3", address_of(data)))
    chunks = (RecipeChunk(address_of(data), len(data)),) if data else ()
    return Recipe("file", (file,), (), chunks)


def test_a_chunk_comes_back(store: Store) -> None:
    assert store.put_chunk(address_of(b"abc"), b"abc") is True
    assert store.put_chunk(address_of(b"abc"), b"abc") is False
    assert store.missing([chunk_of(b"abc")]) == []
    assert chunk_bytes(store, chunk_of(b"abc")) == b"abc"


def test_a_chunk_is_named_as_b3sum_names_it(local: Store) -> None:
    local.put_chunk(address_of(b"abc"), b"abc")
    assert chunk_file(local, b"abc").read_bytes() == b"abc"


def test_a_missing_chunk_is_named_with_the_next_command(store: Store) -> None:
    with pytest.raises(NotFound, match=address_of(b"abc")) as caught:
        chunk_bytes(store, chunk_of(b"abc"))
    assert str(caught.value.hint) == "git regolo fsck"


@pytest.mark.parametrize("content", [b"abX", b"ab", b"abcd", b""])
def test_a_damaged_chunk_is_named_and_set_aside(local: Store, content: bytes) -> None:
    local.put_chunk(address_of(b"abc"), b"abc")
    damage(chunk_file(local, b"abc"), content)
    with pytest.raises(IntegrityError, match=address_of(b"abc")):
        chunk_bytes(local, chunk_of(b"abc"))
    assert not chunk_file(local, b"abc").exists()
    assert Path(local.url, "quarantine", address_of(b"abc")).read_bytes() == content


def test_a_chunk_damaged_again_does_not_push_out_the_first(local: Store) -> None:
    for content in (b"abX", b"abY"):
        local.put_chunk(address_of(b"abc"), b"abc")
        damage(chunk_file(local, b"abc"), content)
        with pytest.raises(IntegrityError):
            chunk_bytes(local, chunk_of(b"abc"))
    kept = sorted(path.read_bytes() for path in Path(local.url, "quarantine").iterdir())
    assert kept == [b"abX", b"abY"]


def test_a_chunk_in_quarantine_can_be_stored_anew(local: Store) -> None:
    local.put_chunk(address_of(b"abc"), b"abc")
    damage(chunk_file(local, b"abc"), b"abX")
    with pytest.raises(IntegrityError):
        chunk_bytes(local, chunk_of(b"abc"))
    assert local.put_chunk(address_of(b"abc"), b"abc") is True
    assert chunk_bytes(local, chunk_of(b"abc")) == b"abc"


def test_a_truncated_chunk_is_replaced_when_it_is_put_again(local: Store) -> None:
    local.put_chunk(address_of(b"abc"), b"abc")
    damage(chunk_file(local, b"abc"), b"ab")
    assert local.put_chunk(address_of(b"abc"), b"abc") is True
    assert chunk_bytes(local, chunk_of(b"abc")) == b"abc"


def test_a_recipe_comes_back(store: Store) -> None:
    recipe = recipe_of(b"abc")
    address = store.put_recipe(recipe)
    assert store.has_recipe(address)
    assert store.read_recipe(address) == recipe


def test_find_recipe_returns_none_for_a_missing_recipe(store: Store) -> None:
    recipe = recipe_of(b"abc")
    assert find_recipe(store, recipe.address) is None
    store.put_recipe(recipe)
    assert find_recipe(store, recipe.address) == recipe


def test_a_missing_recipe_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="recipe"):
        store.read_recipe(recipe_of(b"abc").address)


def test_a_damaged_recipe_is_named_and_set_aside(local: Store) -> None:
    address = local.put_recipe(recipe_of(b"abc"))
    damage(Path(local.url, "recipes", address.hex[:2], address.hex), b"{}")
    with pytest.raises(IntegrityError, match=address.hex):
        local.read_recipe(address)
    assert not local.has_recipe(address)


@pytest.mark.parametrize("sizes", [(0,), (CHUNK_LIMIT + 1,), (1 << 60,), (5, 0)])
def test_a_recipe_with_a_chunk_of_a_size_that_cannot_be_is_refused(
    store: Store, sizes: tuple[int, ...]
) -> None:
    file = RecipeFile("", 0o644, sum(sizes), Digest("blake3", "0" * 64))
    chunks = tuple(RecipeChunk("0" * 64, size) for size in sizes)
    address = store.put_recipe(Recipe("file", (file,), (), chunks))
    with pytest.raises(IntegrityError, match="cannot have"):
        store.read_recipe(address)


def test_a_recipe_that_could_not_be_read_again_is_not_stored(store: Store) -> None:
    tensor = RecipeTensor("t", "F32", (0, 1 << 63), 0, 0, "0" * 64)
    with pytest.raises(InvalidInput, match="a tensor with an impossible size"):
        store.put_recipe(replace(recipe_of(b"abc"), tensors=(tensor,)))
    assert not store.has_recipe(replace(recipe_of(b"abc"), tensors=(tensor,)).address)


@pytest.mark.slow  # it takes a gigabyte
def test_a_recipe_that_is_longer_than_one_that_is_read_is_not_stored(local: Store) -> None:
    tensor = RecipeTensor("t" * BYTES_LIMIT, "F32", (0,), 0, 0, "0" * 64)
    with pytest.raises(InvalidInput, match="more files and tensors than one version can hold"):
        local.put_recipe(replace(recipe_of(b"abc"), tensors=(tensor,)))
    assert stored_files(local, "recipes") == {}


def test_opening_no_store_says_so(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(StoreAbsent, match=r"is not there: is the disk mounted\?"):
            LooseStore.open(str(place))
    with pytest.raises(StoreAbsent, match=r"'memory://nothing' is not there\n"):
        LooseStore.open("memory://nothing")
    assert list(tmp_path.iterdir()) == []


def test_an_optional_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    store = LooseStore.open(str(tmp_path / "nothing"), optional=True)
    assert store.missing([chunk_of(b"a")]) == [chunk_of(b"a")]
    assert find_recipe(store, recipe_of(b"a").address) is None
    with pytest.raises(NotFound, match="recipe"):
        store.read_recipe(recipe_of(b"a").address)
    assert store.stale_temporaries() == []
    assert list(tmp_path.iterdir()) == []


def gone(place: Path) -> None:
    shutil.rmtree(place)


def emptied(place: Path) -> None:
    gone(place)
    place.mkdir()


@pytest.mark.parametrize("lose", [gone, emptied])
def test_a_store_that_disappeared_is_distinguished_from_an_incomplete_one(
    local: Store, lose: Callable[[Path], None]
) -> None:
    recipe = recipe_of(b"abc")
    local.put_recipe(recipe)
    lose(Path(local.url))
    acts: list[Callable[[], object]] = [
        lambda: local.missing([chunk_of(b"abc")]),
        lambda: chunk_bytes(local, chunk_of(b"abc")),
        lambda: local.has_recipe(recipe.address),
        lambda: local.read_recipe(recipe.address),
    ]
    for act in acts:
        with pytest.raises(StoreAbsent, match="is not there"):
            act()


def test_nothing_is_written_in_place_of_a_lost_store(local: Store) -> None:
    gone(Path(local.url))
    acts: list[Callable[[], object]] = [
        lambda: local.put_chunk(address_of(b"a"), b"a"),
        lambda: local.put_recipe(recipe_of(b"a")),
        local.scratch_directory,
    ]
    for act in acts:
        with pytest.raises(StoreAbsent, match="is not there"):
            act()
    assert not Path(local.url).exists()


NEWER = {
    'format = 3\nchunking = "tensor-aligned-1"\n': "format 3",
    'format = 1\nchunking = "else-9"\n': "'else-9'",
    'format = 2\nchunking = "tensor-aligned-1"\nfeatures = ["zstd"]\n': "'zstd'",
}


@pytest.mark.parametrize(("text", "what"), NEWER.items())
def test_a_newer_store_is_named_newer_and_left_alone(local: Store, text: str, what: str) -> None:
    damage(Path(local.url, "format.toml"), text.encode())
    for act in (LooseStore.open, LooseStore.open_or_create):
        with pytest.raises(NewerFormat, match=what) as caught:
            act(local.url)
        assert caught.value.hint == "pip install --upgrade regolo-git"
    assert Path(local.url, "format.toml").read_text() == text


def test_a_store_whose_format_cannot_be_read_is_left_alone(local: Store) -> None:
    damage(Path(local.url, "format.toml"), b"?")
    with pytest.raises(IntegrityError):
        LooseStore.open_or_create(local.url)
    assert Path(local.url, "format.toml").read_text() == "?"


def test_a_store_of_format_2_that_uses_no_feature_is_read(local: Store) -> None:
    local.put_chunk(address_of(b"a"), b"a")
    damage(Path(local.url, "format.toml"), b'format = 2\nchunking = "tensor-aligned-1"\nfeatures = []\n')
    assert chunk_bytes(LooseStore.open(local.url), chunk_of(b"a")) == b"a"


def test_a_new_store_is_one_that_0_1_reads(local: Store) -> None:
    text = Path(local.url, "format.toml").read_text()
    assert text == 'format = 1\nchunking = "tensor-aligned-1"\n'


def test_missing_content_is_reported_once_and_in_order(store: Store) -> None:
    for data in (b"a", b"bc"):
        store.put_chunk(address_of(data), data)
    gone, short = chunk_of(b"gone"), chunk_of(b"bc")._replace(size=3)
    assert store.missing([gone, chunk_of(b"a"), short, chunk_of(b"bc"), gone]) == [gone, short]
    assert store.missing([]) == []


def test_a_damaged_chunk_is_named_also_where_it_cannot_be_moved(local: Store) -> None:
    local.put_chunk(address_of(b"abc"), b"abc")
    damage(chunk_file(local, b"abc"), b"abX")
    Path(local.url, "quarantine").write_text("in the way")  # it cannot be moved
    with pytest.raises(IntegrityError) as caught:
        chunk_bytes(local, chunk_of(b"abc"))
    assert caught.value.message.endswith("is damaged")


def test_creating_a_store_again_opens_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: LooseStore.open_or_create(str(tmp_path / "s")), range(8)))
    stores[0].put_chunk(address_of(b"a"), b"a")
    assert all(chunk_bytes(store, chunk_of(b"a")) == b"a" for store in stores)


def test_a_store_tells_how_many_calls_at_once_are_useful(store: Store) -> None:
    assert store.connections >= 1


def test_a_store_opens_again(local: Store) -> None:
    local.put_chunk(address_of(b"a"), b"a")
    assert chunk_bytes(LooseStore.open(local.url), chunk_of(b"a")) == b"a"


@pytest.fixture
def small_files_only() -> Iterator[int]:
    """No file over a megabyte can be written: stands for a disk that fills up in the middle of one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    yield 1 << 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_is_an_error_and_leaves_nothing(local: Store, small_files_only: int) -> None:
    data = bytes(small_files_only + 5000)
    with pytest.raises(TransportError):
        local.put_chunk(address_of(data), data)
    assert stored_files(local, "chunks") == {}
    assert list(Path(local.url, "tmp").iterdir()) == []


PUT_FOR_EVER = """
import os, sys
from blake3 import blake3
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store, find_recipe
store = LooseStore.open(sys.argv[1])
print("ready", flush=True)
while True:
    data = os.urandom(1 << 20) * 2
    store.put_chunk(blake3(data).hexdigest(), data)
"""


def test_a_killed_writer_leaves_whole_chunks_and_stale_temporaries_only(local: Store) -> None:
    for delay in (0.02, 0.05, 0.08):
        writer = subprocess.Popen([sys.executable, "-c", PUT_FOR_EVER, local.url], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        writer.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(delay)
        writer.kill()
        writer.communicate()
    for address in stored_files(local, "chunks"):
        assert len(chunk_bytes(local, RecipeChunk(address, 2 << 20))) == 2 << 20
    for temporary in Path(local.url, "tmp").iterdir():
        os.utime(temporary, (0, 0))
    for path in local.stale_temporaries():
        local.remove_temporary(path)
    assert list(Path(local.url, "tmp").iterdir()) == []
