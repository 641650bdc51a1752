"""`git regolo log`: shows version history and metric trends."""

from collections.abc import Sequence

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.pages.log import Step, document, fields, put_steps, put_trend
from regolo_git.errors import NotFound
from regolo_git.hints import Hint
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_versions
from regolo_git.registry.models import Model, read_model
from regolo_git.registry.versions.model_version import known_measurements
from regolo_git.text.nearest import nearest, nearest_few
from regolo_git.text.numbers import few_of
from regolo_git.text.printable import one_line
from regolo_git.verdict.metrics import compare_metrics

METRICS_NAMED = 5  # of a model that may have hundreds


@click.command()
@model_argument()
@click.option("--metric", metavar="NAME", help="Show the trend of one metric.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Show only the N newest versions.")
@form_options
def log(model: str, metric: str | None, limit: int | None, form: Form) -> None:
    """Show the versions of MODEL, newest first, and how the metrics of each changed from its parent version.

    Whether higher is better is read from the model card (models/MODEL/model.toml), or guessed from the name.

    \b
    With --plain, one line for each metric of each version:
      version, status, time, metric, value, difference, relative, verdict

    \b
    Examples:
      git regolo log sentiment
      git regolo log sentiment --metric accuracy
      git regolo log sentiment --json --limit 5

    Exit status: 0 success; 2 invalid input; 3 no such model or metric, or not in a registry.
    """
    with open_handle() as handle:
        steps = _steps(handle, read_model(handle, model, limit))
        if metric is not None:
            steps = _of_metric(steps, model, metric)
        emit(
            form,
            document=lambda: [document(step) for step in steps],
            fields=lambda: (line for step in steps for line in fields(step)),
            page=lambda: put_trend(steps, metric) if metric is not None else put_steps(steps),
        )


def _steps(handle: Handle, model: Model) -> list[Step]:
    """The steps, newest first; a version whose manifest cannot be read has no parent and no metrics."""
    measured = {version.version: known_measurements(handle, version) for version in model.versions}
    by_name = {version.version: version for version in model.versions}
    readable = [version for version in model.versions if measured[version.version] is not None]
    older = {name for version in readable for name in version.parents} - set(by_name)
    for version in find_versions(handle, model.name, sorted(older)):
        by_name[version.version] = version
        measured[version.version] = known_measurements(handle, version)
    steps = []
    for version in reversed(model.versions):
        metrics = measured[version.version]
        parents = version.parents if metrics is not None else ()
        previous = next((by_name[name] for name in parents if name in by_name), None)
        before = (measured[previous.version] if previous is not None else None) or {}
        changes = compare_metrics(before, metrics or {}, model.metric_rules)
        steps.append(Step(version, previous, changes))
    return steps


def _of_metric(steps: Sequence[Step], model: str, metric: str) -> list[Step]:
    known = sorted(
        {name for step in steps for name, change in step.changes.items() if change["b"] is not None}
    )
    if metric not in known:
        close = nearest_few(metric, known, most=METRICS_NAMED)
        named = close or known[:METRICS_NAMED]
        available = f" (known: {few_of(list(map(one_line, named)), len(known))})" if known else ""
        meant = nearest(metric, known)
        hint = Hint("log", model, *(["--metric", meant] if meant else []))
        raise NotFound(f"no version of '{model}' has a metric '{one_line(metric)}'{available}", hint)
    return [
        Step(step.version, step.previous, {metric: step.changes[metric]} if metric in step.changes else {})
        for step in steps
    ]
