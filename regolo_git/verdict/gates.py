"""The gates of a version: the one function that review, hooks, promotion and `tag --merged` ask.

It is pure.  The rules are those of the base of a change, or of the registry branch, never of the change
itself; what a version is judged by is read before, and its facts say what could not be read.
"""

from collections.abc import Mapping

from regolo_git.verdict.environment_gates import judge_environment
from regolo_git.verdict.gate_facts import Facts, Rules
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.metric_gates import judge_metrics, judge_unknown_tables
from regolo_git.verdict.metrics import Paired


def judge(
    rules: Rules,
    before: Facts | None,
    after: Facts,
    paired: Mapping[str, Paired] | None = None,
) -> list[GateResult]:
    """The result of every gate: metrics of the card, metrics of environments, the rest by environment.

    Drops are measured from `before`; None if there is nothing to drop from.  `paired` has the noise of
    metrics whose predictions were compared case by case, or the reason against it.
    """
    results = judge_metrics(rules, before, after, paired or {})
    results += judge_unknown_tables(rules.card, after.model)
    for environment, gates in rules.environments.items():
        results += judge_environment(environment, gates, after)
    return results
