"""The traffic of an endpoint: the versions that may receive it, and the commits that change it.

An endpoint's file has desired state only, with each version pinned by commit and digest, so a moved tag
cannot change what is served.  `servable` decides whether a version may receive traffic.  A change of one
endpoint is a `traffic_commit`; only a promotion moves endpoints within its own commit (`moved_endpoint`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from regolo_git.artifacts.verify import bytes_of, require_artifact
from regolo_git.errors import Conflict, InvalidInput
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published
from regolo_git.hints import Hint
from regolo_git.records.branches import operation_branch
from regolo_git.records.endpoint import SPLIT, Endpoint, PinnedVersion, check_traffic, whole_of
from regolo_git.records.environment import Promotion
from regolo_git.records.paths import endpoint_path, environment_path
from regolo_git.records.pins import check_replicas
from regolo_git.records.references import Reference
from regolo_git.records.shadow import check_shadow
from regolo_git.records.versions import Version
from regolo_git.registry.branch_events import EVIDENCE, PROPOSED
from regolo_git.registry.change import action_message, change_operations
from regolo_git.registry.endpoints.deployed import notice_difference
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.fetching import fetch_recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.retirements import refuse_retired
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.seals import refuse_broken_seal
from regolo_git.text.numbers import shares_text


def update_traffic(
    handle: Handle,
    name: str,
    weights: Mapping[str, float] | None,
    *,
    shadow: Mapping[str, float] | None = None,
    replicas: Mapping[str, int] | None = None,
    message: str | None = None,
    unmerged: bool = False,
    propose: bool = False,
    push: bool | None = None,
) -> Published[Endpoint]:
    """Sets the whole split: shares that add up to 1, or percentages that add up to 100; None keeps it.

    A version that is not named is removed from the endpoint; one with weight 0 stays addressable.  Another
    split ends a canary.  `shadow` sets the versions that get copies of requests: their shares in the unit of
    the split, or percentages if the split is kept; None keeps those that get no traffic.  With
    `propose` the commit goes to a new branch, named after the version that gains most.  Raises InvalidInput,
    NotFound, Conflict, PolicyRefused for a version that is retired or, without `unmerged`, not merged; a
    version that the endpoint has already may stay.  `push`: see `destination`.
    """
    wanted = _Wanted.of(weights, shadow)
    for given in replicas or {}:
        if given not in wanted.named:
            raise InvalidInput(
                f"replicas are given for '{given}', which is not in the split", Hint("endpoint show", name)
            )

    proposed = _branch(handle, name, wanted) if propose else None

    def prepare(records: RecordsAt) -> NewCommit[Endpoint]:
        before = require_endpoint(records, name)
        references = {given: Reference.of(before.model, Version.parse(given)) for given in wanted.named}
        versions = {given: servable(handle, reference) for given, reference in references.items()}
        for version in versions.values() if not unmerged else ():
            if version.version not in before.versions:
                require_merged(handle, version, _again(name, wanted))
        pins = {
            version.version: pin(version, _replicas(before, version, given, replicas or {}), before)
            for given, version in versions.items()
        }
        names = {given: version.version for given, version in versions.items()}
        return traffic_commit(before, _changed(before, wanted, names, pins), "traffic", message, proposed)

    changed = change_operations(handle, prepare, destination(handle, push), proposed=proposed)
    if not propose:
        notice_difference(handle, changed.made)
    return changed


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The shares of a split and of its shadows as they were named; None keeps what is there."""

    split: Mapping[str, float] | None
    shadow: Mapping[str, float] | None

    @classmethod
    def of(cls, weights: Mapping[str, float] | None, shadow: Mapping[str, float] | None) -> Self:
        if weights is None and shadow is None:
            raise InvalidInput("neither a split nor a shadow is given", SPLIT)
        split = check_traffic(weights) if weights is not None else None
        whole = whole_of(weights) if weights is not None else 100
        return cls(split, check_shadow(shadow, whole) if shadow is not None else None)

    @property
    def named(self) -> dict[str, float]:
        """Every version that is named, with its share."""
        return {**(self.shadow or {}), **(self.split or {})}


def _changed(
    before: Endpoint, wanted: _Wanted, names: Mapping[str, str], pins: dict[str, PinnedVersion]
) -> Endpoint:
    """The endpoint with another split and other shadows; `names` are the versions as they are written."""
    split, shadow = before.split, dict(before.shadow)
    if wanted.split is not None:
        split = {names[given]: share for given, share in wanted.split.items()}
    if wanted.shadow is not None:
        shadow = {names[given]: share for given, share in wanted.shadow.items()}
        _refuse_serving(shadow, split, {**before.versions, **pins})
    traffic = {**dict.fromkeys(shadow, 0.0), **split}
    is_same = before.split == split
    return replace(
        before,
        traffic=traffic,
        shadow=shadow,
        rolled_back=before.rolled_back if is_same else None,
        candidate=before.candidate if is_same else None,
        versions={version: pins.get(version) or before.versions[version] for version in traffic},
    )


def _refuse_serving(
    shadow: Mapping[str, float], split: Mapping[str, float], pins: Mapping[str, PinnedVersion]
) -> None:
    """Raises InvalidInput for a shadow whose workers would be those of callers."""
    for version in shadow:
        if split.get(version):
            raise InvalidInput(
                f"version '{version}' gets traffic, so it cannot be a shadow",
                "a shadow has no weight, or weight 0: its answers are dropped",
            )
        for serving, share in split.items():
            if share and pins[serving].digest == pins[version].digest:
                raise InvalidInput(
                    f"version '{version}' has the content of '{serving}', which gets traffic: they would "
                    "share workers, and there is nothing to compare"
                )


