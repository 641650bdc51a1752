"""`git regolo endpoint history`: shows every change of an endpoint."""

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option, shown_time
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.endpoint import endpoint_argument, for_a_model
from regolo_git.cli.pages.endpoint import weights_field
from regolo_git.cli.tables import put_table
from regolo_git.hints import Hint
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.registry.endpoints.history import EndpointEvent, endpoint_history
from regolo_git.text.commits import person, short
from regolo_git.text.printable import one_line

COLUMNS = (
    Column("WHEN"),
    Column("ACTION"),
    Column("TRAFFIC"),
    Column("BY", spare=1),
    Column("COMMIT", spare=2),
    Column("MESSAGE", flexible=True),
)


@click.command()
@endpoint_argument()
@date_option
@form_options
def history(endpoint: str, form: Form) -> None:
    """Show every change of ENDPOINT, newest first.

    \b
    With --plain, one line for each change:
      time, action, version=weight ... (empty: deleted), author, commit, message

    \b
    Examples:
      git regolo endpoint history reviews
      git regolo endpoint history reviews --json

    Exit status: 0 success; 3 no such endpoint, now or in the past.
    """
    with open_handle() as handle:
        events = endpoint_history(handle, endpoint)
        if not events:
            with for_a_model(handle, endpoint, Hint("history", endpoint)):
                get_endpoint(handle, endpoint)
    emit(
        form,
        document=lambda: [event.to_dict() for event in events],
        fields=lambda: [_fields(event) for event in events],
        page=lambda: put_table(COLUMNS, [_row(event) for event in events]),
    )


def _fields(event: EndpointEvent) -> list[object]:
    weights = weights_field(event.endpoint) if event.endpoint else None
    return [event.when, event.action, weights, event.who, event.commit, event.message]


def _row(event: EndpointEvent) -> list[str]:
    return [
        shown_time(event.when),
        event.action,
        event.endpoint.split_text() if event.endpoint else "",
        one_line(person(event.who)),
        short(event.commit),
        one_line(event.message),
    ]
