"""The gates of a version of this registry: what they need is read here, and `verdict/gates.py` judges it.

Rules are those of the records that are given: of the registry branch for a promotion, of the base of a change
for its review.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from regolo_git.records.config import RegistryConfig
from regolo_git.records.gates import EnvironmentGates
from regolo_git.records.paths import SIGNERS_PATH
from regolo_git.registry.found_recipe import find_recipe_anywhere
from regolo_git.registry.handle import Handle
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.nearest import nearest
from regolo_git.verdict.gate_facts import Facts, Finding, Rules
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.gates import judge
from regolo_git.verdict.metrics import Paired

NO_GATES = EnvironmentGates()


def rules_at(records: RecordsAt, model: str, environments: Iterable[str] = ()) -> Rules:
    """The gates of a model and of some environments, by the rules of these records.

    Raises IntegrityError for a model card or a configuration that cannot be read.
    """
    config = records.config() or RegistryConfig()
    gates = {name: _gates(config, name) for name in environments}
    signers = records.data(SIGNERS_PATH) if _requires_signature(gates) else None
    return Rules(records.card_or_default(model), gates, signers)


def _requires_signature(environments: Mapping[str, EnvironmentGates]) -> bool:
    return any(gates.signed for gates in environments.values())


def _gates(config: RegistryConfig, environment: str) -> EnvironmentGates:
    """The gates of an environment; a table that is nearly called `gates` is among the unknown keys."""
    rule = config.environment(environment)
    if rule is None:
        return NO_GATES
    misspelt = {key: value for key, value in rule.unknown.items() if nearest(key, ("gates",)) is not None}
    gates = rule.gates or NO_GATES
    return replace(gates, unknown={**gates.unknown, **misspelt}) if misspelt else gates


def judge_version(
    handle: Handle, rules: Rules, before: ModelVersion | None, after: ModelVersion
) -> list[GateResult]:
    """The result of every gate for a version; drops are measured from `before`, if there is one.

    Predictions are read where a gate compares a metric that has them in both versions, and the names that
    pickles ask for where an environment is asked.  Raises MissingDependency if an environment requires a
    signature and the program that verifies it is missing.
    """
    paired = _paired(handle, rules, before, after) if before is not None else None
    found = facts_of(after)
    if rules.environments:
        from regolo_git.registry.pickle_names import scan_of  # noqa: PLC0415 - a review of a model asks for none

        found = replace(found, scan=scan_of(handle, after.manifest))
    if _requires_signature(rules.environments):
        found = replace(found, signed=signed_finding(handle, after.tag, after.commit, rules.signers))
    return judge(rules, facts_of(before) if before is not None else None, found, paired)


def signed_finding(handle: Handle, tag: str | None, commit: str, signers: bytes | None) -> Finding:
    """What a list of signers says of the tag of a version.  Raises MissingDependency; see `signature_of`."""
    # Few registries require signatures, and nobody else waits for what verifying them imports.
    from regolo_git.registry.signatures import signature_of  # noqa: PLC0415

    found = signature_of(handle, tag, commit, signers)
    return Finding("pass" if found.valid else "fail", found.words)


def facts_of(version: ModelVersion) -> Facts:
    """What a version is judged by: its metrics and its metadata."""
    return Facts(version.model_id, version.version, version.measurements, version.metadata)


def compared_metrics(rules: Rules) -> set[str]:
    """The metrics that a gate compares with the version before."""
    tables = [rules.card.gates, *(gates.metrics for gates in rules.environments.values())]
    return {
        name
        for gates in tables
        for name, gate in gates.items()
        if gate.max_drop is not None or gate.max_drop_rel is not None
    }


def _paired(
    handle: Handle, rules: Rules, before: ModelVersion, after: ModelVersion
) -> Mapping[str, Paired] | None:
    """The noise of the predictions in both artifacts, for compared metrics that were not measured again."""
    a, b = before.manifest, after.manifest
    names = [
        name
        for name in compared_metrics(rules)
        if _has_predictions(before, name) and _has_predictions(after, name)
    ]
    if not names:
        return None
    from regolo_git.registry.predictions import paired_metrics  # noqa: PLC0415 - few versions have predictions

    found = [find_recipe_anywhere(handle, manifest.artifact.recipe) for manifest in (a, b)]
    paired = paired_metrics(handle.stores, (a, found[0]), (b, found[1]))
    return {name: paired[name] for name in names if name in paired}


def _has_predictions(version: ModelVersion, name: str) -> bool:
    measured = version.manifest.measurements.get(name)
    return (
        measured is not None and measured.predictions is not None and version.measurements[name] == measured
    )
