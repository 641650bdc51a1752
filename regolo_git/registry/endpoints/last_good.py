"""The versions that an endpoint can be rolled back to, derived from its history.

A version is good if it had all of the endpoint's traffic and no rollback has taken traffic from it since.
The good versions form a stack.  Giving a version all the traffic pushes it: creating the endpoint, `traffic`,
a promotion, or an edit of the file.  A rollback pops the versions above its target, and every version that
lost traffic by it; a plain `git revert` of any change but a rollback counts as a rollback.  Events before the
endpoint was last deleted, or while it served another model, do not count.
"""

from collections.abc import Iterable, Iterator, Sequence

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.history import ABORT, ROLL_BACK, EndpointEvent

Shares = dict[Version, float]
# An aborted canary and one that was rolled back take traffic away as a rollback does.
ROLLBACKS = ("rollback", ROLL_BACK, ABORT)


def good_versions(endpoint: Endpoint, events: Iterable[EndpointEvent]) -> Iterator[Version]:
    """The versions to roll back to from the endpoint's current state, the last good one first.

    `events` is its history, newest first, and is read only as far as it decides.  A version that has all the
    traffic now is not included.
    """
    now = _shares(endpoint)
    told = set(now) if len(now) == 1 else set()
    read: list[tuple[EndpointEvent, Endpoint]] = []
    rest = _current_events(endpoint, events)
    # Above the last rollback, what had all the traffic is good, whatever is below.
    for event, state in rest:
        read.append((event, state))
        if event.action in ROLLBACKS or event.reverted is not None:
            break
        shares = _shares(state)
        if len(shares) == 1 and not told.issuperset(shares):
            told |= set(shares)
            yield from shares
    read += rest
    yield from (version for version in reversed(_stack(read[::-1])) if version not in told)


def _stack(events: Sequence[tuple[EndpointEvent, Endpoint]]) -> list[Version]:
    """The good versions after some events, oldest first; the last one is the next to roll back to."""
    good: list[Version] = []
    before: Shares = {}
    rollbacks: list[str] = []
    for event, state in events:
        shares = _shares(state)
        if _is_rollback(event, rollbacks):
            rollbacks.append(event.commit)
            good = _after_rollback(good, before, shares)
        if len(shares) == 1:
            (whole,) = shares
            good = [version for version in good if version != whole] + [whole]
        before = shares
    return good


def _current_events(
    endpoint: Endpoint, events: Iterable[EndpointEvent]
) -> Iterator[tuple[EndpointEvent, Endpoint]]:
    """The events since the endpoint was created, or changed to its present model, newest first."""
    for event in events:
        if event.endpoint is None or event.endpoint.model != endpoint.model:
            break
        yield event, event.endpoint


def _is_rollback(event: EndpointEvent, rollbacks: Sequence[str]) -> bool:
    if event.reverted is None:
        return event.action in ROLLBACKS
    # Reverting a rollback goes forward again.
    return not any(commit.startswith(event.reverted) for commit in rollbacks)


def _after_rollback(good: list[Version], before: Shares, after: Shares) -> list[Version]:
    reached = [index for index, version in enumerate(good) if list(after) == [version]]
    below = good[: reached[0] + 1] if reached else good
    return [version for version in below if after.get(version, 0) >= before.get(version, 0)]


def _shares(endpoint: Endpoint) -> Shares:
    return {Version.parse(name): share for name, share in endpoint.traffic.items() if share > 0}
