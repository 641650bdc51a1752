"""Several ranges of one file, read with few requests."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

# About what a request costs: reading all gaps, or none, is several times slower.
GAP_LIMIT = 256 << 10
SPAN_LIMIT = 16 << 20

Range = tuple[int, int]  # offset, length
Reader = Callable[[Range], bytes]


class Span(NamedTuple):
    """Bytes to read at once, and the numbers of the ranges that they hold."""

    offset: int
    end: int
    numbers: list[int]


def spans_of(ranges: Sequence[Range]) -> list[Span]:
    """The fewest spans that hold all ranges that are not empty.

    Ranges join if one holds the other, or at most GAP_LIMIT is between them and the span stays within
    SPAN_LIMIT.
    """
    spans: list[Span] = []
    for number in sorted(range(len(ranges)), key=lambda number: ranges[number]):
        offset, length = ranges[number]
        if not length:
            continue
        last = spans[-1] if spans else None
        end = max(last.end, offset + length) if last else offset + length
        if last and (end == last.end or (offset - last.end <= GAP_LIMIT and end - last.offset <= SPAN_LIMIT)):
            spans[-1] = Span(last.offset, end, [*last.numbers, number])
        else:
            spans.append(Span(offset, offset + length, [number]))
    return spans


def read_by_spans(
    ranges: Sequence[Range], read: Reader, map_: Callable[[Reader, Sequence[Range]], Iterable[bytes]] = map
) -> list[bytes]:
    """The bytes of each range, in the order of the ranges.

    `read` reads one span as `Files.read_range` does; `map_` may call it for several at once.
    """
    found = [b""] * len(ranges)
    spans = spans_of(ranges)
    wanted = [(span.offset, span.end - span.offset) for span in spans]
    for span, data in zip(spans, map_(read, wanted), strict=True):
        for number in span.numbers:
            offset, length = ranges[number]
            start = offset - span.offset
            found[number] = data[start : start + length]
    return found
