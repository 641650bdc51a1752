"""`git regolo log`: shows version history and metric trends."""

from collections.abc import Sequence

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.targets import complete_model, find_target
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.cli.pages.log import document, fields, put_plot, put_steps, put_trend
from regolo_git.cli.pages.shallow import talk_of_missing_parents
from regolo_git.cli.streams import talk
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import list_versions, only_model
from regolo_git.registry.metric_steps import Step, of_metric, steps_of


@click.command()
@click.argument("model", metavar="[MODEL|REV:MODEL|RANGE]", required=False, shell_complete=complete_model)
@click.option(
    "--metric",
    metavar="NAME",
    shell_complete=when_asked("completion", "complete_metrics"),
    help="Show the trend of one metric.",
)
@click.option("--plot", is_flag=True, help="Plot the metric over the versions.")
@click.option(
    "-n", "--limit", metavar="N", type=click.IntRange(min=1), help="Show only the N newest versions."
)
@date_option
@form_options
def log(model: str | None, metric: str | None, plot: bool, limit: int | None, form: Form) -> None:
    """Show the versions of MODEL, newest first, and how the metrics of each changed from its parent version.

    MODEL is by default the only model of the registry.

    REV:MODEL shows the versions in the history of a branch, a proposal or any commit; MODEL@A..B those after
    A, up to B; A..B, of two commits, the versions of all models that the commits of B brought.

    Whether higher is better is read from the model card (models/MODEL/model.toml), or guessed from the name.

    \b
    With --plain, one line for each metric of each version:
      version, status, time, metric, value, difference, relative, verdict

    \b
    Examples:
      git regolo log
      git regolo log sentiment -n 5
      git regolo log sentiment --metric accuracy --plot
      git regolo log sentiment@1.0..1.4
      git regolo log main..origin/propose/sentiment@1.2+0c5d3e9a

    Exit status: 0 success; 2 invalid input; 3 no such model, metric or commit, or not in a registry.
    """
    if plot and (metric is None or form != "people"):
        raise InvalidInput("--plot requires --metric, without --json and --plain")
    with open_handle() as handle:
        model = model if model is not None else only_model(handle, "log")
        steps = _steps(handle, model, limit)
        if metric is not None:
            steps = of_metric(steps, steps[0].version.model_id if steps else model, metric)
        if not steps and form == "people":
            talk(f"no version in {model}")
        emit(
            form,
            document=lambda: [document(step) for step in steps],
            fields=lambda: (line for step in steps for line in fields(step)),
            page=lambda: _put(steps, metric, plot=plot),
        )
        if form == "people":
            talk_of_missing_parents(handle, [step.version for step in steps])


def _put(steps: Sequence[Step], metric: str | None, *, plot: bool) -> None:
    if metric is None:
        put_steps(steps)
    elif plot:
        put_plot(steps, metric)
    else:
        put_trend(steps, metric)


def _steps(handle: Handle, text: str, limit: int | None) -> list[Step]:
    """The steps of every model that was named, newest first."""
    target = find_target(handle, text)
    if isinstance(target, Reference):
        if not target.is_bare:
            raise InvalidInput(f"'{target}' is one version", Hint("show", str(target)))
        versions = list_versions(handle, target.model, limit)
    else:
        from regolo_git.registry.revision_versions import versions_in  # noqa: PLC0415 - it walks commits

        versions = versions_in(handle, target)[-limit if limit is not None else 0 :]
    found: list[Step] = []
    for model in sorted({version.model_id for version in versions}):
        of_model = [version for version in versions if version.model_id == model]
        found += steps_of(handle, of_model, handle.records().card_or_default(model).metrics)
    return found
