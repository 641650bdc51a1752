"""The output of `log`: versions with their metrics, or the trend of one metric."""

import sys
from collections.abc import Iterator, Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.dates import shown_time
from regolo_git.cli.forms import Json
from regolo_git.cli.pages.status_style import labels_text, retirement_text, version_cell
from regolo_git.cli.pages.terminal import drawn
from regolo_git.cli.streams import is_terminal, paint, put, signs, takes_symbols
from regolo_git.cli.tables import Cell, Row, painted, put_table, width
from regolo_git.registry.metric_steps import Step
from regolo_git.registry.versions.model_version import measured_later
from regolo_git.reviews.metric_cells import difference_texts, metric_name, verdict_cell
from regolo_git.text.commits import person, short
from regolo_git.text.numbers import MISSING, counted, rounded_text
from regolo_git.text.plot import plot
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.sparkline import sparkline
from regolo_git.verdict.metrics import MetricChange

PIPE_WIDTH = 80
METRIC_COLUMNS = (
    Column("METRIC", flexible=True),
    Column("VALUE", right=True),
    Column("CHANGE", right=True),
    Column("RELATIVE", right=True, spare=1),
    Column("VERDICT"),
)
TREND_COLUMNS = (
    Column("VERSION"),
    Column("VALUE", right=True),
    Column("CHANGE", right=True),
    Column("RELATIVE", right=True, spare=2),
    Column("VERDICT"),
    Column("STATUS", spare=3),
    Column("CREATED", spare=1),
    Column("MESSAGE", flexible=True),
)


def document(step: Step) -> Json:
    """A step as a JSON document."""
    version, later = step.version, measured_later(step.version)
    return {
        "model": version.model_id,
        "version": version.version,
        "status": version.status,
        "environments": list(version.environments),
        "endpoints": dict(version.endpoints),
        "retired": version.retirement.to_dict() if version.retirement is not None else None,
        "labels": dict(version.labels),
        "previous": step.previous.version if step.previous is not None else None,
        "created_at": version.created_at,
        "created_by": version.created_by,
        "size": version.size_bytes,
        "commit": version.commit,
        "message": version.message,
        "metrics": {
            name: {
                "value": change["b"],
                "previous": change["a"],
                "diff": change["diff"],
                "relative": change["relative"],
                "direction": change["direction"],
                "unit": change["unit"],
                "verdict": change["verdict"],
                "guess": change["guess"],
                "interval": change["interval"],
                "method": change["method"],
                "measured_later": name in later,
            }
            for name, change in step.changes.items()
        },
    }


def fields(step: Step) -> Iterator[tuple[object, ...]]:
    """A step as tab-separated fields: one line for each metric, or one line if there are none."""
    version = step.version
    start = version.version, version.status, version.created_at
    for name, change in step.changes.items():
        yield (*start, name, change["b"], change["diff"], change["relative"], change["verdict"])
    if not step.changes:
        yield (*start, None, None, None, None, None)


def put_steps(steps: Sequence[Step]) -> None:
    """Prints each version with its metrics."""
    for index, step in enumerate(steps):
        if index:
            put("")
        _put_step(step)


def _put_step(step: Step) -> None:
    version = step.version
    about = [
        paint(version.reference, sys.stdout, fg="yellow"),
        painted(version_cell(version)),
        shown_time(version.created_at),
        one_line(person(version.created_by)),
        size_text(version.size_bytes),
        short(version.commit),
    ]
    put("  ".join(about))
    if version.message:
        put(f"    {one_line(version.message)}")
    if version.retirement is not None:
        put(f"    retired {retirement_text(version.retirement)}")
    if version.labels:
        put(f"    labels  {labels_text(version)}")
    later = measured_later(version)
    rows = [_metric_row(name, change, later=name in later) for name, change in step.changes.items()]
    put_table(METRIC_COLUMNS, rows, indent=4, titled=False)


def _metric_row(name: str, change: MetricChange, *, later: bool) -> Row:
    """A metric's value and change; a first value has no verdict."""
    first = change["verdict"] == "added"
    return (
        one_line(metric_name(name, change)) + (" (measured later)" if later else ""),
        rounded_text(change["b"], change["a"]),
        *difference_texts(change),
        "" if first else drawn(verdict_cell(change)),
    )


def put_trend(steps: Sequence[Step], metric: str) -> None:
    """Prints the trend of one metric, as bars and as a table; at least one step must have it."""
    values = [step.changes[metric]["b"] if metric in step.changes else None for step in reversed(steps)]
    known = [value for value in values if value is not None]
    bars = sparkline(values, ascii_only=not takes_symbols(sys.stdout))
    last = rounded_text(known[-1], known[0])
    values_text = f"{rounded_text(known[0], known[-1])} → {last}" if len(known) > 1 else last
    versions = counted(len(known), "version")
    put(signs(f"{paint(one_line(metric), sys.stdout, bold=True)}  {bars}  {values_text} ({versions})"))
    put("")
    put_table(TREND_COLUMNS, [_trend_row(step, step.changes.get(metric)) for step in steps])


def _trend_row(step: Step, change: MetricChange | None) -> Row:
    version = step.version
    return (
        Cell(version.version, "bold"),
        rounded_text(change["b"], change["a"]) if change is not None else MISSING,
        *(difference_texts(change) if change is not None else ("", "")),
        drawn(verdict_cell(change)) if change is not None and step.previous is not None else "",
        version_cell(version),
        shown_time(version.created_at),
        Cell(one_line(version.message), "dim"),
    )


def put_plot(steps: Sequence[Step], metric: str) -> None:
    """Plots the values of one metric over the versions, as wide as the terminal."""
    values = [step.changes[metric]["b"] if metric in step.changes else None for step in reversed(steps)]
    names = [one_line(step.version.version) for step in reversed(steps)]
    room = width() if is_terminal(sys.stdout) else PIPE_WIDTH
    put(paint(one_line(metric), sys.stdout, bold=True))
    for line in plot(values, names, room, ascii_only=not takes_symbols(sys.stdout)):
        put(line)
