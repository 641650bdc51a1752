"""Chunks become files again: every byte at its place, whatever of it is wanted."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.artifacts.rebuild import Slice, slices
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile

NOTHING = Digest("sha256", "0" * 64)


def recipe_of(files: list[int], chunks: list[int]) -> Recipe:
    return Recipe(
        "directory",
        tuple(RecipeFile(f"{number}", 0o644, size, NOTHING) for number, size in enumerate(files)),
        (),
        tuple(RecipeChunk("0" * 64, size) for size in chunks),
    )


def test_a_file_in_two_chunks_and_a_chunk_with_two_files() -> None:
    parts = [found for _, found in slices(recipe_of([5, 0, 3], [4, 4]), {0, 1, 2})]
    assert parts == [[Slice(0, 0, 0, 4)], [Slice(0, 4, 0, 1), Slice(2, 0, 1, 3)]]


@pytest.mark.parametrize(("wanted", "chunks"), [({0}, 2), ({2}, 1), ({1}, 0), (set(), 0)])
def test_only_chunks_with_bytes_of_wanted_files_are_fetched(wanted: set[int], chunks: int) -> None:
    assert len(list(slices(recipe_of([5, 0, 3], [4, 4]), wanted))) == chunks


@given(st.lists(st.integers(0, 9), min_size=1, max_size=9), st.data())
def test_every_byte_of_the_wanted_files_is_given_once(files: list[int], data: st.DataObject) -> None:
    total = sum(files)
    cuts = data.draw(st.sets(st.integers(1, total - 1))) if total > 1 else set()
    edges = [0, *sorted(cuts), total] if total else []
    chunks = [stop - start for start, stop in pairwise(edges)]
    wanted = data.draw(st.sets(st.sampled_from(range(len(files)))))
    given_bytes = {
        (part.file, part.file_offset + byte)
        for _, parts in slices(recipe_of(files, chunks), wanted)
        for part in parts
        for byte in range(part.size)
    }
    assert given_bytes == {(number, byte) for number in wanted for byte in range(files[number])}
