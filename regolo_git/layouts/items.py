"""The parts of a layout: a file as a sequence of items, some of which are tensors."""

from dataclasses import dataclass
from typing import NamedTuple


class Malformed(Exception):
    """A header is false, truncated or over a limit; `read_layout` turns this into None."""


class Cut(Malformed):
    """A header is plausible but the file ends before what it says: `said` is the whole size in bytes.

    `said` is None if the file ends in the header itself.
    """

    def __init__(self, said: int | None) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as named in its file; `shape` is row-major, outermost dimension first."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class Item(NamedTuple):
    """A run of `size` bytes: a tensor, or (without `tensor`) a header or padding."""

    size: int
    tensor: TensorInfo | None = None


class Placed(NamedTuple):
    """A tensor, or (without `tensor`) another member of a container, at an offset in its file."""

    offset: int
    size: int
    tensor: TensorInfo | None


def fill_gaps(placed: list[Placed], size: int) -> tuple[Item, ...]:
    """Covers a file of `size` bytes with items; each gap between the placed ones becomes an item.

    Raises Malformed if two overlap or one extends past the end of the file.
    """
    items: list[Item] = []
    end = 0
    for place in sorted(placed, key=lambda p: (p.offset, p.size)):
        if place.offset < end or place.offset + place.size > size:
            raise Malformed
        if place.offset > end:
            items.append(Item(place.offset - end))
        if place.size or place.tensor:
            items.append(Item(place.size, place.tensor))
        end = place.offset + place.size
    if end < size:
        items.append(Item(size - end))
    return tuple(items)
