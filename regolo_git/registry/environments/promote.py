"""Promoting a version to an environment, by a commit on the operations branch.

resolve the version → check `permission` → verify its bytes → ask the gates
    → one commit: environments/<env>/<model>.toml, and every endpoint bound to that environment
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from regolo_git.artifacts.progress import OnProgress, ignore_progress
from regolo_git.artifacts.verify import bytes_of, verify_artifact
from regolo_git.errors import Conflict
from regolo_git.git.new_commit import NewCommit
from regolo_git.hints import Hint
from regolo_git.records.branches import operation_branch
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.environment import Promotion
from regolo_git.records.names import check_environment_name
from regolo_git.records.paths import CONFIG_PATH
from regolo_git.records.pins import check_replicas
from regolo_git.records.references import Reference, version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.branch_events import EVIDENCE, PROPOSED
from regolo_git.registry.change import (
    Prepare,
    action_message,
    change_operations,
    operations_at,
    recover_first,
)
from regolo_git.registry.endpoints.canary import Said, require_canary
from regolo_git.registry.endpoints.canary_start import START, refuse_ruled_out, started_canaries
from regolo_git.registry.endpoints.traffic import (
    endpoint_files,
    follows,
    moved_endpoint,
    promotion_files,
)
from regolo_git.registry.environments.declared import declare, known_environments
from regolo_git.registry.environments.judgement import Judgement, judge_promotion
from regolo_git.registry.environments.permission import check_permission
from regolo_git.registry.fetching import fetch_recipe
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version_to_use
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt, check_readable
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.seals import refuse_broken_seal
from regolo_git.text.numbers import counted


@dataclass(frozen=True, slots=True)
class Promoted:
    """A promotion that was just committed: to the operations branch, or to `branch` for review.

    `commit` is None if it was only tried.  With `declared` the commit also declares the environment.
    `pushed_to` is the remote that has it already.  `canaries` are the endpoints on which it started a canary
    instead: then the environment stays as it is, until the last step of one of them.
    """

    promotion: Promotion
    previous: Promotion | None
    judgement: Judgement
    commit: str | None
    branch: str
    endpoints: tuple[str, ...]
    declared: bool = False
    pushed_to: str | None = None
    canaries: tuple[str, ...] = ()


def canary_notice(done: Promoted) -> str:
    """What a promotion that started canaries did, in a sentence."""
    reference, place = done.promotion.reference, done.promotion.environment
    now = f"at {done.previous.version}" if done.previous is not None else "without a version"
    names = ", ".join(done.canaries)
    return f"canary of '{reference}' on {names}; '{place}' stays {now} until its last step"


@dataclass(frozen=True, slots=True)
class LastStep:
    """The canary whose last step a promotion is: its endpoint, and what `require_canary` compares."""

    endpoint: str
    said: Said


@dataclass(frozen=True, slots=True)
class _Request:
    """The requested promotion; `proposed` is the branch for its review, if any."""

    version: ModelVersion
    environment: str
    replicas: int | None
    message: str | None
    proposed: str | None
    at_once: bool
    last_step: LastStep | None


@dataclass(frozen=True, slots=True)
class _Change:
    promotion: Promotion
    previous: Promotion | None
    judgement: Judgement
    endpoints: tuple[str, ...]
    declared: bool = False
    canaries: tuple[str, ...] = ()


def promote(
    handle: Handle,
    reference: Reference,
    environment: str,
    *,
    replicas: int | None = None,
    message: str | None = None,
    propose: bool = False,
    unmerged: bool = False,
    new_environment: bool = False,
    at_once: bool = False,
    last_step: LastStep | None = None,
    push: bool | None = None,
    dry_run: bool = False,
    on_progress: OnProgress = ignore_progress,
) -> Promoted:
    """Promotes a version to an environment.

    Its bytes are rebuilt and compared with the digest first, and the gates are asked.  `replicas` defaults to
    the environment's rule, then to the present promotion, then to 1.  With `new_environment`, one that is not
    declared is declared in the same commit, unless the configuration is on another branch.  An endpoint that
    follows and has a policy for canaries starts one instead, unless `at_once` or as a `last_step`.  With
    `dry_run` all is checked and nothing committed.  Raises InvalidInput, NotFound, TransportError (`push`:
    see `destination`), PolicyRefused if a rule or a gate forbids it, Conflict if it is already promoted there
    and at every endpoint that follows, IntegrityError if the bytes are wrong.
    """
    check_environment_name(environment)
    if replicas is not None:
        check_replicas(replicas)
    if not dry_run:
        recover_first(handle)
    to = destination(handle, push, reference.model) if not dry_run else None
    version = get_version_to_use(handle, reference)
    checked_by = handle.records()
    check = partial(check_permission, handle, unmerged=unmerged, new_environment=new_environment)
    check(version, environment)
    refuse_broken_seal(version)
    fetch_recipe(handle, version.manifest)
    with bytes_of(version.reference):
        verify_artifact(handle.stores, version.manifest.artifact, cache=handle.cache, on_progress=on_progress)
    there = checked_by.promotion(environment, version.model_id)
    judged = judge_promotion(handle, version, environment, there)
    proposed = operation_branch(version.model_id, version.version, environment) if propose else None
    request = _Request(version, environment, replicas, message, proposed, at_once, last_step)

    def prepare(records: RecordsAt) -> NewCommit[_Change]:
        judgement, previous = judged, records.promotion(environment, version.model_id)
        if handle.records() is not checked_by:
            # While its bytes were read, it may have been retired or the rules may have changed.
            exact = Reference.of(version.model_id, Version.parse(version.version))
            current = get_version_to_use(handle, exact)
            check(current, environment)
        if handle.records() is not checked_by or previous != there:
            judgement = judge_promotion(handle, version, environment, previous)
        return _commit(handle, records, request, previous, judgement)

    if dry_run:
        return _promoted(_tried(handle, prepare), None, proposed or handle.operations_branch())
    done = change_operations(handle, prepare, to, proposed=proposed)
    return _promoted(done.made, done.commit, done.branch, to.remote if to is not None else None)


def _tried(handle: Handle, prepare: Prepare[_Change]) -> _Change:
    """What would be committed now."""
    new = prepare(operations_at(handle)(handle.operations_tip()))
    check_readable(new.files)
    return new.made


def _promoted(made: _Change, commit: str | None, branch: str, remote: str | None = None) -> Promoted:
    return Promoted(
        made.promotion,
        made.previous,
        made.judgement,
        commit,
        branch,
        made.endpoints,
        made.declared,
        remote,
        made.canaries,
    )


def _commit(
    handle: Handle,
    records: RecordsAt,
    request: _Request,
    previous: Promotion | None,
    judgement: Judgement,
) -> NewCommit[_Change]:
    version, environment = request.version, request.environment
    promotion = _promotion(handle, request, previous)
    followers = [e for e in handle.readable(records.endpoints()) if follows(e, promotion)]
    refuse_ruled_out(followers, version)
    if request.last_step is not None:
        require_canary(records, request.last_step.endpoint, request.last_step.said.expected)
    elif not request.at_once and (started := _started(followers, request)):
        return _canaries(
            request, started, _Change(promotion, previous, judgement, (), canaries=tuple(started))
        )
    moved = {e.endpoint: m for e in followers if (m := _moved(e, promotion, request.last_step)) != e}
    if promotion == previous and not moved:
        raise Conflict(
            f"'{version.reference}' is already promoted to '{environment}'"
            f" ({counted(promotion.replicas, 'replica')})"
        )
    declaration = _declaration(handle, records, environment)
    files = {**promotion_files(promotion, moved.values()), **declaration}
    text = _message(request, previous)
    return NewCommit(files, text, _Change(promotion, previous, judgement, tuple(moved), bool(declaration)))


def _started(followers: Iterable[Endpoint], request: _Request) -> dict[str, Endpoint]:
    """The endpoints on which a canary starts.  Raises Conflict for one that has no single version."""
    try:
        return started_canaries(followers, request.version, request.replicas)
    except Conflict as error:
        at_once = Hint("promote", request.version.reference, request.environment, "--at-once")
        raise Conflict(error.message, at_once) from error


def _canaries(request: _Request, started: Mapping[str, Endpoint], change: _Change) -> NewCommit[_Change]:
    """The commit that starts canaries in place of the promotion."""
    version, names = request.version, ", ".join(started)
    text = action_message(
        request.message,
        f"canary of {version.reference} on {names}, before {request.environment}",
        START,
        {
            "Regolo-Environment": request.environment,
            "Regolo-Endpoint": names,
            "Regolo-To": version.reference,
            PROPOSED: request.proposed,
        },
    )
    return NewCommit(endpoint_files(started.values()), text, change)


def _message(request: _Request, previous: Promotion | None) -> str:
    version, ended = request.version, request.last_step
    return action_message(
        request.message,
        f"promote {version.reference} to {request.environment}",
        "canary-promote" if ended is not None else "promote",
        {
            "Regolo-Environment": request.environment,
            "Regolo-Endpoint": ended.endpoint if ended is not None else None,
            "Regolo-From": version_reference(version.model_id, previous.version) if previous else None,
            "Regolo-To": version.reference,
            EVIDENCE: ended.said.evidence if ended is not None else None,
            PROPOSED: request.proposed,
        },
    )


def _declaration(handle: Handle, records: RecordsAt, environment: str) -> dict[str, bytes | None]:
    """The configuration that declares an environment, if it does not yet."""
    config = handle.config()
    if environment in known_environments(records, config):
        return {}
    return {CONFIG_PATH: declare(records, environment).encode()}


def _promotion(handle: Handle, request: _Request, previous: Promotion | None) -> Promotion:
    version, rule = request.version, handle.config().environment(request.environment)
    requested, usual = request.replicas, rule.replicas if rule is not None else None
    return Promotion(
        model=version.model_id,
        environment=request.environment,
        version=version.version,
        commit=version.commit,
        digest=version.manifest.artifact.digest,
        replicas=requested or usual or (previous.replicas if previous is not None else 1),
        unknown=previous.unknown if previous is not None else {},
    )


def _moved(endpoint: Endpoint, promotion: Promotion, last_step: LastStep | None) -> Endpoint:
    """An endpoint on the promoted version; where another canary ends, one that still runs goes on."""
    if last_step is not None and endpoint.candidate is not None and endpoint.endpoint != last_step.endpoint:
        return endpoint
    return moved_endpoint(endpoint, promotion)
