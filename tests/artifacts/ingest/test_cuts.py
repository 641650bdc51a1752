"""The cuts of `tensor-aligned-1` never move: `tests/golden/chunking` holds where they are."""

import json

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from support.places import GOLDEN

from regolo_git.artifacts.ingest.cuts import GROUP, PIECE_MAX, PIECE_MIN, STEP, Group, content_pieces, steps

CHUNKING = GOLDEN / "chunking"


def content(seed: str, size: int) -> memoryview:
    """The same bytes for the same seed, forever: BLAKE3's own output, as long as one likes."""
    return memoryview(blake3(seed.encode()).digest(length=size))


def groups(items: list[tuple[int, bytes]]) -> list[int]:
    """The groups that small items of these sizes and digests join."""
    group, sizes = Group(), []
    for size, digest in items:
        if not group.admits(size):
            sizes.append(group.end())
        if group.join(size, digest):
            sizes.append(group.end())
    return [*sizes, group.end()]


def test_plain_content_is_cut_where_it_always_was() -> None:
    for case in json.loads((CHUNKING / "content.json").read_text()):
        window = content(case["seed"], case["size"])
        assert list(content_pieces(window, last=True)) == case["pieces"]


def test_groups_end_where_they_always_did() -> None:
    case = json.loads((CHUNKING / "groups.json").read_text())
    items = [(size, blake3(f"{number}".encode()).digest()) for number, size in enumerate(case["items"])]
    assert groups(items) == case["groups"]


@given(st.integers(1, 100 << 20))
def test_steps_add_up_and_only_the_last_is_short(size: int) -> None:
    sizes = list(steps(size))
    assert sum(sizes) == size
    assert set(sizes[:-1]) <= {STEP}


@given(st.lists(st.tuples(st.integers(0, 256 << 10), st.binary(min_size=32, max_size=32))))
def test_groups_add_up_and_stay_in_their_bounds(items: list[tuple[int, bytes]]) -> None:
    sizes = groups(items)
    assert sum(sizes) == sum(size for size, _ in items)
    assert max(sizes) <= GROUP


def test_an_item_of_no_bytes_ends_no_empty_group() -> None:
    assert Group().join(0, bytes(32)) is False


def test_windows_do_not_move_the_pieces() -> None:
    whole = content("windows", 20 << 20)
    at, pieces = 0, []
    while at < len(whole):
        window = whole[at : at + (6 << 20)]
        certain = list(content_pieces(window, last=at + len(window) == len(whole)))
        pieces += certain
        at += sum(certain)
    assert pieces == list(content_pieces(whole, last=True))
    assert all(PIECE_MIN <= piece <= PIECE_MAX for piece in pieces[:-1])


def test_a_byte_put_in_front_moves_the_first_pieces_only() -> None:
    whole = content("shift", 20 << 20)
    before = list(content_pieces(whole, last=True))
    after = list(content_pieces(memoryview(b"x" + bytes(whole)), last=True))
    assert before[4:] == after[-len(before[4:]) :]
