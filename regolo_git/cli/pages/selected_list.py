"""The output of `list` for a query, for a range, and for the history of a commit."""

from collections.abc import Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit
from regolo_git.cli.options.selection import Selection
from regolo_git.cli.options.targets import find_target
from regolo_git.cli.pages import version_list
from regolo_git.cli.streams import talk
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.filter_expression import Filter
from regolo_git.records.labels import check_label_name
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import CommitRange
from regolo_git.registry.revision_versions import versions_in
from regolo_git.registry.revisions import revisions_of
from regolo_git.registry.unknown_metric import unknown_metric
from regolo_git.registry.version_query import KNOWN, LABELS, SortKey, VersionQuery, select_versions
from regolo_git.registry.versions.model_version import known_metrics
from regolo_git.reviews.comparison import Comparison
from regolo_git.reviews.versions import RevisionComparison, compare_revisions
from regolo_git.text.numbers import MISSING, counted
from regolo_git.text.times import seconds_text

CHANGES = (
    Column("MODEL"),
    Column("FROM"),
    Column("TO"),
    Column("BUMP"),
    Column("METRICS", flexible=True),
)


def list_selected(
    model: str | None,
    selection: Selection,
    metrics: Sequence[str],
    limit: int | None,
    form: Form,
) -> None:
    """Prints the versions of a model, or of all, that a query finds."""
    condition = Filter.parse(selection.where) if selection.where is not None else None
    if selection.labels:
        condition = Filter.of_labels(dict(map(_label, selection.labels)), condition)
    query = VersionQuery(condition, tuple(map(SortKey.parse, selection.sort)), tuple(metrics))
    compared = [name for name in query.names if name not in KNOWN and not name.startswith(LABELS)]
    columns = [name for name in query.names if name in metrics or (form == "people" and name in compared)]
    with open_handle() as handle:
        found, count = select_versions(handle, query, model, limit, say_slow)
    lines: list[version_list.Line] = [
        (each.version, {name: each.values.get(name) for name in columns}) for each in found
    ]
    if not found and form == "people":
        talk("no version matches")
    emit(
        form,
        document=lambda: [version_list.document(line, ()) for line in lines],
        fields=lambda: [version_list.fields(line, with_model=model is None) for line in lines],
        page=lambda: version_list.put_versions(lines, columns, with_model=model is None, marked=False),
    )
    if form == "people" and len(lines) < count:
        talk(f"and {counted(count - len(lines), 'more version')}")


def _label(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return check_label_name(name), value if equals else None


def say_slow(count: int, seconds: float) -> None:
    """Says that a list takes long, because manifests are read for the first time."""
    talk(f"reading {counted(count, 'manifest')} for the first time, in about {seconds_text(seconds)} s")


def list_target(text: str, metrics: Sequence[str], limit: int | None, form: Form) -> None:
    """Prints what a range changes, or the versions of a range or in the history of a commit."""
    with open_handle() as handle:
        target = find_target(handle, text)
        if isinstance(target, Reference):
            raise InvalidInput(f"'{text}' is one version", Hint("show", text))
        if isinstance(target, CommitRange):
            _put_changes(compare_revisions(handle, *revisions_of(handle, target)), form)
            return
        versions = versions_in(handle, target)[::-1][:limit]
        measured = [(known_metrics(handle, version) if metrics else None) or {} for version in versions]
        known = {name for each in measured for name in each}
        for metric in metrics:
            if versions and metric not in known:
                raise unknown_metric(versions[0].model_id, metric, known, "list")
        lines: list[version_list.Line] = [
            (version, {name: each.get(name) for name in metrics})
            for version, each in zip(versions, measured, strict=True)
        ]
        if not lines and form == "people":
            talk(f"no version in {target}")
        emit(
            form,
            document=lambda: [version_list.document(line, ()) for line in lines],
            fields=lambda: [version_list.fields(line) for line in lines],
            page=lambda: version_list.put_versions(lines, metrics, marked=False),
        )


def _put_changes(found: RevisionComparison, form: Form) -> None:
    """A line for each model; `diff` has all of each."""
    rows = [_changed(changes) for changes in found.changed]
    rows += [_one_sided(manifest, added=True) for manifest in found.added]
    rows += [_one_sided(manifest, added=False) for manifest in found.removed]
    rows.sort(key=lambda row: row[0])
    if not rows and form == "people":
        talk(f"no model differs between {found.a} and {found.b}")
    emit(
        form,
        document=found.to_dict,
        fields=lambda: rows,
        page=lambda: put_table(CHANGES, [_row(*row) for row in rows]),
    )


Changed = tuple[str, str | None, str | None, str | None, str]


def _changed(changes: Comparison) -> Changed:
    return changes.model_id, changes.version_a, changes.version_b, changes.suggested_bump, _verdicts(changes)


def _one_sided(manifest: Manifest, *, added: bool) -> Changed:
    version = manifest.version
    return manifest.model, None if added else version, version if added else None, None, ""


def _verdicts(changes: Comparison) -> str:
    """How many metrics have each verdict: `2 better, 1 worse`."""
    found: dict[str, int] = {}
    for change in changes.metrics.values():
        found[change["verdict"]] = found.get(change["verdict"], 0) + 1
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items()) if verdict != "same")


def _row(model: str, before: str | None, after: str | None, bump: str | None, metrics: str) -> Row:
    return Cell(model, "bold"), before or MISSING, after or MISSING, bump or "", metrics
