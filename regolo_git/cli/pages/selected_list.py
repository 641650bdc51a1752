"""The output of `list` for a query, for a range, and for the history of a commit."""

from collections import Counter
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
from regolo_git.records.filter_expression import Filter, Value
from regolo_git.records.labels import check_label_name
from regolo_git.records.manifest import Manifest
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import CommitRange
from regolo_git.registry.queried_values import KNOWN, LABELS
from regolo_git.registry.revision_versions import versions_in
from regolo_git.registry.revisions import revisions_of
from regolo_git.registry.version_query import Found, SortKey, VersionQuery, select_among, select_versions
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


METRIC_COLUMNS = 12  # a version may have a thousand metrics


def list_selected(
    text: str | None,
    selection: Selection,
    metrics: Sequence[str],
    limit: int | None,
    form: Form,
    *,
    every_metric: bool,
) -> None:
    """Prints the versions that a query finds: of a model, of all, of a range, or in a commit's history."""
    condition = Filter.parse(selection.where) if selection.where is not None else None
    if selection.labels:
        condition = Filter.of_labels(dict(map(_label, selection.labels)), condition)
    every_metric = every_metric or (form == "json" and not metrics)
    query = VersionQuery(condition, tuple(map(SortKey.parse, selection.sort)), tuple(metrics), every_metric)
    with open_handle() as handle:
        target = find_target(handle, text) if text is not None and is_target(text) else None
        if isinstance(target, Reference):
            raise InvalidInput(f"'{text}' is one version", Hint("show", str(target)))
        with_model = text is None or isinstance(target, CommitRange)
        if target is None:
            found, count = select_versions(handle, query, text, limit, say_slow)
        else:
            found, count = select_among(handle, query, versions_in(handle, target), limit)
        if not found and form == "people":
            talk("no version matches" if selection.is_given else f"no version in {target}")
        _put_found(found, query, form, with_model=with_model)
    if form == "people" and len(found) < count:
        talk(f"and {counted(count - len(found), 'more version')}")


def is_target(text: str) -> bool:
    """Whether it names something at a commit, or a range."""
    return ":" in text or ".." in text


def _put_found(found: Sequence[Found], query: VersionQuery, form: Form, *, with_model: bool) -> None:
    compared = [name for name in query.names if name not in KNOWN and not name.startswith(LABELS)]
    columns = [name for name in query.names if name in query.shown or (form == "people" and name in compared)]
    if query.every_metric:
        columns = _with_every_metric(columns, found, form)
    lines: list[version_list.Line] = [
        (each.version, _held(each, columns, keep_absent=form != "json" or not query.every_metric))
        for each in found
    ]
    emit(
        form,
        document=lambda: [version_list.document(line, ()) for line in lines],
        fields=lambda: [
            version_list.fields(line, with_model=with_model, named=query.every_metric) for line in lines
        ],
        page=lambda: version_list.put_versions(lines, columns, with_model=with_model, marked=False),
    )


def _held(found: Found, columns: Sequence[str], *, keep_absent: bool) -> dict[str, Value | None]:
    every = {**found.metrics, **found.values}
    return {name: every.get(name) for name in columns if keep_absent or name in every}


def _with_every_metric(columns: Sequence[str], found: Sequence[Found], form: Form) -> list[str]:
    """The columns with all metrics, those of the most versions first; for people, as many as can be read."""
    counts = Counter(name for each in found for name in each.metrics)
    every = [name for name in sorted(counts, key=lambda name: (-counts[name], name)) if name not in columns]
    if form != "people":
        return [*columns, *every]
    if len(every) > METRIC_COLUMNS:
        talk(f"and {counted(len(every) - METRIC_COLUMNS, 'more metric')}: --metric NAME, or --json")
    return [*columns, *every[:METRIC_COLUMNS]]


def _label(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return check_label_name(name), value if equals else None


def say_slow(count: int, seconds: float) -> None:
    """Says that a list takes long, because manifests are read for the first time."""
    talk(f"reading {counted(count, 'manifest')} for the first time, in about {seconds_text(seconds)} s")


def list_changes(text: str, form: Form) -> bool:
    """Prints what a range of commits changes; False if the text names something else."""
    with open_handle() as handle:
        target = find_target(handle, text)
        if isinstance(target, CommitRange):
            _put_changes(compare_revisions(handle, *revisions_of(handle, target)), form)
        return isinstance(target, CommitRange)


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
