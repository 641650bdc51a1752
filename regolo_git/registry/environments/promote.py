"""Promoting versions: which version stands in which environment, as reviewed commits on the registry branch.

look the version up → may it? (`permission`) → one commit: environments/<env>/<model>.toml
                                                 and every endpoint bound to that environment
"""

from dataclasses import dataclass, replace

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.verify import bytes_of, verify_artifact
from regolo_git.errors import Conflict, InvalidInput, PolicyRefused
from regolo_git.git.proposal import Proposal
from regolo_git.git.publish import create_branch, publish
from regolo_git.records.config import EnvironmentRule
from regolo_git.records.endpoint import Endpoint, PinnedVersion
from regolo_git.records.environment import Promotion, check_replicas
from regolo_git.records.names import check_environment_name
from regolo_git.records.paths import endpoint_path, environment_path
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.actions import action_message
from regolo_git.registry.arrivals import PROPOSED
from regolo_git.registry.environments.history import promotion_events
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.status import RETIRED
from regolo_git.registry.versions.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion that was just committed: to the registry branch, or to `branch` for review."""

    promotion: Promotion
    previous: Promotion | None
    commit: str
    branch: str
    endpoints: tuple[str, ...]


def promote(
    handle: Handle,
    reference: Reference,
    environment: str,
    *,
    replicas: int | None = None,
    message: str | None = None,
    propose: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Promoted:
    """Makes a version the one that stands in an environment.

    Its bytes are rebuilt and compared with the digest first.  Without `replicas` the environment's rule
    counts, then what stands there now, then 1.  Raises InvalidInput, NotFound, PolicyRefused where the rules
    forbid it, Conflict where it stands there already, IntegrityError where the bytes are wrong.
    """
    check_environment_name(environment)
    if replicas is not None:
        check_replicas(replicas)
    version = get_version_to_use(handle, reference)
    asked_at = handle.registry_tip()
    ask_permission(handle, version, environment)
    with bytes_of(version.reference):
        verify_artifact(handle.store, version.manifest.artifact, cache=handle.cache, on_progress=on_progress)
    proposed = f"propose/{environment}/{version.model_id}@{version.version}" if propose else None
    done: list[Promoted] = []

    def prepare(tip: str | None) -> Proposal:
        done.clear()
        if handle.registry_tip() != asked_at:
            # It may have been retired, or the rules changed, while its bytes were read.
            exact = Reference.of(version.model_id, Version.parse(version.version))
            ask_permission(handle, get_version_to_use(handle, exact), environment)
        plan, proposal = _plan(handle, tip, version, environment, replicas, message, proposed)
        done.append(plan)
        return proposal

    if proposed is not None:
        published = create_branch(handle.git, proposed, handle.registry_tip(), prepare)
    else:
        published = publish(handle.git, handle.registry_branch(), prepare)
    return replace(done[0], commit=published.commit, branch=published.branch)


def ask_permission(handle: Handle, version: ModelVersion, environment: str) -> None:
    """The one place where a promotion asks whether it may.  Raises PolicyRefused, saying which rule."""
    if version.status == RETIRED:
        raise PolicyRefused(f"'{version.reference}' is retired", f"git regolo list {version.model_id}")
    rule = environment_rule(handle, environment)
    for required in rule.requires if rule is not None else ():
        if not _has_stood_in(handle, version, required):
            raise PolicyRefused(
                f"'{version.reference}' must stand in '{required}' before '{environment}'",
                f"git regolo promote {version.reference} {required}",
            )


def environment_rule(handle: Handle, environment: str) -> EnvironmentRule | None:
    """The rule of an environment; None where the registry configures none.

    Raises InvalidInput for one that is not among those that it configures, or that can have no such name.
    """
    config = handle.config()
    rule = config.environment(check_environment_name(environment))
    if config.environments and rule is None:
        raise InvalidInput(
            f"there is no environment '{environment}' (there are {', '.join(config.environment_order())})",
            f"git regolo config environments.{environment}.replicas 1",
        )
    return rule


def _has_stood_in(handle: Handle, version: ModelVersion, environment: str) -> bool:
    """Whether the version stands, or ever stood, in an environment with the bytes that it has."""
    wanted, digest = Version.parse(version.version), version.manifest.artifact.digest
    tip = handle.registry_tip()
    return tip is not None and any(
        event.promotion is not None
        and event.promotion.digest == digest
        and Version.parse(event.promotion.version) == wanted
        for _, event in promotion_events(handle, tip, version.model_id, environment)
    )


def _plan(
    handle: Handle,
    tip: str | None,
    version: ModelVersion,
    environment: str,
    replicas: int | None,
    message: str | None,
    proposed: str | None,
) -> tuple[Promoted, Proposal]:
    records = handle.records_at(tip)
    previous = records.promotion(environment, version.model_id)
    rule = handle.config().environment(environment)
    wanted = replicas or (rule.replicas if rule else None) or (previous.replicas if previous else None) or 1
    promotion = Promotion(
        model=version.model_id,
        environment=environment,
        version=version.version,
        commit=version.commit,
        digest=version.manifest.artifact.digest,
        replicas=wanted,
        unknown=previous.unknown if previous is not None else {},
    )
    if promotion == previous:
        raise Conflict(f"'{version.reference}' stands in '{environment}' already, replicas: {wanted}")
    endpoints = handle.readable(records.endpoints())
    moved = {e.endpoint: moved_endpoint(e, promotion) for e in endpoints if _follows(e, promotion)}
    path = environment_path(environment, version.model_id)
    files: dict[str, bytes | None] = {path: promotion.to_text().encode()}
    files.update({endpoint_path(name): endpoint.to_text().encode() for name, endpoint in moved.items()})
    said = action_message(
        message,
        f"promote {version.reference} to {environment}",
        "promote",
        {
            "Regolo-Environment": environment,
            "Regolo-From": f"{version.model_id}@{previous.version}" if previous else None,
            "Regolo-To": version.reference,
            PROPOSED: proposed,
        },
    )
    return Promoted(promotion, previous, "", "", tuple(moved)), Proposal(files=files, message=said)


def _follows(endpoint: Endpoint, promotion: Promotion) -> bool:
    return (endpoint.model, endpoint.environment) == (promotion.model, promotion.environment)


def moved_endpoint(endpoint: Endpoint, promotion: Promotion) -> Endpoint:
    """The endpoint with all its traffic on the promoted version, on the environment's replicas."""
    held = endpoint.versions.get(promotion.version)
    unknown = held.unknown if held is not None else {}
    pinned = PinnedVersion(promotion.commit, promotion.digest, promotion.replicas, unknown)
    return replace(endpoint, traffic={promotion.version: 1.0}, versions={promotion.version: pinned})
