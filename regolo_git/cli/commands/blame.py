"""`git regolo blame`: shows which version gave a metric its value."""

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option, shown_time
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.targets import complete_model, to_one
from regolo_git.cli.options.when_asked import when_asked
from regolo_git.cli.pages.terminal import drawn
from regolo_git.cli.streams import talk
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.revision_syntax import AtRevision, OneVersion
from regolo_git.registry.metric_origins import metric_changes, metric_origins
from regolo_git.registry.metric_steps import MetricOrigin
from regolo_git.reviews.metric_cells import difference_texts, metric_name, verdict_cell
from regolo_git.text.commits import person, short
from regolo_git.text.numbers import rounded_text
from regolo_git.text.printable import one_line

COLUMNS = (
    Column("METRIC"),
    Column("VALUE", right=True),
    Column("CHANGE", right=True),
    Column("RELATIVE", right=True, spare=3),
    Column("VERDICT"),
    Column("VERSION"),
    Column("COMMIT", spare=2),
    Column("BY", spare=1),
    Column("CREATED", spare=4),
    Column("MESSAGE", flexible=True),
)


@click.command()
@click.argument("model", metavar="MODEL|REV:MODEL", callback=to_one, shell_complete=complete_model)
@click.argument(
    "metric",
    metavar="[METRIC]",
    required=False,
    shell_complete=when_asked("completion", "complete_metrics"),
)
@date_option
@form_options
def blame(model: OneVersion, metric: str | None, form: Form) -> None:
    """Show which version, commit and author gave each metric of MODEL its value, and the verdict then.

    With METRIC, every version that changed it, newest first.  REV:MODEL looks at the history of a branch, a
    proposal or any commit.  A metric that was measured later has the author and time of that evaluation.

    \b
    With --plain, one line for each change:
      metric, value, difference, relative, verdict, version, commit, author,
      time, message

    \b
    Examples:
      git regolo blame sentiment
      git regolo blame sentiment accuracy
      git regolo blame origin/propose/sentiment@1.2+0c5d3e9a:sentiment

    Exit status: 0 success; 2 invalid input; 3 no such model, metric or commit.
    """
    if not isinstance(model, AtRevision) and not model.is_bare:
        raise InvalidInput(f"'{model}' is one version, and a model is required", Hint("blame", model.model))
    with open_handle() as handle:
        found = metric_changes(handle, model, metric) if metric is not None else metric_origins(handle, model)
    if not found and form == "people":
        talk(f"{model.model} has no metrics")
    emit(
        form,
        document=lambda: [origin.to_dict() for origin in found],
        fields=lambda: [_fields(origin) for origin in found],
        page=lambda: put_table(COLUMNS, [_row(origin) for origin in found]),
    )


def _fields(origin: MetricOrigin) -> list[object]:
    version, change, later = origin.version, origin.change, origin.evaluation
    return [
        origin.metric,
        change["b"],
        change["diff"],
        change["relative"],
        change["verdict"],
        version.version,
        version.commit,
        later.who if later is not None else version.created_by,
        later.when if later is not None else version.created_at,
        version.message,
    ]


def _row(origin: MetricOrigin) -> Row:
    version, change, later = origin.version, origin.change, origin.evaluation
    by = f"{person(later.who)} (later)" if later is not None else person(version.created_by)
    return (
        one_line(metric_name(origin.metric, change)),
        rounded_text(change["b"], change["a"]),
        *difference_texts(change),
        "" if origin.previous is None else drawn(verdict_cell(change)),
        Cell(version.version, "bold"),
        short(version.commit),
        one_line(by),
        shown_time(later.when if later is not None else version.created_at),
        Cell(one_line(version.message), "dim"),
    )
