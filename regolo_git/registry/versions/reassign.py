"""The command that gives an environment or an endpoint another version than the one to be retired.

It names the version that was good there before, or none: the newest version may be untested, and worse than
the one in place.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing

from regolo_git.hints import Hint
from regolo_git.records.endpoint import LOCAL, Endpoint
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_events
from regolo_git.registry.endpoints.last_good import good_versions
from regolo_git.registry.environments.history import PromotionEvent, promotion_events
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.usage import User
from regolo_git.text.numbers import decimal_text


def reassign_hint(handle: Handle, records: RecordsAt, model: str, version: str, user: User) -> Hint:
    """The command that takes a version away from a user, or the list of versions to choose from."""
    if user.kind == "environment":
        good = _good_before(handle, records, model, version, user.name)
        if good is None:
            return Hint("demote", model, user.name)
        return Hint("promote", version_reference(model, good), user.name)
    endpoint = records.endpoint(user.name)
    assert endpoint is not None, "it uses the version"
    return _for_endpoint(handle, records, version, endpoint)


def _for_endpoint(handle: Handle, records: RecordsAt, version: str, endpoint: Endpoint) -> Hint:
    model, identity = endpoint.model, Version.parse(version)
    shadow = {name: share for name, share in endpoint.shadow.items() if Version.parse(name) != identity}
    if shadow != endpoint.shadow:
        copied = [f"{name}={decimal_text(share * 100)}" for name, share in shadow.items()] or ["none"]
        return Hint("traffic", endpoint.endpoint, *(word for each in copied for word in ("--shadow", each)))
    rest = {name: share for name, share in endpoint.traffic.items() if Version.parse(name) != identity}
    if sum(rest.values()) > 0 and sum(rest.values()) == sum(endpoint.traffic.values()):
        split = [f"{name}={decimal_text(share * 100)}" for name, share in rest.items()]
        return Hint("traffic", endpoint.endpoint, *split)
    assert records.operations is not None, "the endpoint was read there"
    events = endpoint_events(handle, records.operations, endpoint.endpoint, since_creation=True)
    with closing(events):
        good = _usable(handle, records, model, version, good_versions(endpoint, events))
    if good is None:
        return Hint("list", model)
    return Hint("rollback", endpoint.endpoint, "--to", good)


def _good_before(
    handle: Handle, records: RecordsAt, model: str, version: str, environment: str
) -> str | None:
    """The last version that was in an environment and was not rolled back."""
    assert records.operations is not None, "the promotion was read there"
    events = promotion_events(handle, records.operations, model, environment)
    now = _as_endpoint(model, environment, version)
    return _usable(handle, records, model, version, good_versions(now, _as_events(events)))


def _usable(
    handle: Handle, records: RecordsAt, model: str, version: str, good: Iterable[Version]
) -> str | None:
    """The first version that is not the one to be retired, is not retired, and has a tag."""
    retired, identity = records.retired(model), Version.parse(version).identity
    for other in good:
        row = handle.index.find(model, other.identity)
        if row is not None and row.identity != identity and not retired.has(row.version):
            return row.version
    return None


def _as_events(events: Iterable[PromotionEvent]) -> Iterator[EndpointEvent]:
    """An environment is like an endpoint with one version."""
    for event in events:
        held = event.promotion
        state = _as_endpoint(event.model, event.environment, held.version) if held is not None else None
        yield EndpointEvent(
            event.environment,
            state,
            event.action,
            event.commit,
            event.when,
            event.who,
            event.message,
            event.reverted,
        )


def _as_endpoint(model: str, environment: str, version: str) -> Endpoint:
    return Endpoint(environment, model, None, LOCAL, {version: 1.0}, {})
