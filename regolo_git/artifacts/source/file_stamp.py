"""What tells that a file has not changed without reading it: its inode, size and times."""

import os
from dataclasses import dataclass
from typing import Self

SECOND = 1_000_000_000
# Filesystems take the time from a clock that ticks every 1 to 10 ms, FAT and some network ones every 2 s.
FINE_TICK, COARSE_TICK = SECOND // 10, 2 * SECOND


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file's identity and times, in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """The stamp in what `stat` says."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def is_settled(self, now_ns: int) -> bool:
        """Whether a change after `now_ns`, the moment when this was looked up, must give another stamp.

        A file that changes twice within a tick of the filesystem's clock has the same times after both
        changes; what was read between them would be taken for what lies there now.  The change time counts,
        because nobody can set it.
        """
        tick = FINE_TICK if self.ctime_ns % SECOND else COARSE_TICK
        return now_ns - self.ctime_ns >= tick
