"""`git regolo log`: how a model's versions and metrics went, newest first."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.metric_style import METRIC_COLUMNS, metric_row, verdict_cell
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.status_style import status_cell, status_colour
from regolo_git.cli.streams import paint, put, signs, takes_symbols
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.errors import NotFound
from regolo_git.registry.models import Model, read_model
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.commits import person, short
from regolo_git.text.nearest import nearest, nearest_few
from regolo_git.text.numbers import counted, few_of, number_text, signed_number_text, signed_percent_text
from regolo_git.text.printable import one_line
from regolo_git.text.sizes import size_text
from regolo_git.text.sparkline import sparkline
from regolo_git.text.times import local_time
from regolo_git.verdict.metrics import MetricChange, compare_metrics

METRICS_NAMED = 5  # of a model that may have hundreds


@dataclass(frozen=True, slots=True)
class Step:
    """A version, the one it followed, and what became of each metric on the way."""

    version: ModelVersion
    previous: ModelVersion | None
    changes: Mapping[str, MetricChange]


@click.command()
@model_argument()
@click.option("--metric", metavar="NAME", help="The trend of one metric.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="The N newest versions only.")
@form_options
def log(model: str, metric: str | None, limit: int | None, form: Form) -> None:
    """Show the versions of MODEL, newest first, each with its metrics against the version it followed.

    What counts as better comes from the model's card (models/MODEL/model.toml), else from the metric's name.

    \b
    With --plain, one line for each metric of each version:
      version, status, time, metric, value, difference, relative, verdict

    \b
    Examples:
      git regolo log sentiment
      git regolo log sentiment --metric accuracy
      git regolo log sentiment --json --limit 5

    Exit status: 0 done; 2 bad input; 3 no such model or metric, or no registry here.
    """
    with open_handle() as handle:
        steps = _steps(read_model(handle, model))[:limit]
        if metric is not None:
            steps = _of_metric(steps, model, metric)
        emit(
            form,
            document=lambda: [_document(step) for step in steps],
            fields=lambda: (line for step in steps for line in _fields(step)),
            page=lambda: _put_trend(steps, metric) if metric is not None else _put_steps(steps),
        )


def _steps(model: Model) -> list[Step]:
    by_name = {version.version: version for version in model.versions}
    steps = []
    for version in reversed(model.versions):
        previous = next((by_name[name] for name in version.parents if name in by_name), None)
        before = previous.metrics if previous is not None else {}
        steps.append(Step(version, previous, compare_metrics(before, version.metrics, model.metric_rules)))
    return steps


def _of_metric(steps: Sequence[Step], model: str, metric: str) -> list[Step]:
    if not any(metric in step.version.metrics for step in steps):
        known = sorted({name for step in steps for name in step.version.metrics})
        close = nearest_few(metric, known, most=METRICS_NAMED)
        named = close or known[:METRICS_NAMED]
        there = f" (there are {few_of(list(map(one_line, named)), len(known))})" if known else ""
        meant = nearest(metric, known)
        hint = f"git regolo log {model}" + (f" --metric {shlex.quote(meant)}" if meant else "")
        raise NotFound(f"no version of '{model}' has a metric '{one_line(metric)}'{there}", hint)
    return [
        Step(step.version, step.previous, {metric: step.changes[metric]} if metric in step.changes else {})
        for step in steps
    ]


def _document(step: Step) -> Json:
    version = step.version
    return {
        "model": version.model_id,
        "version": version.version,
        "status": version.status,
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
            }
            for name, change in step.changes.items()
        },
    }


def _fields(step: Step) -> Iterator[tuple[object, ...]]:
    version = step.version
    start = version.version, version.status, version.created_at
    for name, change in step.changes.items():
        yield (*start, name, change["b"], change["diff"], change["relative"], change["verdict"])
    if not step.changes:
        yield (*start, None, None, None, None, None)


def _put_steps(steps: Sequence[Step]) -> None:
    for index, step in enumerate(steps):
        if index:
            put("")
        _put_step(step)


def _put_step(step: Step) -> None:
    version = step.version
    colour = status_colour(version.status)
    bright = colour if colour != "dim" else None
    about = [
        paint(version.reference, sys.stdout, fg="yellow"),
        paint(version.status, sys.stdout, fg=bright or None, dim=colour == "dim"),
        local_time(version.created_at),
        one_line(person(version.created_by)),
        size_text(version.size_bytes),
        short(version.commit),
    ]
    put("  ".join(about))
    if version.message:
        put(f"    {one_line(version.message)}")
    put_table(
        METRIC_COLUMNS,
        [metric_row(name, change) for name, change in step.changes.items()],
        indent=4,
        titled=False,
    )


def _put_trend(steps: Sequence[Step], metric: str) -> None:
    values = [step.version.metrics.get(metric) for step in reversed(steps)]
    known = [value for value in values if value is not None]
    bars = sparkline(values, ascii_only=not takes_symbols(sys.stdout))
    ends = f"{number_text(known[0])} → {number_text(known[-1])}"
    over = f"over {counted(len(known), 'version')}"
    put(signs(f"{paint(one_line(metric), sys.stdout, bold=True)}  {bars}  {ends} {over}"))
    put("")
    put_table(
        [
            Column("VERSION"),
            Column("VALUE", right=True),
            Column("CHANGE", right=True),
            Column("RELATIVE", right=True, spare=2),
            Column("VERDICT"),
            Column("STATUS", spare=3),
            Column("CREATED", spare=1),
            Column("MESSAGE", flexible=True),
        ],
        [_trend_row(step, step.changes.get(metric)) for step in steps],
    )


def _trend_row(step: Step, change: MetricChange | None) -> Row:
    version = step.version
    return (
        Cell(version.version, "bold"),
        number_text(change["b"] if change is not None else None),
        signed_number_text((change and change["diff"]) or None),
        signed_percent_text((change and change["relative"]) or None),
        verdict_cell(change) if change is not None and step.previous is not None else "",
        status_cell(version.status),
        local_time(version.created_at),
        Cell(one_line(version.message), "dim"),
    )
