"""What this operating system offers, asked in one place.

Everything here has another way, or does nothing, where a call is missing: the program needs POSIX, not Linux.
The rest of the core names none of these calls.
"""

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes
    from pathlib import Path

READ = os.O_RDONLY | os.O_CLOEXEC
NO_WAIT = getattr(os, "O_NONBLOCK", 0)
DIRECT = getattr(os, "O_DIRECT", 0)  # writes past the page cache; 0 where they go through it
_FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)  # macOS: fsync leaves the bytes in the disk's own cache
_START_WRITING = 2  # SYNC_FILE_RANGE_WRITE
_MOST_HEAPS = -8  # M_ARENA_MAX
_LEAST_FROM_SYSTEM = -3  # M_MMAP_THRESHOLD
_LARGE = 1 << 20
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFSOCK: "a socket",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link that leads nowhere",
}
# What opening says of a socket, a device without a driver, or a circle of links.
_NOT_OPENED = (errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP, errno.ELOOP)


class NotOrdinary(OSError):
    """Something else than an ordinary file has the name of one; `kind` is its name in messages."""

    def __init__(self, path: object, kind: str) -> None:
        super().__init__(errno.EINVAL, f"it is {kind}, not a file", str(path))
        self.kind = kind


def open_ordinary(path: "str | Path") -> int:
    """A descriptor to read an ordinary file, links followed; a pipe or device never makes it wait.

    Raises NotOrdinary, and OSError like `os.open`.
    """
    try:
        descriptor = os.open(path, READ | NO_WAIT)
    except OSError as error:
        if error.errno in _NOT_OPENED:
            raise NotOrdinary(path, kind_of(os.lstat(path).st_mode)) from error
        raise
    try:
        check_ordinary(path, descriptor)
    except NotOrdinary:
        os.close(descriptor)
        raise
    return descriptor


def check_ordinary(path: "str | Path", descriptor: int) -> None:
    """Raises NotOrdinary if what was opened is not an ordinary file."""
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise NotOrdinary(path, kind_of(mode))


def read_ordinary(path: "Path") -> bytes:
    """The content of an ordinary file.  Raises the errors of `open_ordinary`."""
    with os.fdopen(open_ordinary(path), "rb") as file:
        return file.read()


def read_whole(descriptor: int, view: memoryview) -> int:
    """Reads a file from its start into a view; returns the bytes read, one more if the file goes on."""
    beyond = bytearray(1)
    at = 0
    while at <= len(view):
        count = os.preadv(descriptor, [view[at:], beyond], at)
        if not count:
            break
        at += count
    return at


def kind_of(mode: int) -> str:
    """What has this mode, in the words of messages."""
    return _KINDS.get(stat.S_IFMT(mode), "not an ordinary file")


def random_name(length: int) -> str:
    """So many random bytes in hexadecimal; importing `secrets` takes a millisecond."""
    return os.urandom(length).hex()


def pause(least: float, most: float) -> None:
    """Sleeps for a random time, in seconds, before another try for a lock."""
    time.sleep(least + (most - least) * os.urandom(1)[0] / 255)


def make_durable(descriptor: int) -> None:
    """Returns once the bytes of a file, or the entries of a directory, are on the disk."""
    if _FULL_SYNC is not None:
        with suppress(OSError):  # a filesystem without it
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
    os.fsync(descriptor)


def start_writing(descriptor: int, offset: int, length: int) -> None:
    """Lets the disk begin to write a part of a file that is made durable later, where that is possible."""
    call = _sync_file_range()
    if call is not None:
        import ctypes  # noqa: PLC0415 - only a checkout needs it

        call(descriptor, ctypes.c_int64(offset), ctypes.c_int64(length), _START_WRITING)


@cache
def _sync_file_range() -> "ctypes._NamedFuncPointer | None":
    import ctypes  # noqa: PLC0415 - only a checkout needs it

    try:
        return getattr(ctypes.CDLL(None), "sync_file_range", None)
    except (OSError, TypeError):
        return None


def page_aligned(size: int, *, huge: bool = False) -> memoryview:
    """Memory of `size` bytes that begins with a page, as direct writes require.

    With `huge`, in large pages where there are any: 8 page faults in 16 MiB instead of 4096, and fewer pieces
    for the disk.
    """
    import mmap  # noqa: PLC0415 - only large files need it

    # Private, because shared memory has no large pages.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    advice = getattr(mmap, "MADV_HUGEPAGE", None)
    if huge and advice is not None:
        with suppress(OSError):  # a kernel without them
            memory.madvise(advice)
    return memoryview(memory)


def new_memory(size: int) -> memoryview:
    """Memory for a chunk: from a megabyte on, in large pages, and aligned as direct writes require.

    Python clears what it allocates, page by page: a seventh of the time of a pull.
    """
    return page_aligned(size, huge=True) if size >= _LARGE else memoryview(bytearray(size))


@cache
def share_heaps() -> None:
    """Lets all threads take memory from one place, and buffers from the system, where that can be chosen.

    By default glibc gives each thread a heap of its own, and each keeps what its thread has freed: several
    buffers of a transfer for every thread.  After the first buffer it also takes others from a heap, which
    shrinks only at its end.
    """
    import ctypes  # noqa: PLC0415 - only a transfer needs it

    with suppress(OSError, TypeError):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_MOST_HEAPS, 1)
            mallopt(_LEAST_FROM_SYSTEM, _LARGE)
