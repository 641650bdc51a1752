"""The size of a whole file by its header, for formats without a layout: `.npy` and HDF5."""

import struct
from typing import BinaryIO

from regolo_git.layouts import npy
from regolo_git.layouts.bounded import read_at
from regolo_git.layouts.items import Malformed

HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_WIDTH = 8  # bytes of an offset: what every library writes


def has_whole_size(head: bytes) -> bool:
    """Whether a file that starts like this is of one of these formats."""
    return head[:8] == HDF5 or head[:6] == npy.MAGIC


def whole_size(file: BinaryIO, size: int) -> int | None:
    """The size that the header says; None for any other format."""
    try:
        head = read_at(file, 0, min(size, 64))
        if head[:8] == HDF5:
            return _hdf5_size(head)
        return npy.whole_size(file, head, size)
    except (Malformed, struct.error):
        return None


def _hdf5_size(head: bytes) -> int | None:
    """The address of the end of the file, which the superblock has."""
    version = head[8]
    if version in (0, 1) and head[13] == HDF5_WIDTH:
        return int(struct.unpack_from("<Q", head, 40 if version == 0 else 44)[0])
    if version in (2, 3) and head[9] == HDF5_WIDTH:
        return int(struct.unpack_from("<Q", head, 28)[0])
    return None
