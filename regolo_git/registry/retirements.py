"""Who retired a version, when and why: read from a cache beside the statuses, or from the registry branch.

Only a command that shows a retired version reads it.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import InvalidInput, PolicyRefused, RegoloError
from regolo_git.git.small_files import replace_file
from regolo_git.hints import Hint
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import RETIRED
from regolo_git.system_calls import read_ordinary
from regolo_git.text.commits import person
from regolo_git.text.printable import one_line
from regolo_git.text.times import local_time

if TYPE_CHECKING:
    from regolo_git.registry.versions.model_version import ModelVersion


class Retirement(NamedTuple):
    """The time (with its zone), the author and the reason of a retirement."""

    when: datetime
    who: str
    reason: str

    @property
    def text(self) -> str:
        """On one line: `2026-11-26 18:17 by Ada Byron: wrong data`."""
        return one_line(f"{local_time(self.when)} by {person(self.who)}: {self.reason}")


ByVersion = Mapping[str, Retirement]  # by the version's identity, `1.1.0`


def read_retirements(handle: Handle, tip: str, model: str) -> ByVersion:
    """The retirements of a model as of a commit of the registry branch."""
    path = handle.local_directory / "retirements.json"
    try:
        reader = JsonReader.parse(read_ordinary(path), "the cache of retirements")
        if reader.get("tip", str) == tip:
            return _read(reader.object("models"), model)
    except (OSError, InvalidInput, ValueError):
        pass  # only a cache
    lists = handle.records_at(tip).retired_lists().by_name
    found = {
        name: {
            Version.parse(entry.version).identity: Retirement(entry.when, entry.who, entry.reason)
            for entry in listed.entries
        }
        for name, listed in lists.items()
    }
    cached = {name: {key: _row(retired) for key, retired in of.items()} for name, of in found.items()}
    try:
        replace_file(path, json.dumps({"tip": tip, "models": cached}).encode())
    except (OSError, RegoloError):
        return found.get(model, {})  # a read-only clone works without the cache
    return found.get(model, {})


def _row(retired: Retirement) -> list[str]:
    return [retired.when.isoformat(), retired.who, retired.reason]


def _read(models: JsonReader, model: str) -> ByVersion:
    if model not in list(models):
        return {}
    held = models.object(model)
    rows = ((str(identity), held.list_of(identity, str)) for identity in held)
    return {
        identity: Retirement(datetime.fromisoformat(when), who, why) for identity, (when, who, why) in rows
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
