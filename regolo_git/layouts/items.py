"""What a layout is made of: a file's bytes as a row of items, some of which are tensors."""

from dataclasses import dataclass


class Malformed(Exception):
    """A header that lies, is cut short, or is beyond our bounds; `read_layout` turns it into None."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as its file names it; `shape` is row-major, the outermost dimension first."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """A run of `size` bytes that belongs together: a tensor, or (without `tensor`) a header or padding."""

    size: int
    tensor: TensorInfo | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A tensor (or, without one, some member of a container) at an offset in its file."""

    offset: int
    size: int
    tensor: TensorInfo | None


def fill_gaps(placed: list[Placed], size: int) -> tuple[Item, ...]:
    """The items of a file of `size` bytes in which these lie; what is between them becomes items of its own.

    Raises Malformed where two overlap or one leaves the file.
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