def _branch(handle: Handle, name: str, wanted: _Wanted) -> str:
    """The branch that proposes a split, by the version whose share grows most."""
    before = require_endpoint(handle.records(), name)
    named = wanted.named or before.shadow or before.traffic

    def growth(given: str) -> float:
        return named[given] - before.traffic.get(given, 0.0)

    gaining = Version.parse(max(named, key=growth))
    version = get_version_to_use(handle, Reference.of(before.model, gaining))
    return operation_branch(version.model_id, version.version, name)


def _again(name: str, wanted: _Wanted) -> Hint:
    split = [f"{version}={share * 100:.10g}" for version, share in (wanted.split or {}).items()]
    shadow = [f"{version}={share * 100:.10g}" for version, share in (wanted.shadow or {}).items()]
    return Hint(
        "traffic", name, *split, *(part for each in shadow for part in ("--shadow", each)), "--unmerged"
    )


def _replicas(endpoint: Endpoint, version: ModelVersion, given: str, replicas: Mapping[str, int]) -> int:
    return check_replicas(replicas[given]) if given in replicas else usual_replicas(endpoint, version)


def usual_replicas(endpoint: Endpoint, version: ModelVersion) -> int:
    """The version's replicas in the endpoint, or those of the endpoint's largest version."""
    pinned = endpoint.versions.get(version.version)
    return pinned.replicas if pinned is not None else max(p.replicas for p in endpoint.versions.values())


def servable(handle: Handle, reference: Reference) -> ModelVersion:
    """The version that a reference resolves to, if it may receive traffic.

    Raises NotFound, also if its bytes are missing, PolicyRefused if it is retired.
    """
    version = get_version_to_use(handle, reference)
    refuse_retired(version)
    refuse_broken_seal(version)
    fetch_recipe(handle, version.manifest)
    with bytes_of(version.reference):
        require_artifact(handle.stores, version.manifest.artifact)
    return version


def pin(version: ModelVersion, replicas: int, before: Endpoint | None = None) -> PinnedVersion:
    """A version pinned by commit and digest; unknown keys are kept from `before`."""
    pinned = before.versions.get(version.version) if before is not None else None
    digest = version.manifest.artifact.digest
    return PinnedVersion(version.commit, digest, replicas, pinned.unknown if pinned is not None else {})


def moved_endpoint(endpoint: Endpoint, promotion: Promotion) -> Endpoint:
    """The endpoint with all its traffic on the promoted version, with the promotion's replicas."""
    pinned = endpoint.versions.get(promotion.version)
    unknown = pinned.unknown if pinned is not None else {}
    target = PinnedVersion(promotion.commit, promotion.digest, promotion.replicas, unknown)
    return replace(
        endpoint,
        traffic={promotion.version: 1.0},
        versions={promotion.version: target},
        rolled_back=None,
        candidate=None,
    )


def follows(endpoint: Endpoint, promotion: Promotion) -> bool:
    """Whether an endpoint follows the environment and model of a promotion."""
    return (endpoint.model, endpoint.environment) == (promotion.model, promotion.environment)


def promotion_files(promotion: Promotion, endpoints: Iterable[Endpoint]) -> dict[str, bytes | None]:
    """The files of a promotion and of the endpoints that move with it."""
    return {
        environment_path(promotion.environment, promotion.model): promotion.to_text().encode(),
        **endpoint_files(endpoints),
    }


def endpoint_files(endpoints: Iterable[Endpoint]) -> dict[str, bytes | None]:
    """The files of endpoints."""
    return {endpoint_path(endpoint.endpoint): endpoint.to_text().encode() for endpoint in endpoints}


def traffic_commit(
    before: Endpoint, after: Endpoint, action: str, message: str | None, proposed: str | None
) -> NewCommit[Endpoint]:
    """The commit that changes an endpoint.  Raises Conflict if nothing would change."""
    name = before.endpoint
    if after == before:
        raise Conflict(
            f"nothing to change: endpoint '{name}' already has this traffic", Hint("endpoint show", name)
        )
    default = f"{action} {name}: {after.split_text()}"
    return endpoint_commit(after, message, default, action, before, proposed=proposed)


def endpoint_commit(
    after: Endpoint,
    given: str | None,
    default: str,
    action: str,
    before: Endpoint | None,
    environment: str | None = None,
    proposed: str | None = None,
    evidence: str | None = None,
) -> NewCommit[Endpoint]:
    """The commit that writes an endpoint's file, with trailers that record the change.

    `environment` is one that changes with it, `proposed` the branch for its review, `evidence` what a canary
    has shown.
    """
    message = action_message(
        given,
        default,
        action,
        {
            "Regolo-Environment": environment,
            "Regolo-Endpoint": after.endpoint,
            "Regolo-From": shares_text(before.traffic) if before else None,
            "Regolo-To": shares_text(after.traffic),
            "Regolo-Shadow": shares_text(after.shadow) or None,
            EVIDENCE: evidence,
            PROPOSED: proposed,
        },
    )
    return NewCommit({endpoint_path(after.endpoint): after.to_text().encode()}, message, after)
