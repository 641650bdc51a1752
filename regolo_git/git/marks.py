"""The mark of each version in the tag index: whether the branches that count contain it.

The marks are those of some branch tips.  When a branch only grew, just its new commits and the versions
without a mark are looked at; otherwise all marks are found again.
"""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

UNMARKED = "merged is not 1 and model is not null"


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag object, with the commit and the manifest of its version; `created` is in seconds."""

    oid: str
    commit: str
    model: str
    manifest: str
    created: int


class History(Protocol):
    """Looks for versions in the history of the tips; see `containment.py`."""

    def includes(self, before: Sequence[str]) -> bool: ...

    def contained(
        self, seen: Sequence[Tagged], unseen: Sequence[Tagged], before: Sequence[str]
    ) -> set[str]: ...


OpenHistory = Callable[[Sequence[str]], History]


def are_current(connection: sqlite3.Connection, tips: Sequence[str]) -> bool:
    """Whether every version has a mark for these tips."""
    if _marked_tips(connection) != sorted(set(tips)):
        return False
    query = f"select 1 from objects where {UNMARKED} and merged is null limit 1"
    return connection.execute(query).fetchone() is None


def mark(connection: sqlite3.Connection, tips: Sequence[str], open_history: OpenHistory) -> None:
    """Marks every version: 1 if the history of the tips contains it, otherwise 0."""
    ordered = sorted(set(tips))
    before, history = _marked_tips(connection), open_history(ordered)
    connection.execute("begin immediate")
    try:
        if before and not history.includes(before):
            connection.execute("update objects set merged = null")
            before = []
        columns = "oid, commit_oid, model, manifest_oid, created_at"
        query = f"select {columns} from objects where {UNMARKED} and merged is"
        seen = [Tagged(*row) for row in connection.execute(f"{query} not null")]
        unseen = [Tagged(*row) for row in connection.execute(f"{query} null")]
        contained = history.contained(seen, unseen, before)
        connection.execute(f"update objects set merged = 0 where {UNMARKED} and merged is null")
        connection.executemany(
            "update objects set merged = 1 where oid = ?", [(oid,) for oid in sorted(contained)]
        )
        connection.execute("insert or replace into state values ('marked', ?)", (json.dumps(ordered),))
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _marked_tips(connection: sqlite3.Connection) -> list[str]:
    held = connection.execute("select value from state where key = 'marked'").fetchone()
    return [str(tip) for tip in json.loads(held[0])] if held is not None else []
