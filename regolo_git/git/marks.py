"""The marks of each version in the tag index: whether it is `merged`, and whether it is `pushed`.

A mark says whether the history of some branch tips contains the version: of the branches that count, or of
those of the remote.  When a branch only grew, just its new commits and the versions
without a mark are looked at; otherwise all marks are found again.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol, get_args

Mark = Literal["merged", "pushed"]
MARKS: tuple[Mark, ...] = get_args(Mark)
COLUMNS = "oid, commit_oid, model, manifest_oid, created_at"
SHARE = 5000  # versions that get a mark in one transaction; sorted, so that each changes pages of its own


class Tagged(NamedTuple):
    """A tag object, with the commit and the manifest of its version; `created` is in seconds."""

    oid: str
    commit: str
    model: str
    manifest: str
    created: int


class History(Protocol):
    """Looks for versions in the history of the tips; see `containment.py`."""

    def includes(self, before: Sequence[str]) -> bool: ...

    def commits_since(self, before: Sequence[str]) -> Iterable[bytes]: ...

    def contained(
        self, seen: Sequence[Tagged], unseen: Sequence[Tagged], before: Sequence[str]
    ) -> set[str]: ...


OpenHistory = Callable[[Sequence[str]], History]


def without(mark: Mark) -> str:
    """The condition for the versions that do not have a mark, as the index of the table has it."""
    return f"{mark} is not 1 and model is not null"


def are_current(connection: sqlite3.Connection, mark: Mark, tips: Sequence[str]) -> bool:
    """Whether it is known of every version whether it has a mark for these tips."""
    if _marked_tips(connection, mark) != sorted(set(tips)):
        return False
    query = f"select 1 from objects where {without(mark)} and {mark} is null limit 1"
    return connection.execute(query).fetchone() is None


def update_marks(
    connection: sqlite3.Connection, mark: Mark, tips: Sequence[str], open_history: OpenHistory
) -> None:
    """Sets the mark of every version: 1 if the history of the tips contains it, otherwise 0.

    In several transactions, because each keeps the pages that it changes in memory.  Until the last one there
    are no tips on record, so after an error all marks are found again.
    """
    ordered = sorted(set(tips))
    before, history = _marked_tips(connection, mark), open_history(ordered)
    connection.execute("delete from state where key = ?", (_key(mark),))
    if not (before and history.includes(before)):
        before = []
        for digit in "0123456789abcdef":
            reset = f"update objects set {mark} = null where {mark} is not null and oid >= ? and oid < ?"
            connection.execute(reset, (digit, f"{digit}g"))
    contained = sorted(_contained(connection, mark, before, history))
    for first in range(0, len(contained), SHARE):
        _mark(connection, mark, contained[first : first + SHARE])
    connection.execute(f"update objects set {mark} = 0 where {without(mark)} and {mark} is null")
    state = (_key(mark), json.dumps(ordered))
    connection.execute("insert or replace into state values (?, ?)", state)


def _mark(connection: sqlite3.Connection, mark: Mark, oids: Sequence[str]) -> None:
    connection.execute("begin immediate")
    try:
        connection.executemany(f"update objects set {mark} = 1 where oid = ?", ((oid,) for oid in oids))
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _contained(
    connection: sqlite3.Connection, mark: Mark, before: Sequence[str], history: History
) -> set[str]:
    """The versions that get the mark; of a hundred thousand, only what is looked for is in memory."""
    # By name, because the planner takes the index by model, and reads every row.
    unmarked = f"from objects indexed by objects_not_{mark} where {without(mark)}"
    rows = connection.execute(f"select commit_oid {unmarked}")
    commits = {bytes.fromhex(commit) for (commit,) in rows}.intersection(history.commits_since(before))
    found: set[str] = set()
    if commits:
        rows = connection.execute(f"select oid, commit_oid {unmarked}")
        found = {oid for oid, commit in rows if bytes.fromhex(commit) in commits}
    seen, unseen = (
        [
            Tagged(*row)
            for row in connection.execute(f"select {COLUMNS} {unmarked} and {mark} is {known} null")
            if row[0] not in found
        ]
        for known in ("not", "")
    )
    return found | (history.contained(seen, unseen, before) if seen or unseen else set())


def _marked_tips(connection: sqlite3.Connection, mark: Mark) -> list[str]:
    held = connection.execute("select value from state where key = ?", (_key(mark),)).fetchone()
    return [str(tip) for tip in json.loads(held[0])] if held is not None else []


def _key(mark: Mark) -> str:
    return f"tips of {mark}"
