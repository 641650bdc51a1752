"""What the gates of an environment say of a promotion that a change makes, as they do for `promote`."""

from regolo_git.errors import PolicyRefused, RegoloError
from regolo_git.records.environment import Promotion
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.environments.permission import check_permission
from regolo_git.registry.gates import judge_version, rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.verdict.gate_result import GateResult, GateState

ALLOWED = "may be promoted"


def promotion_gates(
    handle: Handle, base: RecordsAt, before: Promotion | None, after: Promotion
) -> tuple[GateResult, ...]:
    """The results of the gates, by the rules of the base, and whether the promotion is allowed at all."""
    if before is not None and before.digest == after.digest and before.version == after.version:
        return ()
    try:
        version = _version(handle, after)
        rules = rules_at(base, after.model, [after.environment])
        found = judge_version(handle, rules, _former(handle, before), version)
        return (*_permission(handle, version, after.environment), *found)
    except RegoloError as error:
        return (_result(after.environment, "not judged", error.message),)


def _version(handle: Handle, promotion: Promotion) -> ModelVersion:
    return get_version(handle, Reference.of(promotion.model, Version.parse(promotion.version)))


def _former(handle: Handle, before: Promotion | None) -> ModelVersion | None:
    return _version(handle, before) if before is not None else None


def _permission(handle: Handle, version: ModelVersion, environment: str) -> tuple[GateResult, ...]:
    try:
        check_permission(handle, version, environment)
    except PolicyRefused as error:
        return (_result(environment, "fail", error.message),)
    return ()


def _result(environment: str, state: GateState, reason: str) -> GateResult:
    return GateResult("promotion", state, reason, ALLOWED, environment)
