"""Resolves references to versions: `model@1.1`, `model@latest`, `model@production`, `model`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from regolo_git.cached import cached_property
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Corrected, Hint, NextStep
from regolo_git.records.names import check_model_name
from regolo_git.records.references import Reference, version_reference
from regolo_git.records.versions import Version, tag_name
from regolo_git.registry.handle import Handle
from regolo_git.registry.merge_state import MergeState, read_merge_state
from regolo_git.registry.records_at import RecordsAt
from regolo_git.registry.version_status import READY, RETIRED, UNMERGED, Statuses, read_statuses
from regolo_git.registry.versions.model_version import ModelVersion, version_of_row
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.text.nearest import nearest
from regolo_git.text.numbers import few_of

if TYPE_CHECKING:
    from regolo_git.records.manifest import Manifest
    from regolo_git.registry import label_rows
    from regolo_git.registry.retirements import ByVersion

MODELS_NAMED = 3
WITHOUT_TAGS = "git fetch --tags   (or, if it was just merged, git regolo tag --merged)"


def model_rows(handle: Handle, model: str, newest: int | None = None) -> list[TagRow]:
    """The tags of a model, or of its `newest` versions, lowest version first.

    Raises NotFound, with the nearest name as a hint.
    """
    check_model_name(model)
    rows = handle.index.rows(model) if newest is None else handle.index.newest(model, newest)
    if not rows:
        raise _no_model(handle, model)
    return rows


def _no_model(handle: Handle, model: str) -> NotFound:
    handle.registry_branch()  # raises a clearer error if this is not a registry
    if model in untagged_models(handle):
        return NotFound(f"model '{model}' has no version tag in this clone", WITHOUT_TAGS)
    if model in handle.shown_records().endpoint_names():
        return NotFound(f"there is no model '{model}'; it is an endpoint", Hint("endpoint show", model))
    hint = (
        _of_the_only_model(handle, model)
        or _proposed(handle, model)
        or nearest_model(handle, model)
        or Hint("list")
    )
    return NotFound(f"there is no model '{model}'", hint)


def _of_the_only_model(handle: Handle, name: str) -> Corrected | None:
    """The hint for a version without its model, as in `git regolo checkout 1.0`, if there is one model."""
    models = handle.index.model_names()
    try:
        Version.parse(name)
    except InvalidInput:
        return None
    return Corrected(name, f"{models[0]}@{name}", Hint("list", models[0])) if len(models) == 1 else None


def nearest_model(handle: Handle, model: str) -> Corrected | None:
    """The hint for a mistyped name of a model; None if no model has a similar one."""
    close = nearest(model, handle.index.model_names())
    return Corrected(model, close, Hint("show", close)) if close else None


def untagged_models(handle: Handle) -> list[str]:
    """The models on the registry branch that have no version tag here, as in a clone without tags."""
    return sorted(set(handle.records().models()) - set(handle.index.model_names()))


def only_model(handle: Handle, command: str) -> str:
    """The only model of the registry, where a command was given none.

    Raises InvalidInput that names some if there are several, NotFound if there is none.
    """
    models = sorted(handle.index.model_names())
    if not models:
        handle.registry_branch()  # raises a clearer error if this is not a registry
        raise NotFound("there are no models yet", Hint("register", "MODEL", "PATH"))
    if len(models) > 1:
        named = few_of([f"'{model}'" for model in models[:MODELS_NAMED]], len(models))
        raise InvalidInput(f"a model is required: {named}", Hint(command, models[0]))
    return models[0]


def find_row(handle: Handle, reference: Reference) -> TagRow:
    """The tag that a reference resolves to.  Raises NotFound, listing the newest versions."""
    if reference.version is not None:
        return _row_of_version(handle, reference.model, reference.version)
    if reference.environment is not None:
        model_rows(handle, reference.model, newest=1)  # raises a clearer error if there is no such model
        return _row_of_environment(handle, reference.model, reference.environment)
    return _latest(reference.model, model_rows(handle, reference.model), read_merge_state(handle))


def _row_of_version(handle: Handle, model: str, version: Version) -> TagRow:
    # A direct lookup: the model may have a hundred thousand other versions.
    row = handle.index.find(check_model_name(model), version.identity)
    if row is not None:
        return row
    wanted = version.text(zero_patch=version.patch_written)
    newest = ", ".join(row.version for row in model_rows(handle, model)[:-6:-1])
    tag = tag_name(model, wanted)
    if handle.git.tag_target(tag) is not None:  # moved, which a fetch does not undo
        what = (
            f"'{version_reference(model, wanted)}' has no tag in this clone: tag '{tag}' is of something else"
        )
        raise NotFound(what, Hint("fsck"))
    if _is_untagged(handle, model, version):
        raise NotFound(f"'{version_reference(model, wanted)}' has no tag in this clone", WITHOUT_TAGS)
    hint = _proposed(handle, model, version) or Hint("list", model)
    raise NotFound(f"model '{model}' has no version '{wanted}' (newest: {newest})", hint)


def _is_untagged(handle: Handle, model: str, version: Version) -> bool:
    """Whether the registry branch has the version, but this clone has no tag of it."""
    from regolo_git.registry.versions.untagged import untagged_changes  # noqa: PLC0415 - only after a mistake

    changes = untagged_changes(handle, handle.registry_tip())
    return any(change.key == (model, version.identity) for change in changes)


def _proposed(handle: Handle, model: str, version: Version | None = None) -> Hint | None:
    """Where a version, or any one of a model, is that was proposed and is not merged yet."""
    from regolo_git.registry.waiting_proposals import waiting_proposals  # noqa: PLC0415 - only after a mistake

    for proposal in waiting_proposals(handle, read_statuses(handle), model):
        named = [Reference.parse(reference) for reference in proposal.versions]
        if any(found.model == model and version in (None, found.version) for found in named):
            return Hint("show", f"{proposal.places[0]}:{model}")
    return None


def _row_of_environment(handle: Handle, model: str, environment: str) -> TagRow:
    records = handle.records()
    promotion = records.promotion(environment, model)
    if promotion is None:
        raise NotFound(
            f"no version of '{model}' is promoted to '{environment}'",
            _promotion_hint(handle, records, model, environment),
        )
    return _row_of_version(handle, model, Version.parse(promotion.version))


def _promotion_hint(handle: Handle, records: RecordsAt, model: str, environment: str) -> NextStep:
    """The promotion to a known environment, or the nearest name that resolves to a version."""
    known = handle.config().environment_order()
    if environment in known:
        usable = latest_usable(handle, model)
        return Hint("promote", version_reference(model, usable or "VERSION"), environment)
    promotions = records.promotions().records
    names = ["latest", *(promotion.environment for promotion in promotions if promotion.model == model)]
    close = nearest(environment, [*names, *known])
    if close is None:
        return Hint("list", model)
    if close not in names:
        return _promotion_hint(handle, records, model, close)
    wrong, right = version_reference(model, environment), version_reference(model, close)
    return Corrected(wrong, right, Hint("show", right))


def latest_usable(handle: Handle, model: str) -> str | None:
    """The highest release of a model that is merged and not retired; None if there is none."""
    statuses = read_statuses(handle)
    state = read_merge_state(handle, statuses)
    rows = (row for row in reversed(handle.index.rows(model)) if state.has(row))
    usable = (row.version for row in rows if statuses.of(model, row.identity) != RETIRED)
    return next((version for version in usable if Version.parse(version).is_release), None)


def _latest(model: str, rows: list[TagRow], state: MergeState) -> TagRow:
    releases = [row for row in rows if Version.parse(row.version).is_release]
    row = next((row for row in reversed(releases) if state.has(row)), None)
    if row is not None:
        return row
    named = releases or rows
    missing = "no merged release" if releases else "no release yet"
    raise NotFound(
        f"model '{model}' has {missing}, only {', '.join(row.version for row in named[-3:])}",
        Hint("show", version_reference(model, named[-1].version)),
    )


def get_version(handle: Handle, reference: Reference) -> ModelVersion:
    """The version that a reference resolves to.  Raises NotFound."""
    return _with_statuses(handle, [find_row(handle, reference)])[0]


def get_version_to_use(handle: Handle, reference: Reference) -> ModelVersion:
    """Like `get_version`, but its status is only "retired" or "ready".

    Raises NotFound, IntegrityError if the model's list of retired versions cannot be read.
    """
    from regolo_git.registry.retirements import retirement_of  # noqa: PLC0415 - `list` shows few retired ones

    row = find_row(handle, reference)
    retired = retirement_of(handle, row.model, row.version)
    return version_of_row(handle, row, RETIRED if retired is not None else READY, retirement=retired)


def read_version_manifest(handle: Handle, reference: Reference) -> "Manifest":
    """The manifest of the version that a reference resolves to.  Raises NotFound, IntegrityError."""
    return read_tagged_manifest(handle, find_row(handle, reference))


def list_versions(handle: Handle, model: str, newest: int | None = None) -> list[ModelVersion]:
    """The versions of a model, or its `newest` ones, lowest first.  Raises NotFound."""
    return _with_statuses(handle, model_rows(handle, model, newest))


def versions_of_rows(handle: Handle, rows: Sequence[TagRow]) -> list[ModelVersion]:
    """The versions of some tags, in their order."""
    return _with_statuses(handle, rows)


def find_versions(handle: Handle, model: str, names: Iterable[str]) -> list[ModelVersion]:
    """The versions of a model that have exactly these names; others are left out."""
    rows = []
    for name in names:
        with suppress(InvalidInput):  # not a version at all
            row = handle.index.find(model, Version.parse(name).identity)
            if row is not None and row.version == name:
                rows.append(row)
    return _with_statuses(handle, rows)


def _with_statuses(handle: Handle, rows: Sequence[TagRow]) -> list[ModelVersion]:
    """Versions of one model or of several, in the order of their rows."""
    statuses = read_statuses(handle)
    state = read_merge_state(handle, statuses)
    of_model = cache(lambda model: _StatusesOf(handle, statuses, model))

    def version(row: TagRow) -> ModelVersion:
        status, merged = statuses.of(row.model, row.identity), state.has(row)
        known = of_model(row.model)
        return version_of_row(
            handle,
            row,
            UNMERGED if status == READY and not merged else status,
            merged=merged,
            current=statuses.held.get(row.model) == row.manifest_oid,
            environments=known.environments.get(row.identity, ()),
            endpoints=known.endpoints.get(row.identity),
            retirement=known.retirements.get(row.identity) if status == RETIRED else None,
            labels=known.labels_of(row),
            listed=rows,
        )

    return [version(row) for row in rows]


class _StatusesOf:
    """The statuses of the versions of one model, by their identities."""

    def __init__(self, handle: Handle, statuses: Statuses, model: str) -> None:
        self._handle, self._statuses, self._model = handle, statuses, model
        self.environments = statuses.environments_of(model)
        self.endpoints = statuses.endpoints_of(model)

    @cached_property
    def retirements(self) -> "ByVersion":
        """When, by whom and why versions were retired, read if one of them is asked for."""
        return _retirements(self._handle, self._statuses, self._model)

    def labels_of(self, row: TagRow) -> Mapping[str, str]:
        """The labels of a version of the model."""
        if self._model not in self._statuses.labelled:
            return {}
        from regolo_git.registry.label_rows import labels_of  # noqa: PLC0415 - for models with labels only

        return labels_of(self._labels, row)

    @cached_property
    def _labels(self) -> "label_rows.ByVersion":
        from regolo_git.registry.label_rows import read_labels  # noqa: PLC0415 - for models with labels only

        assert self._statuses.tip is not None, "its labels were read"
        return read_labels(self._handle, self._statuses.tip, self._model)


def _retirements(handle: Handle, statuses: Statuses, model: str) -> "ByVersion":
    from regolo_git.registry.retirements import read_retirements  # noqa: PLC0415 - for retired versions only

    return read_retirements(handle, statuses.tip, model) if statuses.tip is not None else {}
