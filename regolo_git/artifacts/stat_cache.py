"""This clone's cache of files, so that an unchanged file is not read again.

It has a row for each file that was ingested or written: its stamp, its digest, and the recipe of its chunks.
It has the files that a checkout is about to write, so that after a kill they are recognized as a version's.
It has the recipes that this clone has rebuilt and whose digest was right; these are trusted from then on.
And it has when this clone last read from a recipe, for `evict`.

Any row may be missing.  A database that is damaged or of another version of this program is recreated;
without write access there is no cache.  Nothing is fsynced: after a power cut a row may be old, and its stamp
shows that.
"""

import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.source.file_stamp import FileStamp
from regolo_git.errors import InvalidInput
from regolo_git.forks import fork_guard, leave_to_parent, tell_in_child
from regolo_git.records.digests import Algorithm, Digest
from regolo_git.records.manifest import Artifact
from regolo_git.shared_modes import make_like_parent, share_like_directory

SCHEMA_VERSION = 1
WAIT_SECONDS = 2.0
SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    path BLOB NOT NULL, algorithm TEXT NOT NULL,
    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, settled INTEGER NOT NULL,
    digest TEXT NOT NULL, recipe TEXT NOT NULL, member TEXT NOT NULL,
    PRIMARY KEY (path, algorithm)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS expected (
    path BLOB NOT NULL, digest TEXT NOT NULL, recipe TEXT NOT NULL, PRIMARY KEY (path, digest)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS trusted (
    recipe TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (recipe, digest)
) WITHOUT ROWID;
"""
# Added after 0.1, which opens a database that has it.
USED = "CREATE TABLE IF NOT EXISTS used (recipe TEXT PRIMARY KEY, seconds INTEGER NOT NULL) WITHOUT ROWID"


class StatCache:
    """The cache in one file, for any thread and for forked children; a context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = fork_guard()
        self._connection = self._connect()
        tell_in_child(self)

    def close(self) -> None:
        """Closes the database."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def after_fork(self) -> None:
        """Has a forked child open the database itself."""
        self._turn = fork_guard()
        if self._connection is not None:
            leave_to_parent(self._connection)  # to close it could end a transaction of the parent
            self._connection = self._connect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- files --------------------------------------------------------------------------------------------

    def known(self, top: Path, algorithm: Algorithm) -> dict[str, KnownFile]:
        """The known file at `top`, under the path "", and every known file below it."""
        start = os.fsencode(top)
        rows = self._query(
            "SELECT path, device, inode, size, mtime_ns, ctime_ns, settled, digest, recipe, member "
            "FROM files WHERE algorithm = ? AND (path = ? OR path > ? AND path < ?)",
            (algorithm, start, start + b"/", start + b"0"),  # '0' follows '/'
        )
        found = {}
        for path, *stamp, settled, digest, recipe, member in rows:
            with suppress(InvalidInput, UnicodeDecodeError):
                key = path[len(start) + 1 :].decode()
                address = Digest.parse(recipe) if recipe else None
                found[key] = KnownFile(
                    FileStamp(*stamp), bool(settled), Digest.parse(digest), address, member
                )
        return found

    def remember(self, top: Path, files: Mapping[str, KnownFile]) -> None:
        """Records files at or below `top`, in one transaction."""
        rows = [
            (
                _key(top, path),
                file.digest.algorithm,
                file.stamp.device,
                file.stamp.inode,
                file.stamp.size,
                file.stamp.mtime_ns,
                file.stamp.ctime_ns,
                file.settled,
                str(file.digest),
                str(file.recipe) if file.recipe else "",
                file.member,
            )
            for path, file in files.items()
        ]
        self._write("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)

    # -- expected files -----------------------------------------------------------------------------------

    def expect(self, top: Path, files: Mapping[str, Digest], recipe: Digest) -> None:
        """Records the content that files at or below `top` are about to get, until `fulfil`."""
        rows = [(_key(top, path), str(digest), str(recipe)) for path, digest in files.items()]
        self._write("INSERT OR REPLACE INTO expected VALUES (?, ?, ?)", rows)

    def expected(self, top: Path) -> dict[str, dict[Digest, Digest]]:
        """For each file by its path below `top`, the digests it may have now, with their recipes."""
        start = os.fsencode(top)
        rows = self._query(
            "SELECT path, digest, recipe FROM expected WHERE path = ? OR path > ? AND path < ?",
            (start, start + b"/", start + b"0"),
        )
        found: dict[str, dict[Digest, Digest]] = {}
        for path, digest, recipe in rows:
            with suppress(InvalidInput, UnicodeDecodeError):
                of_file = found.setdefault(path[len(start) + 1 :].decode(), {})
                of_file[Digest.parse(digest)] = Digest.parse(recipe)
        return found

    def fulfil(self, top: Path) -> None:
        """Deletes the expectations at or below `top`, after the files are written and remembered."""
        start = os.fsencode(top)
        statement = "DELETE FROM expected WHERE path = ? OR path > ? AND path < ?"
        self._write(statement, [(start, start + b"/", start + b"0")])

    # -- recipes ------------------------------------------------------------------------------------------

    def trusts(self, artifact: Artifact) -> bool:
        """Whether this clone has verified that the recipe rebuilds the artifact's digest."""
        query = "SELECT 1 FROM trusted WHERE recipe = ? AND digest = ?"
        return bool(self._query(query, (str(artifact.recipe), str(artifact.digest))))

    def trust(self, artifact: Artifact) -> None:
        """Records that the recipe rebuilds the artifact's digest."""
        row = str(artifact.recipe), str(artifact.digest)
        self._write("INSERT OR IGNORE INTO trusted VALUES (?, ?)", [row])

    def use(self, recipe: Digest) -> None:
        """Records that something of the recipe is read now."""
        row = str(recipe), int(time.time())
        self._write("INSERT OR REPLACE INTO used VALUES (?, ?)", [row], table=USED)

    def last_uses(self) -> dict[Digest, datetime]:
        """When something of each recipe was last read, as far as this clone has recorded it."""
        rows = self._query("SELECT recipe, seconds FROM used", ())
        return {Digest.parse(recipe): datetime.fromtimestamp(seconds, UTC) for recipe, seconds in rows}

    # -- the database -------------------------------------------------------------------------------------

    def _connect(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                return self._open()
            except sqlite3.OperationalError:
                return None  # locked for long, or not writable: no cache
            except (sqlite3.DatabaseError, OSError):
                if not self._delete():
                    return None
        return None

    def _open(self) -> sqlite3.Connection:
        make_like_parent(self._path.parent)
        # Threads take turns.
        connection = sqlite3.connect(
            self._path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA synchronous = OFF")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise sqlite3.DatabaseError("written by another version of this program")
            if version == 0:
                connection.executescript(f"BEGIN;{SCHEMA}PRAGMA user_version = {SCHEMA_VERSION};COMMIT;")
                share_like_directory(self._path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _delete(self) -> bool:
        try:
            for end in ("", "-journal"):
                Path(f"{self._path}{end}").unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _query(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._turn:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                self._recover(error)
                return []

    def _write(self, statement: str, rows: Iterable[tuple[object, ...]], *, table: str | None = None) -> None:
        with self._turn:
            if self._connection is None:
                return
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    if table is not None:
                        self._connection.execute(table)
                    self._connection.executemany(statement, rows)
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._recover(error)

    def _recover(self, error: sqlite3.Error) -> None:
        """Recreates a damaged database; if it is busy or full, skips the row."""
        if not isinstance(error, sqlite3.OperationalError):
            self.close()
            self._connection = self._connect() if self._delete() else None


def _key(top: Path, path: str) -> bytes:
    return os.fsencode(f"{top}/{path}" if path else top)
