"""The review of one model that a change has changed: what is wrong, what behaves differently, what gates say.

The rules are those of the base: its model card and its environments.  Nothing is decided here: metrics are
judged in `verdict/metrics.py` and gates in `verdict/gates.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from regolo_git.artifacts.interfaces import InterfaceReview, review_interfaces
from regolo_git.errors import RegoloError
from regolo_git.git.prefetch import fetch_files
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.records.model_card import ModelCard
from regolo_git.records.places import record_paths
from regolo_git.records.recipe import Recipe
from regolo_git.records.versions import Version
from regolo_git.registry.gates import rules_at
from regolo_git.registry.handle import Handle
from regolo_git.registry.measurements import with_evaluations
from regolo_git.registry.predictions import paired_metrics
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.versions.manifest_alone import removed_alone, way_back
from regolo_git.registry.versions.new_bytes import NewBytes
from regolo_git.registry.versions.tagged_manifest import fetch_manifests, read_tagged_manifest
from regolo_git.reviews.change_set import ChangeSet, ModelChange
from regolo_git.reviews.comparison import Comparison, compare
from regolo_git.reviews.findings import WRONG, Finding
from regolo_git.reviews.incomplete import incomplete_files
from regolo_git.reviews.numbers import Suggestion, VersionTag, better_number, check_number, propose_again
from regolo_git.reviews.pickles import PickleReview, review_pickles
from regolo_git.reviews.stored_artifact import known_recipe, stored_artifact
from regolo_git.text.numbers import Number
from regolo_git.verdict.gate_facts import Facts, Rules
from regolo_git.verdict.gate_facts import Finding as GateFinding
from regolo_git.verdict.gate_result import GateResult
from regolo_git.verdict.gates import judge
from regolo_git.verdict.metrics import Paired

Recipes: TypeAlias = tuple[Recipe | None, Recipe | None]
SIGNED_LATER = GateFinding("open", "is signed after the merge")
SHOWN_BEFORE = 7  # versions in the history of a metric, before the reviewed one


@dataclass(frozen=True, slots=True)
class ModelReview:
    """What a change does to one model.

    `later` are gates of environments that do not decide about the change.  `history` has the values of each
    metric in the last versions, the reviewed one last.  `number` is the one that it should have by SemVer.
    """

    change: ModelChange
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    comparison: Comparison | None = None
    gates: tuple[GateResult, ...] = ()
    later: tuple[GateResult, ...] = ()
    interfaces: InterfaceReview = field(default_factory=InterfaceReview)
    pickles: PickleReview = field(default_factory=PickleReview)
    history: Mapping[str, tuple[Number | None, ...]] = field(default_factory=dict)
    number: Suggestion | None = None
    recipes: Recipes = (None, None)
    store: NewBytes | None = None
    tag: VersionTag | None = None

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.change.model


def review_model(handle: Handle, changes: ChangeSet, change: ModelChange) -> ModelReview:
    """Reviews one model; what the store adds is counted later, for all models at once."""
    after, before = change.after, change.before
    if change.error is not None:
        return ModelReview(change, (Finding.of(change.error),))
    if after is None:
        return _deleted(changes, change)
    number = check_number(handle, changes, change)
    stored = stored_artifact(handle, after)
    written, unreadable = change, _unreadable_evaluations(changes.after, change.model)
    change = _with_evaluations(changes, change)
    before, after = change.before, change.after or after
    recipes = known_recipe(handle, before), stored.recipe
    paired = _paired(handle, before, after, recipes)
    interfaces = _interfaces(handle, before, after, recipes)
    comparison = _comparison(handle, changes, change, recipes, paired, interfaces)
    pickles = review_pickles(handle, before, after)
    gates, later = _gates(changes.before, change, after, paired, pickles, number.tag)
    findings = (*number.findings, *([stored.finding] if stored.finding else []), *unreadable)
    return ModelReview(
        change=written,
        findings=findings,
        remarks=number.remarks,
        comparison=comparison,
        gates=gates,
        later=later,
        interfaces=interfaces,
        pickles=pickles,
        history=_history(handle, before, after),
        number=_number(before, after, comparison, interfaces) if not number.findings else None,
        recipes=recipes,
        tag=number.tag,
    )


def _with_evaluations(changes: ChangeSet, change: ModelChange) -> ModelChange:
    """The change with what each side has measured later of its version."""
    sides = (changes.before, change.before), (changes.after, change.after)
    before, after = (_measured(records, manifest) for records, manifest in sides)
    return replace(change, before=before, after=after)


def _measured(records: RecordsAt, manifest: Manifest | None) -> Manifest | None:
    try:
        return with_evaluations(records, manifest) if manifest is not None else None
    except RegoloError:
        return manifest  # a finding says why


def _unreadable_evaluations(records: RecordsAt, model: str) -> Iterator[Finding]:
    try:
        records.evaluations(model)
    except RegoloError as error:
        yield Finding.of(error)


def _deleted(changes: ChangeSet, change: ModelChange) -> ModelReview:
    """The review of a model that is deleted, with the metrics that its last version had."""
    measured = _measured(changes.before, change.before)
    values = measured.metric_values if measured is not None else {}
    history = {name: (value, None) for name, value in sorted(values.items())}
    what = removed_alone(changes.after, change.model)
    hint = way_back(changes.range.base_name, change.model)
    findings = (Finding(what, WRONG, hint),) if what is not None else ()
    return ModelReview(change, findings, remarks=_of_deleted(changes.after, change.model), history=history)


def _of_deleted(after: RecordsAt, model: str) -> tuple[str, ...]:
    """What a model that was deleted leaves behind."""
    places = [each.environment for each in after.promotions().records if each.model == model]
    places += [f"endpoint {each.endpoint}" for each in after.endpoints().records if each.model == model]
    used = (f"it is still promoted to {', '.join(places)}",) if places else ()
    return (*used, "its tags and their bytes stay")


def base_card(records: RecordsAt, model: str) -> ModelCard:
    """The model card on the base; one that cannot be read has no rules, and the change may repair it."""
    try:
        return records.card_or_default(model)
    except RegoloError:
        return ModelCard()


def _paired(
    handle: Handle, before: Manifest | None, after: Manifest, recipes: Recipes
) -> Mapping[str, Paired]:
    if before is None:
        return {}
    return paired_metrics(handle.stores, (before, recipes[0]), (after, recipes[1]))


def _comparison(
    handle: Handle,
    changes: ChangeSet,
    change: ModelChange,
    recipes: Recipes,
    paired: Mapping[str, Paired],
    interfaces: InterfaceReview,
) -> Comparison | None:
    before, after = change.before, change.after
    if before is None or after is None:
        return None
    incomplete = incomplete_files(handle.stores, before, after, *recipes)
    card = base_card(changes.before, after.model)
    return compare(before, after, card, *recipes, incomplete, paired, interfaces)


def _interfaces(
    handle: Handle,
    before: Manifest | None,
    after: Manifest,
    recipes: Recipes,
) -> InterfaceReview:
    old, new = recipes
    if new is None:
        return InterfaceReview()
    was = (before, old) if before is not None and old is not None else None
    return review_interfaces(handle.stores, was, (after, new))


def _number(
    before: Manifest | None, after: Manifest, comparison: Comparison | None, interfaces: InterfaceReview
) -> Suggestion | None:
    if before is None or comparison is None:
        return None
    if interfaces.breaks:
        return better_number(before, after, "major", "its inputs or outputs differ")
    tensors = comparison.tensors
    why = (
        "tensors were removed or reshaped"
        if tensors is not None and tensors.breaking
        else "its weights differ"
    )
    if tensors is not None and tensors.all_gone:
        why = "it has no tensors that can be read any more"
    return better_number(before, after, comparison.suggested_bump, why)


def _gates(
    base: RecordsAt,
    change: ModelChange,
    after: Manifest,
    paired: Mapping[str, Paired],
    pickles: PickleReview,
    tag: VersionTag | None,
) -> tuple[tuple[GateResult, ...], tuple[GateResult, ...]]:
    """The results that decide about the change, and those that decide about its promotion later.

    What is refused in production without any gate is told before the merge: a pickle that can run anything.
    """
    rules = _rules(base, change.model)
    before = facts_of(change.before) if change.before is not None else None
    signed = tag.signed if tag is not None else SIGNED_LATER
    facts = replace(facts_of(after), signed=signed, scan=pickles.scan)
    results = judge(rules, before, facts, paired)
    if tag is None:
        results = [_before_its_tag(gate, after) for gate in results]
    now = [gate for gate in results if gate.environment is None or _is_dangerous(gate)]
    told = any(map(_is_dangerous, now)) or pickles.scan is None
    later = [gate for gate in results if gate not in now and not (told and gate.name == "scan")]
    return tuple(now), tuple(later)


def _before_its_tag(gate: GateResult, after: Manifest) -> GateResult:
    """A gate whose way out is to measure a version that has no tag yet: it is measured with its proposal."""
    way_out = gate.way_out
    if (
        not isinstance(way_out, Hint)
        or way_out.command != "evaluate"
        or way_out.arguments[0] != after.reference
    ):
        return gate
    if gate.state == "fail":
        return replace(gate, way_out=propose_again(after, *way_out.arguments[1:]))
    return replace(gate, reason=f"{gate.reason}, but can be after the merge")


def _is_dangerous(gate: GateResult) -> bool:
    return gate.name == "scan" and gate.state == "fail"


def _rules(base: RecordsAt, model: str) -> Rules:
    """The rules of the base; one that cannot be read has none, and the change may repair it."""
    try:
        config = base.config()
        return rules_at(base, model, config.environment_order() if config is not None else ())
    except RegoloError:
        return Rules(base_card(base, model))


def facts_of(manifest: Manifest) -> Facts:
    """What a manifest says that gates ask for."""
    return Facts(manifest.model, manifest.version, manifest.measurements, manifest.shown_metadata)


def fetch_history(handle: Handle, models: Iterable[str]) -> None:
    """Fetches at once what a partial clone lacks of the last versions of some models."""
    if handle.git.promised is not None:
        models = list(models)
        fetch_manifests(handle, [row for model in models for row in _newest(handle, model)])
        paths = [path for model in models for path in record_paths(model)]
        fetch_files(handle.git, [handle.records().registry], paths)


def _newest(handle: Handle, model: str) -> list[TagRow]:
    return handle.index.newest(model, SHOWN_BEFORE + 1)


def _history(
    handle: Handle, before: Manifest | None, after: Manifest
) -> dict[str, tuple[Number | None, ...]]:
    """The values of each metric in the last versions below the reviewed one, and its own."""
    own = Version.parse(after.version)
    rows = [
        row
        for row in _newest(handle, after.model)
        if Version.parse(row.version) < own and Version.parse(row.version).environment == own.environment
    ]
    values: list[Mapping[str, Number]] = []
    for row in rows[-SHOWN_BEFORE:]:
        try:
            held = with_evaluations(handle.records(), read_tagged_manifest(handle, row))
            values.append(held.metric_values)
        except RegoloError:
            continue  # `fsck` names it
    if not values and before is not None:
        values.append(before.metric_values)
    values.append(after.metric_values)
    names = {name for each in values for name in each}
    return {name: tuple(each.get(name) for each in values) for name in sorted(names)}
