"""Hints are read as what they are: they may be wrong, and never cost more than their recipe allows."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.errors import IntegrityError, NewerFormat, RegoloError
from regolo_git.store.packs.hints import Location, PackHints
from regolo_git.store.packs.pack import Entry

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)


@st.composite
def locations(draw: st.DrawFn) -> Location:
    size, offset = draw(st.integers(0, 1 << 20)), draw(st.integers(0, 1 << 24))
    entry = Entry(draw(hexes), size, offset, size, draw(st.sampled_from(["raw", "raw", "zstd"])))
    return Location(draw(st.sampled_from(["1" * 64, "2" * 64])), 1 << 25, entry)


@given(st.lists(locations(), max_size=20))
def test_hints_read_back(found: list[Location]) -> None:
    hints = PackHints.of(found)
    assert PackHints.parse(hints.to_bytes()) == hints
    assert PackHints.parse(hints.to_bytes()).to_bytes() == hints.to_bytes()


@given(st.lists(locations(), max_size=20))
def test_each_chunk_has_one_place_and_the_first_counts(found: list[Location]) -> None:
    hints = PackHints.of(found)
    first = {location.entry.chunk: location for location in reversed(found)}
    assert {location.entry.chunk: location for location in hints.locations} == first
    assert len(hints.locations) == len(first)


@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(RegoloError):
        PackHints.parse(data)


A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    "document",
    [
        {"packs": []},
        {"format": 1},
        {"format": 1, "packs": {}},
        {"format": 1, "packs": [{"pack": "../x", "size": 1, "entries": []}]},
        {"format": 1, "packs": [{"pack": A, "size": -1, "entries": []}]},
        {"format": 1, "packs": [{"pack": A, "size": 9, "entries": [[B, 5, 5, 5, "raw"]]}]},
        {"format": 1, "packs": [{"pack": A, "size": 9, "entries": [["B", 5, 0, 5, "raw"]]}]},
        {"format": 1, "packs": [{"pack": A, "size": 2**70, "entries": []}]},
    ],
    ids=["no format", "no packs", "no list", "no name", "negative", "past the end", "no chunk", "huge"],
)
def test_hostile_hints_are_refused(document: object) -> None:
    with pytest.raises(IntegrityError):
        PackHints.parse(json.dumps(document).encode())


def test_newer_hints_are_named_newer() -> None:
    with pytest.raises(NewerFormat):
        PackHints.parse(b'{"format":2,"packs":[]}')
