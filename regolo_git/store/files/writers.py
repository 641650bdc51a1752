"""The lock that the writers of a store on this machine share, and the count of those who finished.

`lock` is an empty file that grows by a byte whenever a writer is about to name what it found or wrote.
"""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from regolo_git.system_calls import NO_WAIT, READ, check_ordinary

CREATE = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class LocalWriter:
    """One writer's share of the lock; implements `Writer`."""

    def __init__(self, path: Path, mode: int) -> None:
        """Opens the file, created with this mode.

        Raises OSError; reading the file is enough for a writer that finds everything in the store.
        """
        try:
            self._descriptor, self._tells = os.open(path, CREATE | NO_WAIT, mode), True
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EROFS):
                raise
            self._descriptor, self._tells = os.open(path, READ | NO_WAIT), False
        try:
            check_ordinary(path, self._descriptor)
            if self._tells and os.fstat(self._descriptor).st_uid == os.geteuid():
                with suppress(PermissionError):  # a filesystem without permissions
                    os.fchmod(self._descriptor, mode)
            self._shares = self._lock(fcntl.LOCK_SH)  # waits for one that takes its content back
            self._count = self._size()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def count_on_it(self) -> None:
        """See `Writer.count_on_it`."""
        if self._tells:
            os.write(self._descriptor, b"\n")
            self._count += 1
        elif not self.is_alone():  # what it found may be taken back
            raise BlockingIOError(errno.EAGAIN, "another process is writing to it")

    def is_alone(self) -> bool:
        """See `Writer.is_alone`."""
        return self._shares and self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB) and self._size() == self._count

    def _lock(self, how: int) -> bool:
        try:
            fcntl.flock(self._descriptor, how)
        except OSError:  # held by another, or a filesystem without locks: then nothing is ever taken back
            return False
        return True

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size


class OneOfMany:
    """A writer that cannot know whether it is alone."""

    def count_on_it(self) -> None:
        """See `Writer.count_on_it`: there is nobody to tell, because nothing is ever taken back."""

    def is_alone(self) -> bool:
        """See `Writer.is_alone`."""
        return False
