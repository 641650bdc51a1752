"""A canary of an endpoint: one candidate beside the version that has the rest of the traffic, the baseline.

Each act is one commit, prepared on the tip of the branch.  A robot says what it has seen (`expected`), so
that what a person did meanwhile wins.  `canary_start.py` starts one, `canary_promotion.py` gives it more.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from regolo_git.errors import Conflict
from regolo_git.git.new_commit import NewCommit
from regolo_git.git.publish import Published
from regolo_git.hints import Hint
from regolo_git.records.canary import CanaryPolicy, Candidate
from regolo_git.records.endpoint import Endpoint, RollbackMark
from regolo_git.registry.change import commit_operations
from regolo_git.registry.endpoints.deployed import baseline_of, deployed, followed_promotion
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.endpoints.history import ABORT, ROLL_BACK
from regolo_git.registry.endpoints.traffic import endpoint_commit
from regolo_git.registry.handle import Handle
from regolo_git.registry.push_at_once import destination
from regolo_git.registry.records_at import RecordsAt
from regolo_git.text.numbers import share_text


class Canary(NamedTuple):
    """A running canary: its endpoint, and the version beside the candidate.

    `baseline` is None if the two no longer share the traffic alone, as after a change by hand.
    """

    endpoint: Endpoint
    candidate: Candidate
    baseline: str | None

    @property
    def policy(self) -> CanaryPolicy:
        """The policy of the endpoint."""
        return self.endpoint.canary or CanaryPolicy()

    @property
    def share(self) -> float:
        """The share of the candidate."""
        return self.endpoint.traffic.get(self.candidate.version, 0.0)

    @property
    def whole_baseline(self) -> str:
        """The baseline.  Raises Conflict where the split was changed by hand."""
        if self.baseline is None:
            name = self.endpoint.endpoint
            raise Conflict(
                f"the traffic of endpoint '{name}' was changed by hand, so its canary is over",
                Hint("rollback", name),
            )
        return self.baseline


class Said(NamedTuple):
    """What a commit says besides the change, and the endpoint as a robot has seen it."""

    message: str | None = None
    evidence: str | None = None
    expected: Endpoint | None = None


SILENT = Said()


def canary_of(endpoint: Endpoint) -> Canary | None:
    """The canary of an endpoint, if one runs."""
    if endpoint.candidate is None:
        return None
    return Canary(endpoint, endpoint.candidate, baseline_of(endpoint))


def require_canary(records: RecordsAt, name: str, expected: Endpoint | None = None) -> Canary:
    """The canary of an endpoint.  Raises NotFound for the endpoint, Conflict without a canary.

    Raises Conflict, too, if the endpoint is not as `expected`: another canary, another split or policy, or
    one that somebody holds since.
    """
    canary = canary_of(require_endpoint(records, name))
    if canary is None:
        raise Conflict(f"no canary runs on endpoint '{name}'", Hint("canary start", name, "MODEL@V"))
    if expected is not None and canary.endpoint != expected:
        raise Conflict(f"the canary of endpoint '{name}' was changed meanwhile", Hint("canary status", name))
    return canary


def hold_canary(
    handle: Handle, name: str, *, resume: bool = False, said: Said = SILENT, push: bool | None = None
) -> Published[Endpoint]:
    """Keeps a canary at its step until somebody resumes it; a candidate that is worse is still rolled back.

    Raises Conflict if no canary runs, or if it is held already (with `resume`: if it is not).
    """

    def change(_: RecordsAt, canary: Canary) -> Endpoint:
        if canary.candidate.held is not resume:
            state = "not held" if resume else "held already"
            raise Conflict(f"the canary of endpoint '{name}' is {state}", Hint("canary status", name))
        return replace(canary.endpoint, candidate=replace(canary.candidate, held=not resume))

    action = "canary-resume" if resume else "canary-hold"
    return change_canary(handle, name, change, action, said, push)


def abort_canary(
    handle: Handle, name: str, *, said: Said = SILENT, push: bool | None = None
) -> Published[Endpoint]:
    """Ends a canary: the baseline gets all the traffic.  Raises Conflict if none runs."""

    def change(records: RecordsAt, canary: Canary) -> Endpoint:
        return _on_baseline(handle, records, canary)

    return change_canary(handle, name, change, ABORT, said, push)


def roll_back_canary(
    handle: Handle, name: str, *, said: Said = SILENT, push: bool | None = None
) -> Published[Endpoint]:
    """Ends a canary whose candidate is bad: the baseline gets everything, and its digest is ruled out.

    It asks no rule, and needs no bytes: the baseline serves already.  Raises Conflict if no canary runs.
    """

    def change(records: RecordsAt, canary: Canary) -> Endpoint:
        after = _on_baseline(handle, records, canary)
        digest = canary.endpoint.versions[canary.candidate.version].digest
        rejected = {*canary.policy.rejected, digest}
        return replace(after, canary=replace(canary.policy, rejected=tuple(sorted(rejected, key=str))))

    return change_canary(handle, name, change, ROLL_BACK, said, push)


def end_canary(
    handle: Handle, name: str, *, said: Said = SILENT, push: bool | None = None
) -> Published[Endpoint]:
    """Removes the candidate of a canary whose traffic a person has changed by hand; the traffic stays."""

    def change(_: RecordsAt, canary: Canary) -> Endpoint:
        return replace(canary.endpoint, candidate=None)

    return change_canary(handle, name, change, "canary-end", said, push)


def decide_canary(
    handle: Handle,
    name: str,
    decider: str,
    *,
    take_over: bool = False,
    said: Said = SILENT,
    push: bool | None = None,
) -> Published[Endpoint]:
    """Makes one process the one that decides.

    Raises Conflict if another one does, unless `take_over`, or if this one does already.
    """

    def change(_: RecordsAt, canary: Canary) -> Endpoint:
        before = canary.candidate.decided_by
        if before == decider:
            raise Conflict(f"'{decider}' decides on endpoint '{name}' already", Hint("canary status", name))
        if before is not None and not take_over:
            again = Hint("serve", "--canary", "--take-over")
            raise Conflict(f"the canary of endpoint '{name}' is decided by '{before}'", again)
        return replace(canary.endpoint, candidate=replace(canary.candidate, decided_by=decider))

    return change_canary(handle, name, change, "canary-decide", said, push)


def change_canary(
    handle: Handle,
    name: str,
    change: Callable[[RecordsAt, Canary], Endpoint],
    action: str,
    said: Said,
    push: bool | None,
) -> Published[Endpoint]:
    """Commits what `change` makes of the canary at the tip of the branch."""

    def prepare(records: RecordsAt) -> NewCommit[Endpoint]:
        canary = require_canary(records, name, said.expected)
        return canary_commit(canary.endpoint, change(records, canary), action, said)

    return commit_operations(handle, prepare, destination(handle, push))


def canary_commit(before: Endpoint, after: Endpoint, action: str, said: Said) -> NewCommit[Endpoint]:
    """The commit of one act, with the evidence as a trailer."""
    candidate = after.candidate or before.candidate
    assert candidate is not None, "a canary's commit has a candidate before or after it"
    share = share_text(after.traffic.get(candidate.version, 0.0))
    default = f"{action} {after.endpoint}: {candidate.version} {share}"
    return endpoint_commit(after, said.message, default, action, before, evidence=said.evidence)


def _on_baseline(handle: Handle, records: RecordsAt, canary: Canary) -> Endpoint:
    """The endpoint with all its traffic on the baseline; versions without traffic stay addressable."""
    before, baseline = canary.endpoint, canary.whole_baseline
    traffic = {version: 0.0 for version in before.traffic if version != canary.candidate.version}
    after = replace(
        before,
        traffic=traffic | {baseline: 1.0},
        versions={version: before.versions[version] for version in traffic},
        candidate=None,
        rolled_back=None,
    )
    promotion = followed_promotion(handle, records, before)
    if promotion is None or deployed(after, promotion).agrees:
        return after
    return replace(after, rolled_back=RollbackMark(promotion.version, baseline))
