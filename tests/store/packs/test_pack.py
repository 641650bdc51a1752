"""A pack is named by its bytes, and its index is not trusted."""

import json

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from support.packed import contents_of, pack_of, recipe_of

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.store_format import PACKS, path_of
from regolo_git.store.files.contract import Files
from regolo_git.store.packs.locations import read_index
from regolo_git.store.packs.pack import (
    INDEX_LIMIT,
    MAGIC,
    TAIL_BYTES,
    Entry,
    Pack,
    index_length,
    parse_index,
)


def example(sizes: list[int]) -> Pack:
    contents = contents_of(sizes)
    return pack_of(recipe_of(contents).chunks, contents)


def test_a_pack_is_named_as_b3sum_names_it() -> None:
    pack = example([3, 5])
    assert pack.name == blake3(bytes(pack.data)).hexdigest()


def test_a_pack_has_the_chunks_as_they_are_then_the_index_and_its_length() -> None:
    contents = contents_of([3, 5])
    first, second = contents
    pack = pack_of(recipe_of(contents).chunks, contents)
    index = f'{{"entries":[["{first}",3,0,3,"raw"],["{second}",5,3,5,"raw"]],"format":1}}\n'.encode()
    body = contents[first] + contents[second]
    assert bytes(pack.data) == body + index + len(index).to_bytes(8, "little") + b"RGPACK1\n"


@pytest.mark.parametrize("sizes", [[1], [3, 5], [1] * 4096], ids=["one", "two", "many"])
def test_the_index_is_found_from_the_end(memory_files: Files, sizes: list[int]) -> None:
    pack = example(sizes)
    memory_files.write(path_of(PACKS, pack.name), memoryview(pack.data))
    found = read_index(memory_files, pack.name, len(pack.data))
    assert tuple(location.entry for location in found) == pack.entries


@given(st.binary(max_size=100), st.integers(0, 2**40))
def test_a_file_without_the_end_of_a_pack_is_refused(tail: bytes, size: int) -> None:
    with pytest.raises(IntegrityError):
        index_length(tail, size)


@pytest.mark.parametrize("length", [INDEX_LIMIT + 1, 2**64 - 1, 90])
def test_an_index_larger_than_its_pack_or_the_limit_is_not_read(length: int) -> None:
    with pytest.raises(IntegrityError):
        index_length(length.to_bytes(8, "little") + MAGIC, 80 + TAIL_BYTES)


A, B = "a" * 64, "b" * 64
HOSTILE: dict[str, object] = {
    "no object": [],
    "no format": {"entries": []},
    "no entries": {"format": 1},
    "past the end": {"format": 1, "entries": [[A, 5, 98, 5, "raw"]]},
    "overlapping": {"format": 1, "entries": [[A, 5, 0, 5, "raw"], [B, 5, 4, 5, "raw"]]},
    "unsorted": {"format": 1, "entries": [[A, 5, 10, 5, "raw"], [B, 5, 0, 5, "raw"]]},
    "negative": {"format": 1, "entries": [[A, 5, -1, 5, "raw"]]},
    "fraction": {"format": 1, "entries": [[A, 5, 0.5, 5, "raw"]]},
    "truth": {"format": 1, "entries": [[A, True, 0, True, "raw"]]},
    "huge": {"format": 1, "entries": [[A, 2**60, 0, 2**60, "raw"]]},
    "another size": {"format": 1, "entries": [[A, 5, 0, 6, "raw"]]},
    "a bomb": {"format": 1, "entries": [[A, 1 << 40, 0, 6, "zstd"]]},
    "no name": {"format": 1, "entries": [["../" * 21 + "x", 5, 0, 5, "raw"]]},
    "no encoding": {"format": 1, "entries": [[A, 5, 0, 5, ""]]},
    "control characters": {"format": 1, "entries": [[A, 5, 0, 5, "\x1b[2J"]]},
    "a long encoding": {"format": 1, "entries": [[A, 5, 0, 5, "z" * 101]]},
    "short row": {"format": 1, "entries": [[A, 5, 0, 5]]},
}


@pytest.mark.parametrize("index", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_index_is_refused(index: object) -> None:
    with pytest.raises(IntegrityError):
        parse_index(json.dumps(index).encode(), 100)


def test_a_newer_index_is_named_newer() -> None:
    with pytest.raises(NewerFormat):
        parse_index(b'{"format":2,"entries":[]}', 100)


def test_an_unknown_encoding_is_read_as_an_entry_and_named_newer_when_its_chunk_is_wanted() -> None:
    (entry,) = parse_index(json.dumps({"format": 1, "entries": [[A, 9, 0, 5, "zstd"]]}).encode(), 100)
    assert entry == Entry(A, 9, 0, 5, "zstd")
    with pytest.raises(NewerFormat, match="'zstd'") as caught:
        entry.decoded(b"12345")
    assert caught.value.hint == "pip install --upgrade regolo-git"
