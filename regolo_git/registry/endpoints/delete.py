"""Deleting an endpoint; its history remains."""

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.git.new_commit import NewCommit
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.paths import endpoint_path
from regolo_git.registry.change import action_message, commit_operations
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.numbers import shares_text


def delete_endpoint(
    handle: Handle, name: str, *, message: str | None = None, push: bool | None = None
) -> None:
    """Deletes an endpoint's file from the operations branch, even if it is broken.

    Raises NotFound, NewerFormat for one of a newer release.  `push`: see `destination`.
    """

    def prepare(records: RecordsAt) -> NewCommit[None]:
        before = _readable(records, name)
        text = action_message(
            message,
            f"delete endpoint {name}",
            "delete-endpoint",
            {"Regolo-Endpoint": name, "Regolo-From": shares_text(before.traffic) if before else None},
        )
        return NewCommit({endpoint_path(name): None}, text, None)

    commit_operations(handle, prepare, destination(handle, push))


def _readable(records: RecordsAt, name: str) -> Endpoint | None:
    try:
        return require_endpoint(records, name)
    except NewerFormat:
        raise
    except IntegrityError:
        return None
