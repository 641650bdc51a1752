"""The SQLite file of the tag index: valid, or rebuilt, whatever happened to it.

Beside the file is its stamp: what `stat` says of the file since its last complete change, and the boot of the
system.  A writer removes the stamp first and writes it last, so after a kill there is none.  A change by
anybody else changes the time of the file, and pages that a power cut lost belong to an earlier boot.  Without
its stamp, nothing in the file is believed.  So changes need no journal and no fsync.

Threads take turns.  A forked child opens the file again.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from regolo_git.forks import close_lock, fork_guard, leave_to_parent, open_for_lock, tell_in_child
from regolo_git.shared_modes import make_like_parent, share_like_directory
from regolo_git.system_calls import read_ordinary

WAIT_SECONDS = 10.0
ROUNDS = 20
MEMORY = ":memory:"
BOOT = Path("/proc/sys/kernel/random/boot_id")
Result = TypeVar("Result")
Task = Callable[[sqlite3.Connection], Result]


class IndexDatabase:
    """The database in one file, or in memory if the file cannot be used; `create` creates its tables."""

    def __init__(self, file: Path, schema: str, create: Task[None]) -> None:
        self._file = file
        self._stamp = file.with_name(f"{file.name}.stamp")
        self._schema = schema
        self._create = create
        self._in_memory = False
        self._connection: sqlite3.Connection | None = None
        self._inode: int | None = None
        self._guard = fork_guard()
        tell_in_child(self)

    def close(self) -> None:
        """Closes the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._in_memory = False

    def after_fork(self) -> None:
        """Leaves the connection to the parent."""
        self._guard = fork_guard()
        if self._connection is not None:
            leave_to_parent(self._connection)  # to close it could end a transaction of the parent
        self._connection = None
        self._in_memory = False

    def read(self, is_current: Task[bool], update: Task[None], query: Task[Result]) -> Result:
        """The result of a query on content that is current; `update` makes it so."""
        with self._guard:
            for _ in range(0 if self._in_memory else 2):
                try:
                    return self._read(is_current, update, query)
                except (sqlite3.DatabaseError, OSError) as error:
                    # A damaged file is rebuilt; one that is locked or read-only is left alone.
                    self.close()
                    if "locked" in str(error):
                        break
                    with suppress(OSError):
                        self._stamp.unlink(missing_ok=True)
            self._in_memory = True
            connection = self._opened()
            if not is_current(connection):
                update(connection)
            return query(connection)

    def _read(self, is_current: Task[bool], update: Task[None], query: Task[Result]) -> Result:
        for _ in range(ROUNDS):
            # A file that lost its stamp is not even opened: it may be anything.
            if self._connection is not None or self._stamp.exists():
                connection = self._opened()
                connection.execute("begin")
                try:
                    # The first query takes the lock that keeps writers away until the end.
                    if self._is_whole() and is_current(connection) and self._is_whole():
                        return query(connection)
                finally:
                    connection.execute("rollback")
            self._write(is_current, update)
        raise sqlite3.OperationalError("the index is locked by other writers")

    def _write(self, is_current: Task[bool], update: Task[None]) -> None:
        with self._writer():
            whole = self._is_whole()
            if not whole:
                self._discard()
            connection = self._opened()
            if whole and is_current(connection):
                return
            before = self._description()
            self._stamp.unlink(missing_ok=True)
            if not whole:
                self._create(connection)
                share_like_directory(self._file)
            try:
                update(connection)
            except BaseException:
                if whole and self._description() == before:
                    self._write_stamp()  # rolled back before anything was written
                raise
            self._write_stamp()

    @contextmanager
    def _writer(self) -> Iterator[None]:
        """The lock of writers, from the removal of the stamp to the new one."""
        make_like_parent(self._file.parent)
        place = self._file.with_name(f"{self._file.name}.writer")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        descriptor = open_for_lock(lambda: os.open(place, flags, 0o666))
        try:
            share_like_directory(place)
            deadline = time.monotonic() + WAIT_SECONDS
            while True:
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise sqlite3.OperationalError("the index is locked by another writer") from None
                    time.sleep(0.002)
            yield
        finally:
            close_lock(descriptor)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            if self._in_memory:
                self._connection = _connect(MEMORY)
                self._create(self._connection)
                return self._connection
            while True:
                before = _inode(self._file)
                self._connection = _connect(str(self._file))
                self._inode = _inode(self._file)
                if before in (None, self._inode):
                    break
                self._connection.close()  # replaced meanwhile
        return self._connection

    def _discard(self) -> None:
        self.close()
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)

    def _is_whole(self) -> bool:
        try:
            status = self._file.stat()
            stamp = read_ordinary(self._stamp).decode()
            return status.st_ino == self._inode and stamp == self._described(status)
        except (OSError, UnicodeDecodeError):
            return False

    def _write_stamp(self) -> None:
        # A time that no later change of the file has by chance.
        own = time.time_ns() // 10**6 * 10**6 + _below_999() * 1000 + 1 + _below_999()
        os.utime(self._file, ns=(own, own))
        if self._file.stat().st_mtime_ns % 1000:  # on a filesystem that keeps it
            # Under one name, so that the next writer replaces what a killed one left.
            temporary = self._stamp.with_name(f"{self._stamp.name}.new")
            temporary.unlink(missing_ok=True)  # it may be another user's
            temporary.write_text(self._description())
            share_like_directory(temporary)
            temporary.replace(self._stamp)

    def _description(self) -> str:
        return self._described(self._file.stat())

    def _described(self, stat: os.stat_result) -> str:
        parts = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
        return " ".join(map(str, (self._schema, _boot(), *parts)))


def _below_999() -> int:
    return int.from_bytes(os.urandom(4)) % 999


def _connect(place: str) -> sqlite3.Connection:
    connection = sqlite3.connect(place, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
    # Where boots cannot be distinguished, neither can pages that a power cut lost.
    connection.execute(f"pragma synchronous = {'off' if _boot() else 'full'}")
    connection.execute("pragma journal_mode = memory")
    return connection


@cache
def _boot() -> str:
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
