"""Retiring versions: tag and history remain, the bytes are no longer needed.

A retirement is planned (`plan_retirement`), shown, and then committed as a line in the model's retired list.
"""

from dataclasses import dataclass, replace

from regolo_git.errors import Conflict, InvalidInput, PolicyRefused
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published, published_before
from regolo_git.hints import Hint
from regolo_git.records.branches import operation_branch
from regolo_git.records.paths import retired_path
from regolo_git.records.references import Reference
from regolo_git.records.retired import RetiredEntry, RetiredList
from regolo_git.registry.branch_events import PROPOSED
from regolo_git.registry.change import (
    Prepare,
    action_message,
    commit_records,
    propose_records,
    recover_first,
)
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.usage import unreadable_users, users_of
from regolo_git.registry.version_status import RETIRED
from regolo_git.registry.versions.free_bytes import free_bytes
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.reassign import reassign_hint


@dataclass(frozen=True, slots=True)
class RetirementPlan:
    """The effect of a retirement: no other version needs `free_bytes` of the local store.

    If it is not `exact`, others may need some of them.
    """

    version: ModelVersion
    reason: str
    free_bytes: int
    exact: bool = True


def plan_retirement(handle: Handle, reference: Reference, reason: str) -> RetirementPlan:
    """Checks whether a version can be retired, and how many bytes that frees.

    The latter is an upper bound where the exact figure takes long (see `exact_plan`).
    Raises NotFound, InvalidInput without a reason or for a version that is already retired, PolicyRefused
    while an environment or an endpoint uses it, IntegrityError if a record that may use it is unreadable.
    """
    recover_first(handle)
    version = get_version_to_use(handle, reference)
    if not reason.strip():
        raise InvalidInput(
            "a reason is required to retire a version", Hint("retire", version.reference, "-m", "REASON")
        )
    free = free_bytes(handle, version, at_once=True)
    plan = RetirementPlan(version, reason.strip(), free.size, free.exact)
    if version.status == RETIRED and not _is_repeated(handle, plan):
        why = f" ({version.retirement.text})" if version.retirement is not None else ""
        raise InvalidInput(f"'{version.reference}' is already retired{why}", Hint("list", version.model_id))
    _refuse_used(handle, handle.records(), version)
    return plan


def exact_plan(handle: Handle, plan: RetirementPlan) -> RetirementPlan:
    """The plan with the exact number of bytes, which may take minutes once in a large registry."""
    return plan if plan.exact else replace(plan, free_bytes=free_bytes(handle, plan.version).size, exact=True)


def _is_repeated(handle: Handle, plan: RetirementPlan) -> bool:
    prepare = _preparing(handle, plan)
    branch = handle.registry_branch()
    return published_before(handle.git, branch, lambda tip: prepare(handle.records_from(tip))) is not None


def _refuse_used(handle: Handle, records: RecordsAt, version: ModelVersion) -> None:
    promotions, endpoints = records.promotions().records, records.endpoints().records
    users = users_of(promotions, endpoints, version.model_id, version.version)
    if users:
        raise PolicyRefused(
            f"'{version.reference}' is in use by {', '.join(map(str, users))}",
            reassign_hint(handle, records, version.model_id, version.version, users[0]),
        )
    # An unreadable record may still name the version.
    for error in unreadable_users(records, version.model_id):
        raise error


def retire(
    handle: Handle, plan: RetirementPlan, *, propose: bool = False, push: bool | None = None
) -> Published[None]:
    """Commits the retirement to the registry branch, or with `propose` to a new branch for a review.

    `push`: see `destination`.  Raises PolicyRefused if the version came into use since it was planned,
    Conflict if it was retired since, or if the branch exists.
    """
    to = destination(handle, push, plan.version.model_id)
    if not propose:
        return commit_records(handle, _preparing(handle, plan), to=to)
    branch = operation_branch(plan.version.model_id, plan.version.version, "retire")
    prepare = _preparing(handle, plan, branch)
    return propose_records(handle, branch, prepare, start=handle.registry_branch(), to=to)


def _preparing(handle: Handle, plan: RetirementPlan, proposed: str | None = None) -> Prepare[None]:
    version = plan.version
    author = handle.git.authorship().author
    entry = RetiredEntry(version.version, author.when, author.person, plan.reason)

    def prepare(records: RecordsAt) -> NewCommit[None]:
        _refuse_used(handle, records, version)
        current = records.retired(version.model_id)
        if current.has(version.version):
            raise Conflict(f"'{version.reference}' is already retired", Hint("list", version.model_id))
        text = current.with_entry(entry).to_text()
        message = action_message(
            None, f"retire {version.reference}\n\n{plan.reason}", "retire", {PROPOSED: proposed}
        )
        files = {retired_path(version.model_id): text.encode()}
        return NewCommit(files, message, None, without_time=_without_time)

    return prepare


def _without_time(content: bytes) -> object:
    return [(entry.version, entry.who, entry.reason) for entry in RetiredList.parse(content).entries]
