"""The rules and gates of the environments, which decide whether a promotion is allowed."""

from dataclasses import dataclass

from regolo_git.errors import NotFound, PolicyRefused
from regolo_git.hints import Either, Hint, NextStep
from regolo_git.records.config import EnvironmentRule
from regolo_git.records.environment import Promotion
from regolo_git.records.gates import EnvironmentGates
from regolo_git.records.model_card import ModelCard
from regolo_git.records.names import check_environment_name
from regolo_git.records.versions import Version
from regolo_git.registry.environments.declared import TABLE, HintFor, UnknownEnvironment, known_environments
from regolo_git.registry.environments.history import promotion_events
from regolo_git.registry.gates import compared_metrics, judge_version, rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import require_merged
from regolo_git.registry.retirements import refuse_retired
from regolo_git.registry.revisions import revision_at, version_at
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.printable import printable
from regolo_git.verdict.environment_gates import PRODUCTION
from regolo_git.verdict.gate_facts import Rules
from regolo_git.verdict.gate_result import GateResult, counts_text, with_state

NAMED = 5


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gates of an environment say of a version, beside the one that is there now.

    `before` is None if none is there (`there`), or if this clone does not have it.
    """

    version: ModelVersion
    environment: str
    there: Promotion | None
    before: ModelVersion | None
    results: tuple[GateResult, ...]

    @property
    def nothing_before(self) -> str:
        """The reason for which there is no version to compare with."""
        if self.there is None:
            return f"with nothing: no version is in {self.environment} yet"
        return f"not with {self.there.version}: this clone does not have its commit"


class GatesRefused(PolicyRefused):
    """A gate of the environment fails, or could not be judged; `judgement` has the results of all."""

    def __init__(self, judgement: Judgement) -> None:
        results = judgement.results
        bad = with_state(results, "fail") or with_state(results, "not judged")
        named = "; ".join(f"{printable(result.label)}: {result.reason}" for result in bad[:NAMED])
        more = f" and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
        where = f"'{judgement.version.reference}' may not be promoted to '{judgement.environment}'"
        super().__init__(f"{where}: {named}{more} ({counts_text(results)})", bad[0].way_out)
        self.judgement = judgement


def check_permission(
    handle: Handle,
    version: ModelVersion,
    environment: str,
    *,
    unmerged: bool = False,
    new_environment: bool = False,
) -> None:
    """Raises PolicyRefused if a version may not be promoted, naming the rule that forbids it.

    `unmerged` allows a version that is not merged, `new_environment` an environment that is not declared and
    that the same commit can declare.
    """
    refuse_retired(version)
    rule = None
    if not (new_environment and may_declare(handle) and is_new(handle, environment)):
        hint_for = _hint_for(version.reference, environment) if may_declare(handle) else None
        rule = environment_rule(handle, environment, hint_for)
    if not unmerged:
        require_merged(handle, version, Hint("promote", version.reference, environment, "--unmerged"))
    for required in rule.requires if rule is not None else ():
        if not was_promoted_to(handle, version, required):
            raise PolicyRefused(
                f"'{version.reference}' must be promoted to '{required}' first",
                Hint("promote", version.reference, required),
            )


def judge_promotion(
    handle: Handle, version: ModelVersion, environment: str, there: Promotion | None
) -> Judgement:
    """What the gates say of a version, by the rules of now; `there` is in the environment now.

    What is there already is not judged again, but for dangerous names in pickles.  Raises GatesRefused if a
    gate fails or cannot be judged, IntegrityError for a model card that cannot be read, NotFound if a gate
    needs the version that is there and this clone does not have it.
    """
    if there is not None and is_of(there, version):
        refuse_dangerous(handle, version, environment)
        return Judgement(version, environment, there, version, ())
    rules = rules_at(handle.records(), version.model_id, [environment])
    before = None
    if there is not None:
        try:
            before = version_at(handle, revision_at(handle, there.commit), there.model)
        except NotFound:
            if compared_metrics(rules):
                raise
    results = tuple(judge_version(handle, rules, before, version))
    judgement = Judgement(version, environment, there, before, results)
    if any(result.state in ("fail", "not judged") for result in results):
        raise GatesRefused(judgement)
    return judgement


def is_of(promotion: Promotion, version: ModelVersion) -> bool:
    """Whether a promotion is of a version with its present bytes."""
    same_bytes = promotion.digest == version.manifest.artifact.digest
    return same_bytes and Version.parse(promotion.version) == Version.parse(version.version)


def refuse_dangerous(handle: Handle, version: ModelVersion, environment: str) -> None:
    """Raises GatesRefused for dangerous names in pickles, where the environment refuses them.

    A rollback asks this and no other gate: it goes back to what was accepted, perhaps before gates were set;
    so does a promotion of what is there, for the number of replicas.
    """
    rule = handle.config().environment(environment)
    gates = rule.gates if rule is not None else None
    if environment != PRODUCTION and (gates is None or gates.scan is None):
        return
    only = Rules(ModelCard(), {environment: EnvironmentGates(scan="not-dangerous")})
    results = judge_version(handle, only, None, version)
    if with_state(results, "fail"):
        raise GatesRefused(Judgement(version, environment, None, None, tuple(results)))


def _hint_for(reference: str, environment: str) -> HintFor:
    """The promotion to the environment that was probably meant, and the one that declares a new one."""
    declared = Hint("promote", reference, environment, "--yes")

    def hint(meant: str | None) -> NextStep:
        if meant is None:
            return declared
        return Either(Hint("promote", reference, meant), f"to declare '{environment}'", declared)

    return hint


def is_new(handle: Handle, environment: str) -> bool:
    """Whether an environment is not declared yet.  Raises InvalidInput for an invalid name."""
    return check_environment_name(environment) not in known_environments(handle.records(), handle.config())


def may_declare(handle: Handle) -> bool:
    """Whether a promotion can declare its environment: only on the branch that has the configuration."""
    return handle.operations_branch() == handle.registry_branch()


def environment_rule(
    handle: Handle, environment: str, hint_for: HintFor | None = None
) -> EnvironmentRule | None:
    """The rule of an environment; None if the configuration has none.

    Raises UnknownEnvironment for one that is not declared, InvalidInput for an invalid name.
    """
    if not is_new(handle, environment):
        return handle.config().environment(environment)
    known = known_environments(handle.records(), handle.config())
    declared = Hint("config", f"{TABLE}.{environment}.replicas", "1")
    raise UnknownEnvironment(environment, known, hint_for or (lambda _: declared))


def was_promoted_to(handle: Handle, version: ModelVersion, environment: str) -> bool:
    """Whether the version, with its present bytes, is or ever was promoted to an environment."""
    tip = handle.operations_tip()
    events = promotion_events(handle, tip, version.model_id, environment)
    return any(event.promotion is not None and is_of(event.promotion, version) for event in events)
