"""Who retired a version, when and why: read from a cache beside the statuses, or from the registry branch.

Only a command that shows a retired version reads it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.versions import Version
from regolo_git.registry.cached_rows import Rows, read_cached
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import RETIRED
from regolo_git.text.commits import person
from regolo_git.text.json_values import Plain, plain
from regolo_git.text.printable import one_line
from regolo_git.text.times import local_time

if TYPE_CHECKING:
    from regolo_git.records.retired import RetiredList
    from regolo_git.registry.versions.model_version import ModelVersion


class Retirement(NamedTuple):
    """The time (with its zone), the author and the reason of a retirement."""

    when: datetime
    who: str
    reason: str

    def to_dict(self) -> Plain:
        """When, by whom and why."""
        return {"when": plain(self.when), "by": self.who, "reason": self.reason}

    @property
    def text(self) -> str:
        """On one line: `2026-11-26 18:17 by Ada Byron: wrong data`."""
        return one_line(f"{local_time(self.when)} by {person(self.who)}: {self.reason}")


ByVersion = Mapping[str, Retirement]  # by the version's identity, `1.1.0`


def read_retirements(handle: Handle, tip: str, model: str) -> ByVersion:
    """The retirements of a model as of a commit of the registry branch."""
    lists = handle.records_at(tip).retired_lists
    return read_cached(handle, "retirements.json", tip, model, lists, _rows, _parsed)


def _rows(listed: "RetiredList") -> Rows:
    return {
        Version.parse(entry.version).identity: [entry.when.isoformat(), entry.who, entry.reason]
        for entry in listed.entries
    }


def _parsed(rows: Rows) -> ByVersion:
    return {
        identity: Retirement(datetime.fromisoformat(when), who, why)
        for identity, (when, who, why) in rows.items()
    }


def retirement_of(handle: Handle, model: str, version: str) -> Retirement | None:
    """The retirement of a version on the registry branch; None if it is not retired."""
    entry = handle.records().retired(model).get(version)
    return Retirement(entry.when, entry.who, entry.reason) if entry is not None else None


def refuse_retired(version: "ModelVersion") -> None:
    """Raises PolicyRefused for a retired version, with who, when and why."""
    if version.status == RETIRED:
        why = f" ({version.retirement.text})" if version.retirement is not None else ""
        raise PolicyRefused(f"'{version.reference}' is retired{why}", Hint("list", version.model_id))
