"""The positions of the tensors in a file, from the file's own header.

`read_layout` tries the formats until one recognizes the file.  A false or truncated header makes the file
plain bytes (None), which ingest cuts by content: no file is rejected, and nothing is ever executed or
unpickled.  The limits in each format's module bound time and memory.

ONNX keeps large weights in a file beside the model (external data).  That file has no header; its layout is
in the model's protobuf, another file.  It is cut by content, which finds the unchanged tensors as well;
`onnx.py` reads only which files a model names.
"""

from collections.abc import Callable
from typing import BinaryIO, NamedTuple

from regolo_git.layouts import gguf, safetensors, zip_members
from regolo_git.layouts.items import Cut, Item, Malformed

Format = Callable[[BinaryIO, int], tuple[Item, ...] | None]
HEAD = 10
SELF_DESCRIBED = (".gguf", ".onnx", ".skops")
FORMATS: tuple[Format, ...] = (gguf.read, zip_members.read, safetensors.read)


def may_have_layout(head: bytes) -> bool:
    """Whether a file that starts like this, with `HEAD` bytes or all it has, may be of one of the formats."""
    return head[:4] in (gguf.MAGIC, zip_members.LOCAL) or head[8:9] == b"{"


def may_describe_itself(name: str) -> bool:
    """Whether a file of this name may say its inputs and outputs; `artifacts/interfaces.py` reads them."""
    return name.lower().endswith(SELF_DESCRIBED)


class Layout(NamedTuple):
    """The items of a file; or None, and what its header says if the file ends before that."""

    items: tuple[Item, ...] | None
    cut: Cut | None = None


def inspect_layout(file: BinaryIO, size: int) -> Layout:
    """Like `read_layout`, with what the header says about a file that was cut."""
    for read in FORMATS:
        try:
            items = read(file, size)
        except Cut as cut:
            return Layout(None, cut)
        except Malformed:
            return Layout(None)
        if items is not None:
            return Layout(items)
    return Layout(None)


def read_layout(file: BinaryIO, size: int) -> tuple[Item, ...] | None:
    """The items that cover a file of `size` bytes exactly; None if no format recognizes it.

    Moves the file's position.  Raises OSError if the file cannot be read.
    """
    return inspect_layout(file, size).items
