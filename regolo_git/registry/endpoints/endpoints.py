"""Endpoints: a served name with a traffic split over versions, as reviewed commits on the registry branch.

The files hold desired state only, every version pinned by commit and digest, so a moved tag cannot change
what serves.  Each change is one commit by compare-and-swap, whose trailers say what it did; the history of an
endpoint is the history of its file (`endpoint_history`).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from regolo_git.artifacts.verify import bytes_of, require_artifact
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NewerFormat, NotFound, PolicyRefused
from regolo_git.git.proposal import Proposal
from regolo_git.git.publish import publish
from regolo_git.records.endpoint import LOCAL, Endpoint, PinnedVersion, check_engine, check_traffic
from regolo_git.records.environment import check_replicas
from regolo_git.records.names import check_endpoint_name
from regolo_git.records.paths import endpoint_path
from regolo_git.records.references import Reference
from regolo_git.records.routing import Routing
from regolo_git.records.versions import Version
from regolo_git.registry.actions import action_message
from regolo_git.registry.endpoints.history import endpoint_history
from regolo_git.registry.endpoints.last_good import good_versions
from regolo_git.registry.environments.promote import environment_rule
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.status import RETIRED
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.nearest import nearest
from regolo_git.text.numbers import shares_text


def create_endpoint(
    handle: Handle,
    name: str,
    reference: Reference,
    *,
    environment: str | None = None,
    replicas: int | None = None,
    engine: str = LOCAL,
    routing: Routing | None = None,
    message: str | None = None,
) -> Endpoint:
    """Makes an endpoint that sends everything to one version.

    Bound to an environment it follows the promotions there, and the environment's replicas win.  Raises
    Conflict where the endpoint exists, InvalidInput, NotFound, PolicyRefused for a retired version.
    """
    check_endpoint_name(name)
    check_engine(engine)
    done: list[Endpoint] = []

    def prepare(tip: str | None) -> Proposal:
        version = _servable(handle, reference)
        count = _replicas(handle, version, environment, replicas)
        if name in handle.records_at(tip).endpoint_names():
            raise Conflict(
                f"endpoint '{name}' exists already", f"git regolo traffic {name} {version.version}=100"
            )
        endpoint = Endpoint(
            endpoint=name,
            model=version.model_id,
            environment=environment,
            engine=engine,
            traffic={version.version: 1.0},
            versions={version.version: pin(version, count)},
            routing=routing or Routing(),
        )
        done[:] = [endpoint]
        otherwise = f"create endpoint {name} on {version.reference}"
        return _proposal(endpoint, message, otherwise, "create-endpoint", None)

    publish(handle.git, handle.registry_branch(), prepare)
    return done[0]


def _servable(handle: Handle, reference: Reference) -> ModelVersion:
    version = get_version_to_use(handle, reference)
    if version.status == RETIRED:
        raise PolicyRefused(f"'{version.reference}' is retired", f"git regolo list {version.model_id}")
    with bytes_of(version.reference):
        require_artifact(handle.store, version.manifest.artifact)
    return version


def _replicas(handle: Handle, version: ModelVersion, environment: str | None, replicas: int | None) -> int:
    """What stands in the environment decides, then the environment's rule, then what was asked for."""
    asked = check_replicas(replicas if replicas is not None else 1)
    if environment is None:
        return asked
    rule = environment_rule(handle, environment)
    promotion = handle.records().promotion(environment, version.model_id)
    if promotion is not None:
        return promotion.replicas
    return rule.replicas if rule is not None and rule.replicas is not None else asked


def pin(version: ModelVersion, replicas: int, before: Endpoint | None = None) -> PinnedVersion:
    """A version as an endpoint holds it: by commit and digest; keys that are unknown stay as in `before`."""
    held = before.versions.get(version.version) if before is not None else None
    digest = version.manifest.artifact.digest
    return PinnedVersion(version.commit, digest, replicas, held.unknown if held is not None else {})


def update_traffic(
    handle: Handle,
    name: str,
    weights: Mapping[str, float],
    *,
    replicas: Mapping[str, int] | None = None,
    message: str | None = None,
) -> Endpoint:
    """Sets the whole split: shares that add up to 1, or percents that add up to 100.

    A version that is not named gets no traffic and leaves the endpoint; one with weight 0 stays addressable.
    Raises InvalidInput, NotFound, PolicyRefused for a retired version, Conflict.
    """
    shares = check_traffic(weights)
    for given in replicas or {}:
        if given not in shares:
            raise InvalidInput(
                f"there are replicas of '{given}', which is not in the split",
                f"git regolo endpoint show {name}",
            )

    def change(endpoint: Endpoint) -> Endpoint:
        versions = {share: _servable(handle, _reference(endpoint.model, share)) for share in shares}
        return replace(
            endpoint,
            traffic={versions[given].version: share for given, share in shares.items()},
            versions={
                v.version: pin(v, _count(endpoint, v.version, given, replicas or {}), endpoint)
                for given, v in versions.items()
            },
        )

    return _change(handle, name, "traffic", message, change)


