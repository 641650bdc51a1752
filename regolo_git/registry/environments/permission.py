"""The rules of the environments: whether a promotion is allowed, before any gate is evaluated."""

from regolo_git.errors import PolicyRefused
from regolo_git.hints import Either, Hint, NextStep
from regolo_git.records.config import PRODUCTION, EnvironmentRule
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name
from regolo_git.records.versions import Version
from regolo_git.registry.environments.declared import TABLE, HintFor, UnknownEnvironment, known_environments
from regolo_git.registry.environments.history import promotion_events
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.retirements import refuse_retired
from regolo_git.registry.versions.model_version import ModelVersion


def check_permission(
    handle: Handle,
    version: ModelVersion,
    environment: str,
    *,
    unmerged: bool = False,
    new_environment: bool = False,
) -> None:
    """Raises PolicyRefused if a version may not be promoted, naming the rule that forbids it.

    `unmerged` allows a version that is not merged, `new_environment` an environment that is not declared and
    that the same commit can declare.
    """
    refuse_retired(version)
    rule = None
    if not (new_environment and may_declare(handle) and is_new(handle, environment)):
        hint_for = _hint_for(version.reference, environment) if may_declare(handle) else None
        rule = environment_rule(handle, environment, hint_for)
    if not unmerged:
        require_merged(handle, version, Hint("promote", version.reference, environment, "--unmerged"))
    for required in rule.requires if rule is not None else ():
        if not was_promoted_to(handle, version, required):
            raise PolicyRefused(
                f"'{version.reference}' must be promoted to '{required}' first",
                Hint("promote", version.reference, required),
            )


def is_of(promotion: Promotion, version: ModelVersion) -> bool:
    """Whether a promotion is of a version with its present bytes."""
    same_bytes = promotion.digest == version.manifest.artifact.digest
    return same_bytes and Version.parse(promotion.version) == Version.parse(version.version)


def refuses_dangerous(handle: Handle, environment: str) -> bool:
    """Whether an environment refuses dangerous names in pickles: production does, others by a gate."""
    rule = handle.config().environment(environment)
    gates = rule.gates if rule is not None else None
    return environment == PRODUCTION or (gates is not None and gates.scan is not None)


def _hint_for(reference: str, environment: str) -> HintFor:
    """The promotion to the environment that was probably meant, and the one that declares a new one."""
    declared = Hint("promote", reference, environment, "--yes")

    def hint(meant: str | None) -> NextStep:
        if meant is None:
            return declared
        return Either(Hint("promote", reference, meant), f"to declare '{environment}'", declared)

    return hint


def is_new(handle: Handle, environment: str) -> bool:
    """Whether an environment is not declared yet.  Raises InvalidInput for an invalid name."""
    return check_environment_name(environment) not in known_environments(handle.records(), handle.config())


def may_declare(handle: Handle) -> bool:
    """Whether a promotion can declare its environment: only on the branch that has the configuration."""
    return handle.operations_branch() == handle.registry_branch()


def environment_rule(
    handle: Handle, environment: str, hint_for: HintFor | None = None
) -> EnvironmentRule | None:
    """The rule of an environment; None if the configuration has none.

    Raises UnknownEnvironment for one that is not declared, InvalidInput for an invalid name.
    """
    if not is_new(handle, environment):
        return handle.config().environment(environment)
    known = known_environments(handle.records(), handle.config())
    declared = Hint("config", f"{TABLE}.{environment}.replicas", "1")
    raise UnknownEnvironment(environment, known, hint_for or (lambda _: declared))


def was_promoted_to(handle: Handle, version: ModelVersion, environment: str) -> bool:
    """Whether the version, with its present bytes, is or ever was promoted to an environment."""
    tip = handle.operations_tip()
    events = promotion_events(handle, tip, version.model_id, environment)
    return any(event.promotion is not None and is_of(event.promotion, version) for event in events)
