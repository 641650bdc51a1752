"""The history of an endpoint: every commit that changed its file.

`last_good` derives rollback targets from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from regolo_git.errors import IntegrityError
from regolo_git.git.history import path_history
from regolo_git.git.repository import CommitInfo
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.names import check_endpoint_name
from regolo_git.records.paths import endpoint_path
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_order import merge_points

# As `git revert` writes it, with or without `--reference`.
REVERTS = re.compile(r"^This reverts commit ([0-9a-f]{7,40})\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class EndpointEvent:
    """One change of an endpoint; `endpoint` is None if it was deleted.

    `action` is the command's `Regolo-Action`, "revert" for a plain `git revert` of the commit `reverted`, or
    "edit".  `when` is the time at which the change reached the registry branch: for a proposal, its merge.
    """

    name: str
    endpoint: Endpoint | None
    action: str
    commit: str
    when: datetime
    who: str
    message: str
    reverted: str | None = None


def endpoint_history(handle: Handle, name: str) -> list[EndpointEvent]:
    """Every change of an endpoint, newest first, without commits that broke the file."""
    tip = handle.registry_tip()
    if tip is None:
        return []
    found = list(_events(handle, tip, name))
    merged = merge_points(handle.git, tip, (info for info, _ in found))
    found.sort(key=lambda pair: merged[pair[0].oid].rank)
    return [replace(event, when=merged[info.oid].when) for info, event in found]


def _events(handle: Handle, tip: str, name: str) -> Iterator[tuple[CommitInfo, EndpointEvent]]:
    for info in path_history(handle.git, tip, endpoint_path(check_endpoint_name(name))):
        try:
            endpoint = handle.records_at(info.oid).endpoint(name)
        except IntegrityError:
            continue
        action, reverted = _action_of(info)
        when, who = info.committed_at, info.author
        yield info, EndpointEvent(name, endpoint, action, info.oid, when, who, info.subject, reverted)


def _action_of(info: CommitInfo) -> tuple[str, str | None]:
    action = info.trailer("Regolo-Action")
    undone = REVERTS.search(info.message) if action is None else None
    if undone is not None:
        return "revert", undone[1]
    return action or "edit", None
