"""A file's stamp, its inode, size and times, which detects a change without reading the file."""

import os
from typing import NamedTuple, Self

SECOND = 1_000_000_000
# Most filesystems have a clock that ticks every 1 to 10 ms, FAT and some network filesystems every 2 s.
FINE_TICK, COARSE_TICK = SECOND // 10, 2 * SECOND


class FileStamp(NamedTuple):
    """A file's identity and times, in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp of a `stat` result."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def is_settled(self, now_ns: int) -> bool:
        """Whether any change after `now_ns`, the moment of the `stat`, must produce another stamp.

        A file that changes twice within a tick of the filesystem's clock has the same times after both
        changes, so content read between them would be taken for the current content.  The change time counts,
        because no program can set it.
        """
        tick = FINE_TICK if self.ctime_ns % SECOND else COARSE_TICK
        return now_ns - self.ctime_ns >= tick
