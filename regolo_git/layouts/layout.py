"""Where the tensors of a file lie, told by the file's own header.

`read_layout` goes through the formats until one recognises the file.  A header that lies or is cut short
makes the file plain bytes (None), which ingest cuts by content: nothing is refused, and nothing is ever
executed or unpickled.  Time and memory are bounded by the limits that stand in each format's module.

ONNX keeps large weights in a file beside the model (external data).  That file has no header; its layout is
in the model's protobuf, another file.  It is cut by content, which finds the unchanged tensors as well, and
saves us a parser of protobuf that hostile bytes could reach.
"""

from collections.abc import Callable
from typing import BinaryIO

from regolo_git.layouts import gguf, safetensors, zip_members
from regolo_git.layouts.items import Item, Malformed

Format = Callable[[BinaryIO, int], tuple[Item, ...] | None]
FORMATS: tuple[Format, ...] = (gguf.read, zip_members.read, safetensors.read)


def read_layout(file: BinaryIO, size: int) -> tuple[Item, ...] | None:
    """The items that cover a file of `size` bytes exactly; None where no format is sure of it.

    Moves the file's position.  Raises OSError where the file cannot be read.
    """
    for read in FORMATS:
        try:
            items = read(file, size)
        except Malformed:
            return None
        if items is not None:
            return items
    return None
