"""Rolling an endpoint back: a new commit sends all of its traffic to an earlier version.

The environment that the endpoint follows goes back in the same commit where `environment_move` allows it.
"""

from contextlib import closing
from dataclasses import dataclass, replace

from regolo_git.errors import IntegrityError, NotFound, PolicyRefused
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published
from regolo_git.hints import Hint
from regolo_git.records.branches import operation_branch
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.change import change_operations
from regolo_git.registry.endpoints.deployed import followed_promotion, notice_difference
from regolo_git.registry.endpoints.environment_move import EnvironmentMove, environment_move, rollback_mark
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.endpoints.history import endpoint_events
from regolo_git.registry.endpoints.last_good import good_versions
from regolo_git.registry.endpoints.traffic import (
    endpoint_commit,
    pin,
    servable,
    traffic_commit,
    usual_replicas,
)
from regolo_git.registry.environments.permission import refuses_dangerous
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.numbers import shares_text


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The endpoint after a rollback; `skipped` has a line for each good version that cannot serve.

    `environment` is the promotion that was changed along with it, `previous` the one before, and `others` are
    the further endpoints that moved with the environment.
    """

    endpoint: Endpoint
    skipped: tuple[str, ...] = ()
    environment: Promotion | None = None
    previous: Promotion | None = None
    others: tuple[str, ...] = ()


def roll_back(
    handle: Handle,
    name: str,
    to_version: str | None = None,
    *,
    keep_environment: bool | None = None,
    message: str | None = None,
    unmerged: bool = False,
    propose: bool = False,
    push: bool | None = None,
) -> Published[RolledBack]:
    """Sends all traffic to `to_version`, or to the last good version that can serve.

    `last_good` defines good versions, and `environment_move` what `keep_environment` means.  With `propose`
    the commit goes to a new branch, named after the version that is chosen now.  Raises NotFound,
    also for missing bytes, Conflict if nothing would change, PolicyRefused for a version that is retired, has
    dangerous pickles that the environment refuses or, without `unmerged`, is not merged and was never served.
    `push`: see `destination`.
    """

    proposed = None
    if propose:
        records = handle.records()
        chosen = _version(handle, records, require_endpoint(records, name), to_version, [])
        to_version = chosen.version
        proposed = operation_branch(chosen.model_id, chosen.version, name)

    def prepare(records: RecordsAt) -> NewCommit[RolledBack]:
        before = require_endpoint(records, name)
        skipped: list[str] = []
        version = _version(handle, records, before, to_version, skipped)
        if not unmerged and version.version not in before.versions:
            _require_merged_or_served(handle, records, name, version)
        pinned = pin(version, usual_replicas(before, version), before)
        promotion = followed_promotion(handle, records, before)
        after = replace(
            before,
            traffic={version.version: 1.0},
            versions={version.version: pinned},
            rolled_back=rollback_mark(promotion, version),
            candidate=None,
        )
        move = environment_move(handle, records, before, promotion, version, keep=keep_environment)
        if move is None and replace(after, rolled_back=before.rolled_back) == before:
            after = before  # which is refused
        return _commit(before, after, move, RolledBack(after, tuple(skipped)), message, proposed)

    done = change_operations(handle, prepare, destination(handle, push), proposed=proposed)
    if not propose:
        notice_difference(handle, done.made.endpoint)
    return done


def _commit(
    before: Endpoint,
    after: Endpoint,
    move: EnvironmentMove | None,
    made: RolledBack,
    message: str | None,
    proposed: str | None,
) -> NewCommit[RolledBack]:
    if move is None:
        return traffic_commit(before, after, "rollback", message, proposed).with_made(made)
    place = f"{move.promotion.environment}={move.promotion.version}"
    default = f"rollback {after.endpoint}: {shares_text(after.traffic)}, {place}"
    environment = move.promotion.environment
    new = endpoint_commit(after, message, default, "rollback", before, environment, proposed)
    others = tuple(endpoint.endpoint for endpoint in move.others)
    moved = replace(made, environment=move.promotion, previous=move.previous, others=others)
    return replace(new, files={**move.files, **new.files}).with_made(moved)


def _version(
    handle: Handle, records: RecordsAt, endpoint: Endpoint, to_version: str | None, skipped: list[str]
) -> ModelVersion:
    if to_version is not None:
        return _usable(handle, endpoint, Version.parse(to_version))
    return _last_good(handle, records, endpoint, skipped)


def _usable(handle: Handle, endpoint: Endpoint, version: Version) -> ModelVersion:
    """A version that can serve, and whose pickles are not refused by the environment that is followed."""
    found = servable(handle, Reference.of(endpoint.model, version))
    if endpoint.environment is not None and refuses_dangerous(handle, endpoint.environment):
        from regolo_git.registry.environments.judgement import refuse_dangerous  # noqa: PLC0415 - it reads pickles

        refuse_dangerous(handle, found, endpoint.environment)
    return found


def _require_merged_or_served(handle: Handle, records: RecordsAt, name: str, version: ModelVersion) -> None:
    """Raises PolicyRefused for a version that is not merged, unless the endpoint had it before.

    A rollback must not fail because a branch was deleted meanwhile.
    """
    try:
        require_merged(handle, version, Hint("rollback", name, "--to", version.version, "--unmerged"))
    except PolicyRefused:
        assert records.operations is not None, "the endpoint was read there"
        with closing(endpoint_events(handle, records.operations, name)) as events:
            states = (event.endpoint for event in events)
            if not any(state is not None and version.version in state.versions for state in states):
                raise


def _last_good(handle: Handle, records: RecordsAt, endpoint: Endpoint, skipped: list[str]) -> ModelVersion:
    """The last good version that can serve; `skipped` gets a line for each that cannot."""
    assert records.operations is not None, "the endpoint was read there"
    events = endpoint_events(handle, records.operations, endpoint.endpoint, since_creation=True)
    with closing(events):
        for version in good_versions(endpoint, events):
            try:
                return _usable(handle, endpoint, version)
            except (NotFound, PolicyRefused, IntegrityError) as error:
                skipped.append(f"skipped: {error.message}")
    raise NotFound(
        "; ".join([f"endpoint '{endpoint.endpoint}' has no earlier version to roll back to", *skipped]),
        Hint("rollback", endpoint.endpoint, "--to", "VERSION"),
    )
