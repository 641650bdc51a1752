"""The history of an endpoint: every commit that changed its file.

`last_good` derives rollback targets from it.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime

from regolo_git.errors import IntegrityError
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.names import check_endpoint_name
from regolo_git.records.paths import endpoint_path
from regolo_git.registry.branch_events import EVIDENCE, action_of, branch_events
from regolo_git.registry.handle import Handle
from regolo_git.text.json_values import Plain, plain

# Actions that end a canary and return its traffic.
ROLL_BACK, ABORT = "canary-roll-back", "canary-abort"


@dataclass(frozen=True, slots=True)
class EndpointEvent:
    """One change of an endpoint; `endpoint` is None if it was deleted.

    `action` is the command's `Regolo-Action`, "revert" for a plain `git revert` of the commit `reverted`, or
    "edit".  `when` is the time at which the change reached the operations branch: for a proposal, its merge.
    `evidence` is why a canary's server made it, for a change of its own.
    """

    name: str
    endpoint: Endpoint | None
    action: str
    commit: str
    when: datetime
    who: str
    message: str
    reverted: str | None = None
    evidence: str | None = None

    def to_dict(self) -> Plain:
        """The change as plain values."""
        return {
            "when": plain(self.when),
            "action": self.action,
            "by": self.who,
            "commit": self.commit,
            "message": self.message,
            "evidence": self.evidence,
            "endpoint": self.endpoint.to_dict() if self.endpoint else None,
        }


def endpoint_history(handle: Handle, name: str) -> list[EndpointEvent]:
    """Every change of an endpoint, newest first, without commits that broke the file.

    Raises NotFound if a shallow clone lacks some of the history.
    """
    tip = handle.operations_tip()
    return list(endpoint_events(handle, tip, name))


def endpoint_events(
    handle: Handle, tip: str, name: str, *, since_creation: bool = False
) -> Generator[EndpointEvent, None, None]:
    """The changes of an endpoint from a tip back, or only those since it was last created.

    Reads only as far as the caller goes.
    """
    wanted = endpoint_path(check_endpoint_name(name))
    for event in branch_events(handle, tip, lambda path: path == wanted, since_added=since_creation):
        try:
            endpoint = handle.records_at(event.info.oid).endpoint(name)
        except IntegrityError:
            continue
        action, reverted = action_of(event.info)
        info = event.info
        yield EndpointEvent(
            name,
            endpoint,
            action,
            info.oid,
            event.when,
            info.author,
            info.subject,
            reverted,
            info.trailer(EVIDENCE),
        )
