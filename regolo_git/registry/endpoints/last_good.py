"""Which versions an endpoint can be rolled back to, read from its history.

A version is good when it had all of the endpoint's traffic and no rollback has taken traffic from it since.
So the good versions are a stack.  Whoever gives one all the traffic puts it on top: by creating the endpoint,
by `traffic`, by a promotion or by an edit of the file.  A rollback takes off what lay above the version that
it went back to, and every version that lost traffic by it; a plain `git revert` of any change but a rollback
is one, too.  What happened before the endpoint was last deleted, or while it served another model, does not
count.
"""

from collections.abc import Sequence

from regolo_git.records.endpoint import Endpoint
from regolo_git.records.versions import Version
from regolo_git.registry.endpoints.history import EndpointEvent

Shares = dict[Version, float]


def good_versions(endpoint: Endpoint, events: Sequence[EndpointEvent]) -> list[Version]:
    """The versions to go back to from the endpoint as it is, the last good one first.

    `events` are its history, newest first.  A version that has all the traffic now is not among them.
    """
    good: list[Version] = []
    before: Shares = {}
    rollbacks: list[str] = []
    for event, state in _present_life(endpoint, events):
        shares = _shares(state)
        if _goes_back(event, rollbacks):
            rollbacks.append(event.commit)
            good = _after_rollback(good, before, shares)
        if len(shares) == 1:
            (whole,) = shares
            good = [version for version in good if version != whole] + [whole]
        before = shares
    now = _shares(endpoint)
    return [version for version in reversed(good) if len(now) > 1 or version not in now]


def _present_life(
    endpoint: Endpoint, events: Sequence[EndpointEvent]
) -> list[tuple[EndpointEvent, Endpoint]]:
    """The events since the endpoint was made, or was given its model, oldest first."""
    life: list[tuple[EndpointEvent, Endpoint]] = []
    for event in events:
        if event.endpoint is None or event.endpoint.model != endpoint.model:
            break
        life.insert(0, (event, event.endpoint))
    return life


def _goes_back(event: EndpointEvent, rollbacks: Sequence[str]) -> bool:
    if event.reverted is None:
        return event.action == "rollback"
    # Who reverts a rollback goes forward again.
    return not any(commit.startswith(event.reverted) for commit in rollbacks)


def _after_rollback(good: list[Version], before: Shares, after: Shares) -> list[Version]:
    reached = [index for index, version in enumerate(good) if list(after) == [version]]
    below = good[: reached[0] + 1] if reached else good
    return [version for version in below if after.get(version, 0) >= before.get(version, 0)]


def _shares(endpoint: Endpoint) -> Shares:
    return {Version.parse(name): share for name, share in endpoint.traffic.items() if share > 0}
