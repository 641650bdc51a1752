"""A cache in an SQLite file of this clone: replaced if it is damaged, in memory if it cannot be written."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from regolo_git.errors import TransportError

WAIT_SECONDS = 10.0
Result = TypeVar("Result")


def use_cache(
    file: Path, version: int, statements: Sequence[str], use: Callable[[sqlite3.Connection], Result]
) -> Result:
    """What `use` returns of the cache, whose schema is created by `statements` and has a version.

    `use` may be called again, after it raised an error of SQLite.
    """
    for place in (str(file), str(file), ":memory:"):
        try:
            with closing(_connect(file, place)) as connection:
                _prepare(connection, version, statements)
                return use(connection)
        except (sqlite3.Error, OSError) as error:
            if not isinstance(error, sqlite3.OperationalError | OSError):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
    raise TransportError(f"'{file}' cannot be used, not even in memory")


def _connect(file: Path, place: str) -> sqlite3.Connection:
    if place == str(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    return sqlite3.connect(place, timeout=WAIT_SECONDS, isolation_level=None)


def _prepare(connection: sqlite3.Connection, version: int, statements: Sequence[str]) -> None:
    found = connection.execute("pragma user_version").fetchone()[0]
    if found not in (0, version):
        raise sqlite3.DatabaseError("written by another version of this program")
    if found == 0:
        with transaction(connection):
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"pragma user_version = {version}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """A block that is written whole or not at all."""
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
