"""What the gates of an environment say of a version that is to be promoted to it."""

from dataclasses import dataclass

from regolo_git.errors import NotFound, PolicyRefused
from regolo_git.records.environment import Promotion
from regolo_git.records.gates import EnvironmentGates
from regolo_git.records.model_card import ModelCard
from regolo_git.registry.environments.permission import is_of, refuses_dangerous
from regolo_git.registry.gates import compared_metrics, judge_version, rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.revisions import revision_at, version_at
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.printable import printable
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


def refuse_dangerous(handle: Handle, version: ModelVersion, environment: str) -> None:
    """Raises GatesRefused for dangerous names in pickles, where the environment refuses them.

    A rollback asks this and no other gate: it goes back to what was accepted, perhaps before gates were set;
    so does a promotion of what is there, for the number of replicas.
    """
    if not refuses_dangerous(handle, environment):
        return
    only = Rules(ModelCard(), {environment: EnvironmentGates(scan="not-dangerous")})
    results = judge_version(handle, only, None, version)
    if with_state(results, "fail"):
        raise GatesRefused(Judgement(version, environment, None, None, tuple(results)))