def _reference(model: str, version: str) -> Reference:
    return Reference.of(model, Version.parse(version))


def _count(endpoint: Endpoint, version: str, given: str, replicas: Mapping[str, int]) -> int:
    """Replicas as asked for, as the version has them, or as the endpoint's largest version has them."""
    if given in replicas:
        return check_replicas(replicas[given])
    held = endpoint.versions.get(version)
    return held.replicas if held is not None else max(p.replicas for p in endpoint.versions.values())


def rollback(
    handle: Handle,
    name: str,
    to_version: str | None = None,
    *,
    message: str | None = None,
    on_passed_over: Callable[[str], None] = lambda _: None,
) -> Endpoint:
    """Sends everything to one version by a forward commit: to `to_version`, or to the last good one.

    `last_good` says which one that is.  Where it cannot serve any more the next good one is taken, and
    `on_passed_over` hears why.  Raises NotFound, PolicyRefused for a retired version, and refuses one whose
    bytes are gone.
    """
    passed_over: list[str] = []

    def change(endpoint: Endpoint) -> Endpoint:
        passed_over.clear()
        if to_version is not None:
            version = _servable(handle, _reference(endpoint.model, to_version))
        else:
            version = _last_good(handle, endpoint, passed_over)
        count = _count(endpoint, version.version, version.version, {})
        return replace(
            endpoint,
            traffic={version.version: 1.0},
            versions={version.version: pin(version, count, endpoint)},
        )

    changed = _change(handle, name, "rollback", message, change)
    for why in passed_over:
        on_passed_over(why)
    return changed


def _last_good(handle: Handle, endpoint: Endpoint, passed_over: list[str]) -> ModelVersion:
    """The last good version that can serve; `passed_over` gets a line for each that cannot."""
    for version in good_versions(endpoint, endpoint_history(handle, endpoint.endpoint)):
        try:
            return _servable(handle, Reference.of(endpoint.model, version))
        except (NotFound, PolicyRefused, IntegrityError) as error:
            passed_over.append(f"passed over: {error.message}")
    raise NotFound(
        "; ".join([f"endpoint '{endpoint.endpoint}' has no earlier version to go back to", *passed_over]),
        f"git regolo rollback {endpoint.endpoint} --to VERSION",
    )


def _change(
    handle: Handle,
    name: str,
    action: str,
    message: str | None,
    change: Callable[[Endpoint], Endpoint],
) -> Endpoint:
    done: list[Endpoint] = []

    def prepare(tip: str | None) -> Proposal:
        before = _endpoint(handle.records_at(tip), name)
        after = change(before)
        if after == before:
            raise Conflict(f"endpoint '{name}' is like that already", f"git regolo endpoint show {name}")
        done[:] = [after]
        return _proposal(after, message, f"{action} {name}: {shares_text(after.traffic)}", action, before)

    publish(handle.git, handle.registry_branch(), prepare)
    return done[0]


def _proposal(
    after: Endpoint, said: str | None, otherwise: str, action: str, before: Endpoint | None
) -> Proposal:
    message = action_message(
        said,
        otherwise,
        action,
        {
            "Regolo-Endpoint": after.endpoint,
            "Regolo-From": shares_text(before.traffic) if before else None,
            "Regolo-To": shares_text(after.traffic),
        },
    )
    return Proposal(files={endpoint_path(after.endpoint): after.to_text().encode()}, message=message)


def delete_endpoint(handle: Handle, name: str, *, message: str | None = None) -> None:
    """Takes an endpoint's file off the branch, also a broken one; its history stays.  Raises NotFound."""

    def prepare(tip: str | None) -> Proposal:
        before = _readable(handle.records_at(tip), name)
        said = action_message(
            message,
            f"delete endpoint {name}",
            "delete-endpoint",
            {"Regolo-Endpoint": name, "Regolo-From": shares_text(before.traffic) if before else None},
        )
        return Proposal(files={endpoint_path(name): None}, message=said)

    publish(handle.git, handle.registry_branch(), prepare)


def _readable(records: RecordsAt, name: str) -> Endpoint | None:
    try:
        return _endpoint(records, name)
    except NewerFormat:
        raise
    except IntegrityError:
        return None


def get_endpoint(handle: Handle, name: str) -> Endpoint:
    """An endpoint's desired state on the registry branch.  Raises NotFound, IntegrityError."""
    return _endpoint(handle.records(), name)


def list_endpoints(handle: Handle) -> list[Endpoint]:
    """Every endpoint on the registry branch, in the order of the names.

    A notice names each one that cannot be read.
    """
    return list(handle.readable(handle.records().endpoints()))


def _endpoint(records: RecordsAt, name: str) -> Endpoint:
    endpoint = records.endpoint(check_endpoint_name(name))
    if endpoint is None:
        raise NotFound(f"there is no endpoint '{name}'", _nearest(records, name))
    return endpoint


def _nearest(records: RecordsAt, name: str) -> str:
    close = nearest(name, records.endpoint_names())
    return f"git regolo endpoint show {close}" if close else "git regolo endpoint list"
