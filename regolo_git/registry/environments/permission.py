"""The rules of the environments, which decide whether a promotion is allowed."""

from regolo_git.errors import InvalidInput, PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.config import EnvironmentRule
from regolo_git.records.names import check_environment_name
from regolo_git.records.versions import Version
from regolo_git.registry.environments.history import promotion_events
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.version_status import RETIRED
from regolo_git.registry.versions.model_version import ModelVersion


def check_permission(
    handle: Handle, version: ModelVersion, environment: str, *, unmerged: bool = False
) -> None:
    """Raises PolicyRefused if a version may not be promoted, naming the rule that forbids it.

    `unmerged` allows a version that is not merged.
    """
    if version.status == RETIRED:
        raise PolicyRefused(f"'{version.reference}' is retired", Hint("list", version.model_id))
    rule = environment_rule(handle, environment)
    if not unmerged:
        require_merged(handle, version, Hint("promote", version.reference, environment, "--unmerged"))
    for required in rule.requires if rule is not None else ():
        if not was_promoted_to(handle, version, required):
            raise PolicyRefused(
                f"'{version.reference}' must be promoted to '{required}' first",
                Hint("promote", version.reference, required),
            )


def environment_rule(handle: Handle, environment: str) -> EnvironmentRule | None:
    """The rule of an environment; None if the registry configures no environments.

    Raises InvalidInput for an environment that is not configured, or for an invalid name.
    """
    config = handle.config()
    rule = config.environment(check_environment_name(environment))
    if config.environments and rule is None:
        raise InvalidInput(
            f"unknown environment '{environment}' (known: {', '.join(config.environment_order())})",
            Hint("config", f"environments.{environment}.replicas", "1"),
        )
    return rule


def was_promoted_to(handle: Handle, version: ModelVersion, environment: str) -> bool:
    """Whether the version, with its present bytes, is or ever was promoted to an environment."""
    wanted, digest = Version.parse(version.version), version.manifest.artifact.digest
    tip = handle.registry_tip()
    return any(
        event.promotion is not None
        and event.promotion.digest == digest
        and Version.parse(event.promotion.version) == wanted
        for event in promotion_events(handle, tip, version.model_id, environment)
    )
