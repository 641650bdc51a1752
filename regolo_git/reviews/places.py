"""Promotions and endpoints that a change has changed, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from regolo_git.errors import NotFound, RegoloError
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.versions import Version
from regolo_git.registry.environments.history import promotion_events
from regolo_git.registry.handle import Handle
from regolo_git.reviews.canary_changes import canary_words
from regolo_git.reviews.change_set import ChangeSet
from regolo_git.reviews.promotion_gates import promotion_gates
from regolo_git.text.numbers import counted, shares_text
from regolo_git.verdict.gate_result import GateResult

EVENTS_READ = 20


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """An environment or an endpoint: what it had, what it gets, and what that means.

    `error` says what is wrong with the record after the change, `gates` what those of the environment say.
    """

    name: str
    model: str
    before: str | None
    after: str | None
    words: str
    error: str | None = None
    gates: tuple[GateResult, ...] = ()


def promotion_changes(handle: Handle, changes: ChangeSet) -> tuple[PlaceChange, ...]:
    """The changes of environments."""
    return tuple(_promotion(handle, changes, place) for place in changes.promotions)


def _promotion(handle: Handle, changes: ChangeSet, place: str) -> PlaceChange:
    environment, _, model = place.partition("/")
    before = _old_promotion(changes, environment, model)
    held = before.version if before is not None else None
    try:
        after = changes.after.promotion(environment, model)
    except RegoloError as failure:
        return PlaceChange(environment, model, held, None, "cannot be read", failure.message)
    words = list(_promotion_words(handle, changes, before, after))
    error = _wrong_pin(handle, changes, model, after) if after is not None else None
    gates: tuple[GateResult, ...] = ()
    if after is not None and error is None:
        gates = promotion_gates(handle, changes.before, before, after)
    new = after.version if after is not None else None
    return PlaceChange(environment, model, held, new, "; ".join(words), error, gates)


def _old_promotion(changes: ChangeSet, environment: str, model: str) -> Promotion | None:
    try:
        return changes.before.promotion(environment, model)
    except RegoloError:
        return None


def _promotion_words(
    handle: Handle, changes: ChangeSet, before: Promotion | None, after: Promotion | None
) -> Iterator[str]:
    if after is None:
        yield "demoted"
    elif before is None or before.replicas != after.replicas:
        yield counted(after.replicas, "replica")
    if before is not None and (after is None or before.version != after.version):
        since = _since(handle, changes.range.base, before)
        yield f"{before.version} was promoted on {since}" if since else f"{before.version} was there"


def _since(handle: Handle, base: str | None, held: Promotion) -> str | None:
    """The day on which a promotion came; None where this clone lacks the history."""
    found: str | None = None
    try:
        events = promotion_events(handle, base, held.model, held.environment) if base else ()
        for event in islice(events, EVENTS_READ):
            if event.promotion is None or event.promotion.version != held.version:
                break
            found = event.when.date().isoformat()
    except NotFound:
        return None
    return found


def _wrong_pin(handle: Handle, changes: ChangeSet, model: str, after: Promotion) -> str | None:
    """What is wrong with the version that a promotion names; None for one that the merge brings as well."""
    row = handle.index.find(model, Version.parse(after.version).identity)
    if row is not None:
        if row.digest != after.digest:
            return f"{after.reference} has other bytes than the promotion records"
        return None
    for change in changes.models:
        new = change.after
        if change.model == model and new is not None and new.artifact.digest == after.digest:
            return f"{after.reference} has no tag yet; promote it after the merge"
    return f"{after.reference} is not a version of this registry"


def endpoint_changes(changes: ChangeSet) -> tuple[PlaceChange, ...]:
    """The changes of endpoints."""
    return tuple(_endpoint(changes, name) for name in changes.endpoints)


def _endpoint(changes: ChangeSet, name: str) -> PlaceChange:
    try:
        before = changes.before.endpoint(name)
    except RegoloError:
        before = None
    try:
        after = changes.after.endpoint(name)
    except RegoloError as error:
        return PlaceChange(name, "", _split(before), None, "cannot be read", error.message)
    held = after or before
    model = held.model if held is not None else ""
    return PlaceChange(name, model, _split(before), _split(after), "; ".join(_endpoint_words(before, after)))


def _split(endpoint: Endpoint | None) -> str | None:
    if endpoint is None:
        return None
    return endpoint.whole or shares_text(endpoint.traffic)


def _endpoint_words(before: Endpoint | None, after: Endpoint | None) -> Iterator[str]:
    if after is None:
        yield "deleted"
        return
    if before is None:
        yield f"new, with the engine {after.engine}"
    for version, share in after.traffic.items():
        old = before.traffic.get(version, 0.0) if before is not None else 0.0
        if share != old:
            yield f"{_percent(old)} → {_percent(share)} of its requests to {after.model} {version}"
    old_shadow = before.shadow if before is not None else {}
    if old_shadow != after.shadow:
        yield f"shadow {shares_text(old_shadow) or 'none'} → {shares_text(after.shadow) or 'none'}"
    if before is not None:
        yield from _settings(before, after)
        yield from canary_words(before, after)


def _percent(share: float) -> str:
    return f"{share:.4%}".rstrip("%").rstrip("0").rstrip(".") + " %"


def _settings(before: Endpoint, after: Endpoint) -> Iterator[str]:
    gone = [version for version in before.traffic if version not in after.traffic]
    if gone:
        yield f"no longer {', '.join(gone)}"
    for what in ("model", "environment", "engine"):
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            yield f"{what} {old or 'none'} → {new or 'none'}"
    for version, pin in after.versions.items():
        held = before.versions.get(version)
        if held is not None and held.replicas != pin.replicas:
            yield f"{version}: {held.replicas} → {counted(pin.replicas, 'replica')}"
        if held is not None and held.digest != pin.digest:
            yield f"{version} with other bytes than before"
