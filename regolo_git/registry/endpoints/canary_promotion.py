"""A canary that goes on: its next step, or its last one, which moves the environment too."""

from dataclasses import dataclass, replace

from regolo_git.errors import PolicyRefused
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published
from regolo_git.hints import Hint
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry.change import commit_operations
from regolo_git.registry.endpoints.canary import SILENT, Canary, Said, canary_commit, require_canary
from regolo_git.registry.endpoints.canary_start import candidate_traffic, now, refuse_ruled_out
from regolo_git.registry.endpoints.traffic import servable
from regolo_git.registry.environments.promote import LastStep, Promoted, promote
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt


@dataclass(frozen=True, slots=True)
class CanaryStep:
    """A step that was committed: the endpoint after it and, of a last step, the promotion that it was."""

    endpoint: Endpoint
    commit: str
    promoted: Promoted | None = None


def promote_canary(
    handle: Handle, name: str, *, unmerged: bool = False, said: Said = SILENT, push: bool | None = None
) -> CanaryStep:
    """Gives the candidate the next share of the policy or, after the last one, everything.

    The last step promotes it to the environment that the endpoint follows, in the same commit and by the
    rules of `promote`.  Raises Conflict if no canary runs, NotFound for missing bytes, PolicyRefused for a
    candidate that was retired or ruled out, and the errors of `promote`.
    """
    canary = require_canary(handle.records(), name, said.expected)
    if canary.policy.next_step(canary.share) is not None or canary.endpoint.environment is None:
        done = _step(handle, name, said, push)
        return CanaryStep(done.made, done.commit)
    _ = canary.whole_baseline
    _check(handle, canary)
    pinned = canary.endpoint.versions[canary.candidate.version]
    # The canary that was read here is the one that ends, whatever happens meanwhile.
    promoted = promote(
        handle,
        _reference(canary),
        canary.endpoint.environment,
        replicas=pinned.replicas,
        message=said.message,
        unmerged=unmerged,
        last_step=LastStep(name, said._replace(expected=canary.endpoint)),
        push=push,
    )
    assert promoted.commit is not None, "it was not a dry run"
    after = handle.records_at(promoted.commit).endpoint(name)
    assert after is not None, "the promotion has just written it"
    return CanaryStep(after, promoted.commit, promoted)


def _step(handle: Handle, name: str, said: Said, push: bool | None) -> Published[Endpoint]:
    def prepare(records: RecordsAt) -> NewCommit[Endpoint]:
        canary = require_canary(records, name, said.expected)
        before, baseline = canary.endpoint, canary.whole_baseline
        step = canary.policy.next_step(canary.share)
        _check(handle, canary)
        if step is None:
            return canary_commit(before, _whole(canary), "canary-promote", said)
        share, candidate = canary.policy.steps[step], canary.candidate
        after = replace(
            before,
            traffic=candidate_traffic(before.traffic, baseline, candidate.version, share),
            candidate=replace(candidate, step=step, since=now()),
        )
        return canary_commit(before, after, "canary-step", said)

    return commit_operations(handle, prepare, destination(handle, push))


def _whole(canary: Canary) -> Endpoint:
    version = canary.candidate.version
    pinned = canary.endpoint.versions[version]
    return replace(
        canary.endpoint, traffic={version: 1.0}, versions={version: pinned}, candidate=None, rolled_back=None
    )


def _check(handle: Handle, canary: Canary) -> None:
    """Raises for a candidate that may not get more traffic: retired, ruled out, without bytes, or changed."""
    version, pinned = servable(handle, _reference(canary)), canary.endpoint.versions[canary.candidate.version]
    refuse_ruled_out([canary.endpoint], version)
    if version.manifest.artifact.digest != pinned.digest:
        raise PolicyRefused(
            f"'{version.reference}' has other bytes than the canary of '{canary.endpoint.endpoint}' serves",
            Hint("canary abort", canary.endpoint.endpoint),
        )


def _reference(canary: Canary) -> Reference:
    return Reference.of(canary.endpoint.model, Version.parse(canary.candidate.version))
