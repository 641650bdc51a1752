"""Marks are those of the tips that were asked for, whatever happened to an earlier update."""

import random
import sqlite3
from collections.abc import Iterable, Sequence

import pytest

from regolo_git.git import marks
from regolo_git.git.marks import Tagged, are_current, update_marks
from regolo_git.git.tag_tables import create_tables

COUNT = 40
COMMITS = [f"{number:040x}" for number in range(COUNT)]


class Contained:
    """A history that is a set of commits for each tip."""

    def __init__(self, known: dict[str, set[str]], tips: Sequence[str]) -> None:
        self._known, self._tips = known, tips

    def _of(self, tips: Sequence[str]) -> set[str]:
        return set().union(*(self._known[tip] for tip in tips))

    def includes(self, before: Sequence[str]) -> bool:
        return self._of(before) <= self._of(self._tips)

    def commits_since(self, before: Sequence[str]) -> Iterable[bytes]:
        return map(bytes.fromhex, self._of(self._tips) - self._of(before))

    def contained(self, seen: Sequence[Tagged], unseen: Sequence[Tagged], before: Sequence[str]) -> set[str]:
        assert not {tag.commit for tag in seen} & self._of(before)
        return {tag.oid for tag in unseen if tag.commit in self._of(self._tips)}


class Failing(sqlite3.Connection):
    """A connection on which the statements fail after some that changed something."""

    left = COUNT * 10

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise sqlite3.OperationalError("disk I/O error")

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:  # type: ignore[override]
        if sql.startswith(("update", "insert", "delete", "commit")):
            self._count()
        return super().execute(sql, *values)  # type: ignore[arg-type]


@pytest.fixture
def table() -> Failing:
    connection = sqlite3.connect(":memory:", isolation_level=None, factory=Failing)
    create_tables(connection)
    for number, commit in enumerate(COMMITS):
        columns = "oid, model, commit_oid, manifest_oid, created_at"
        connection.execute(
            f"insert into objects ({columns}) values (?, 'm', ?, 'x', 1)", (f"{number * 7 % 40:02x}", commit)
        )
    return connection


def marked(connection: sqlite3.Connection) -> set[str]:
    return {commit for (commit,) in connection.execute("select commit_oid from objects where merged = 1")}


@pytest.mark.parametrize("seed", range(20))
def test_marks_are_right_after_errors_at_any_statement(
    table: Failing, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(marks, "SHARE", 3)
    chance = random.Random(seed)
    known: dict[str, set[str]] = {}
    for number in range(12):
        before = known.get(f"tip {number - 1}", set())
        grown = chance.random() < 0.5
        known[f"tip {number}"] = (before if grown else set()) | set(chance.sample(COMMITS, k=12))
        tips = [f"tip {number}", *(known if chance.random() < 0.2 else ())]
        if chance.random() < 0.4:
            table.left = chance.randrange(12)
            try:
                update_marks(table, "merged", tips, lambda wanted: Contained(known, wanted))
            except sqlite3.OperationalError:
                assert not are_current(table, "merged", tips)
            table.left = 1000
            if chance.random() < 0.5:
                continue  # the next ones ask for other tips
        if not are_current(table, "merged", tips):
            update_marks(table, "merged", tips, lambda wanted: Contained(known, wanted))
        assert are_current(table, "merged", tips)
        assert marked(table) == set().union(*(known[tip] for tip in tips))
        assert not table.in_transaction


def test_the_rest_is_found_without_reading_every_version(table: Failing) -> None:
    known = {"one": set(COMMITS[:-1]), "two": set(COMMITS)}
    update_marks(table, "merged", ["one"], lambda wanted: Contained(known, wanted))
    queries: list[str] = []
    table.set_trace_callback(queries.append)
    update_marks(table, "merged", ["two"], lambda wanted: Contained(known, wanted))
    table.set_trace_callback(None)
    for query in (text for text in queries if text.startswith(("select", "update")) and "objects" in text):
        (plan, *_) = [row[3] for row in table.execute(f"explain query plan {query}")]
        assert "objects_not_merged" in plan or "(oid=?)" in plan, query
    assert marked(table) == set(COMMITS)
