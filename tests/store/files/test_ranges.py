"""Ranges of a file are read with few requests, and without reading much that nobody wants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regolo_git.store.files.ranges import GAP_LIMIT, SPAN_LIMIT, Range, read_by_spans, spans_of

K = 1 << 10


@pytest.mark.parametrize(
    ("ranges", "spans"),
    [
        ([], []),
        ([(5, 0)], []),
        ([(0, 10), (10, 10)], [(0, 20)]),
        ([(10, 10), (0, 10)], [(0, 20)]),
        ([(0, 100), (20, 10), (50, 80)], [(0, 130)]),
        ([(0, 1), (1 + GAP_LIMIT, 1)], [(0, 2 + GAP_LIMIT)]),
        ([(0, 1), (2 + GAP_LIMIT, 1)], [(0, 1), (2 + GAP_LIMIT, 3 + GAP_LIMIT)]),
        ([(0, SPAN_LIMIT - K), (SPAN_LIMIT - K, K)], [(0, SPAN_LIMIT)]),
        ([(0, SPAN_LIMIT), (SPAN_LIMIT, 1)], [(0, SPAN_LIMIT), (SPAN_LIMIT, SPAN_LIMIT + 1)]),
        ([(0, 2 * SPAN_LIMIT), (5, 1)], [(0, 2 * SPAN_LIMIT)]),
    ],
)
def test_near_ranges_are_read_at_once(ranges: list[Range], spans: list[tuple[int, int]]) -> None:
    assert [(span.offset, span.end) for span in spans_of(ranges)] == spans


@given(st.lists(st.tuples(st.integers(0, 3 << 20), st.integers(0, 1 << 20)), max_size=30))
def test_each_range_gets_its_own_bytes(ranges: list[Range]) -> None:
    data = bytes(range(251)) * 9000
    read: list[Range] = []

    def read_one(span: Range) -> bytes:
        read.append(span)
        return data[span[0] : sum(span)]

    found = read_by_spans(ranges, read_one)
    assert found == [data[offset : offset + length] for offset, length in ranges]
    wanted = [one for one in ranges if one[1]]
    assert sum(length for _, length in read) <= sum(length + GAP_LIMIT for _, length in wanted)
    assert all(length <= SPAN_LIMIT for _, length in read)
