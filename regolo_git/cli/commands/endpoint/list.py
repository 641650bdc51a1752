"""`git regolo endpoint list`: lists the endpoints on the registry branch."""

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.pages.endpoint import document_beside, replicas_field, weights_field
from regolo_git.cli.streams import talk, talk_next
from regolo_git.cli.tables import put_table
from regolo_git.records.endpoint import Endpoint
from regolo_git.registry.endpoints.deployed import Deployed, read_deployed
from regolo_git.registry.endpoints.get import list_endpoints

COLUMNS = tuple(Column(title) for title in ("ENDPOINT", "MODEL", "ENVIRONMENT", "TRAFFIC", "REPLICAS"))


@click.command("list")
@form_options
def list_(form: Form) -> None:
    """List the endpoints.  Unreadable ones are reported on stderr.

    \b
    With --plain, one line for each endpoint:
      endpoint, model, followed environment, version=weight ...,
      version=replicas ...

    \b
    Examples:
      git regolo endpoint list
      git regolo endpoint list --plain | cut -f1

    Exit status: 0 success; 3 not in a registry.
    """
    with open_handle() as handle:
        found = [(each, read_deployed(handle, each)) for each in list_endpoints(handle)]
    if not found and form == "people":
        talk("no endpoints yet")
        talk_next("git regolo endpoint create NAME MODEL@V")
    emit(
        form,
        document=lambda: [document_beside(*each) for each in found],
        fields=lambda: [_fields(each) for each, _ in found],
        page=lambda: put_table(COLUMNS, [_row(*each) for each in found]),
    )


def _fields(each: Endpoint) -> list[str | None]:
    return [each.endpoint, each.model, each.environment, weights_field(each), replicas_field(each)]


def _row(each: Endpoint, beside: Deployed) -> list[str]:
    return [
        each.endpoint,
        each.model,
        beside.state,
        each.split_text(),
        replicas_field(each),
    ]
