"""The last publication of the clone, kept until its process has told the user.

A run that is killed after its refs have moved leaves this record.  The same command, run again, then returns
what was published, instead of publishing it twice or refusing it because it exists.

The record is the journal under another name, and changes only under the lock of the clone.  A process that is
still to report holds a lock of its own on the file, so that no other run takes over its result.
"""

import fcntl
import os
from contextlib import suppress

from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.journal import Journal, clear_journal, journal_path, parse_journal

FILE = "unreported.json"


class Unreported:
    """What one process has published and not yet reported; with `late`, it reports by `close`.

    Otherwise a publication counts as reported as soon as it is complete.
    """

    def __init__(self, paths: RepositoryPaths) -> None:
        self.late = False
        self._paths = paths
        self._path = paths.common_dir / "regolo" / FILE
        self._held: int | None = None

    def complete(self) -> None:
        """Removes the journal of a publication that is complete, and keeps it as the record if `late`."""
        if self.late:
            self.keep()
            self._hold()
            return
        self.forget()
        clear_journal(self._paths)

    def keep(self) -> None:
        """Keeps the journal as the record of a process that has died, or is about to."""
        self._release()
        journal_path(self._paths).replace(self._path)

    def find(self) -> Journal | None:
        """The record of a process that died without reporting; None if there is none."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return parse_journal(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        except OSError:
            return None  # its process is running, and this is its own result
        finally:
            os.close(descriptor)

    def take_over(self) -> None:
        """Makes the record found this process's own."""
        if self.late:
            self._hold()
        else:
            self.forget()

    def forget(self) -> None:
        """Removes the record, whichever process left it."""
        self._release()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Removes the record of this process, whose result the user knows by now."""
        if self._held is not None:
            with suppress(OSError):
                if os.fstat(self._held).st_ino == self._path.stat().st_ino:
                    self._path.unlink()
            self._release()

    def _hold(self) -> None:
        self._release()
        self._held = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None
