"""Starting a canary: a candidate gets the first share of the policy, beside the version that serves."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from regolo_git.errors import Conflict, InvalidInput, PolicyRefused
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published
from regolo_git.hints import Hint
from regolo_git.records.canary import CanaryPolicy, Candidate
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.paths import endpoint_path
from regolo_git.records.pins import check_replicas
from regolo_git.records.references import Reference
from regolo_git.registry.change import commit_operations
from regolo_git.registry.endpoints.canary import SILENT, Said, canary_commit
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.endpoints.traffic import pin, servable, usual_replicas
from regolo_git.registry.environments.permission import refuses_dangerous
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.numbers import shares_text

START = "canary-start"


def start_canary(
    handle: Handle,
    name: str,
    reference: Reference,
    *,
    policy: CanaryPolicy | None = None,
    replicas: int | None = None,
    unmerged: bool = False,
    said: Said = SILENT,
    push: bool | None = None,
) -> Published[Endpoint]:
    """Gives a version the first share of the policy's steps, beside the one version that serves.

    `policy` replaces that of the endpoint, except for the digests that are ruled out; an endpoint without one
    gets the default.  Raises NotFound, also for missing bytes, InvalidInput for a version of another model,
    Conflict if a canary runs already or the traffic is split, PolicyRefused for a version that was rolled
    back before, is retired, has dangerous pickles that the environment refuses or, without `unmerged`, is not
    merged.
    """
    if replicas is not None:
        check_replicas(replicas)

    def prepare(records: RecordsAt) -> NewCommit[Endpoint]:
        before = require_endpoint(records, name)
        if reference.model != before.model:
            raise InvalidInput(
                f"endpoint '{name}' serves '{before.model}', not '{reference.model}'",
                Hint("list", before.model),
            )
        version = servable(handle, reference)
        if not unmerged:
            require_merged(handle, version, Hint("canary start", name, version.reference, "--unmerged"))
        _refuse_dangerous(handle, before, version)
        after = with_candidate(before, version, policy=policy, replicas=replicas)
        return canary_commit(before, after, START, said)

    return commit_operations(handle, prepare, destination(handle, push, reference.model))


def _refuse_dangerous(handle: Handle, endpoint: Endpoint, version: ModelVersion) -> None:
    if endpoint.environment is not None and refuses_dangerous(handle, endpoint.environment):
        from regolo_git.registry.environments.judgement import refuse_dangerous  # noqa: PLC0415 - it reads pickles

        refuse_dangerous(handle, version, endpoint.environment)


def with_candidate(
    endpoint: Endpoint,
    version: ModelVersion,
    *,
    policy: CanaryPolicy | None = None,
    replicas: int | None = None,
) -> Endpoint:
    """An endpoint with a candidate at the first step.

    Raises Conflict if it has one, if its traffic is split, or if it serves these bytes already, PolicyRefused
    for bytes that are ruled out.
    """
    known = endpoint.canary or CanaryPolicy()
    used = replace(policy, rejected=known.rejected, unknown=known.unknown) if policy is not None else known
    pinned = pin(version, replicas or usual_replicas(endpoint, version), endpoint)
    baseline = _only_version(endpoint, version)
    name = endpoint.endpoint
    refuse_ruled_out([endpoint], version)
    if endpoint.versions[baseline].digest == pinned.digest:
        raise Conflict(
            f"'{version.reference}' has the bytes that endpoint '{name}' serves as '{baseline}'",
            Hint("traffic", name, f"{version.version}=100"),
        )
    return replace(
        endpoint,
        traffic=candidate_traffic(endpoint.traffic, baseline, version.version, used.steps[0]),
        versions={**endpoint.versions, version.version: pinned},
        canary=used,
        candidate=Candidate(version.version, 0, now(), None, held=False),
        rolled_back=None,
    )


def refuse_ruled_out(endpoints: Iterable[Endpoint], version: ModelVersion) -> None:
    """Raises PolicyRefused for a version whose bytes a canary on one of the endpoints has ruled out."""
    digest = version.manifest.artifact.digest
    for endpoint in endpoints:
        if endpoint.canary is not None and digest in endpoint.canary.rejected:
            raise PolicyRefused(
                f"'{version.reference}' was rolled back from endpoint '{endpoint.endpoint}' by a canary",
                f"to allow it again, remove {digest} from 'rejected' in {endpoint_path(endpoint.endpoint)}",
            )


def started_canaries(
    followers: Iterable[Endpoint], version: ModelVersion, replicas: int | None
) -> dict[str, Endpoint]:
    """The endpoints on which a promotion starts a canary: those with a policy that do not serve the version.

    Where a canary runs already, the promotion ends it and moves the endpoint at once.
    """
    return {
        endpoint.endpoint: with_candidate(endpoint, version, replicas=replicas)
        for endpoint in followers
        if endpoint.canary is not None
        and endpoint.candidate is None
        and (
            endpoint.whole is None
            or endpoint.versions[endpoint.whole].digest != version.manifest.artifact.digest
        )
    }


def _only_version(endpoint: Endpoint, version: ModelVersion) -> str:
    name = endpoint.endpoint
    if endpoint.candidate is not None:
        raise Conflict(
            f"a canary of '{endpoint.candidate.version}' runs on endpoint '{name}' already",
            Hint("canary status", name),
        )
    baseline = endpoint.whole
    if baseline is None:
        raise Conflict(
            f"endpoint '{name}' splits its traffic ({shares_text(endpoint.traffic)});"
            " a canary needs one version that has all of it",
            Hint("rollback", name),
        )
    if baseline == version.version:
        raise Conflict(
            f"'{version.reference}' has all the traffic of endpoint '{name}' already",
            Hint("endpoint show", name),
        )
    return baseline


def candidate_traffic(
    before: Mapping[str, float], baseline: str, candidate: str, share: float
) -> dict[str, float]:
    """The split with a share for the candidate and the rest for the baseline; others have nothing."""
    rest = float(1 - Decimal(float.__repr__(share)))
    return {**dict.fromkeys(before, 0.0), baseline: rest, candidate: share}


def now() -> datetime:
    """The time as a record has it."""
    return datetime.now(UTC).replace(microsecond=0)
