"""`git regolo environment list`: lists what environments have, or had at a time."""

from datetime import datetime

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.dates import date_option, shown_time
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.options.arguments import complete_environments
from regolo_git.cli.streams import talk
from regolo_git.cli.tables import Cell, Row, put_table
from regolo_git.errors import InvalidInput
from regolo_git.registry.environments.at_time import HeldVersion, environments_at
from regolo_git.text.commits import person, short
from regolo_git.text.printable import one_line, printable
from regolo_git.text.times import local_time, parse_time

COLUMNS = (
    Column("ENVIRONMENT"),
    Column("MODEL"),
    Column("VERSION"),
    Column("REPLICAS", right=True, spare=1),
    Column("SINCE"),
    Column("BY", spare=2),
    Column("COMMIT", spare=3),
)


def to_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Parses a time.  Raises InvalidInput."""
    if value is None:
        return None
    found = parse_time(value)
    if found is None:
        raise InvalidInput(
            f"'{printable(value)}' is not a time", "write it as 2026-05-01 or '2026-05-01 14:30'"
        )
    return found


@click.command("list")
@click.argument("environment", metavar="[ENV]", required=False, shell_complete=complete_environments)
@click.option("--at", metavar="TIME", callback=to_time, help="What they had then: 2026-05-01 or with a time.")
@date_option
@form_options
def list_(environment: str | None, at: datetime | None, form: Form) -> None:
    """List the version of each model in every environment, or in ENV, now or at a time.

    A change counts from the time at which it reached the operations branch: for a proposal, its merge.  A day
    is its beginning, and a time without a zone is in the local one.

    \b
    With --plain, one line for each version:
      environment, model, version, replicas, since, author, commit, digest

    \b
    Examples:
      git regolo environment list
      git regolo environment list production --at 2026-05-01
      git regolo environment list --at "2026-05-01 14:30" --json

    Exit status: 0 success; 2 invalid input; 3 not in a registry, or a shallow clone lacks the history.
    """
    with open_handle() as handle:
        found = environments_at(handle, at, environment)
    if not found and form == "people":
        talk(
            f"nothing was in {environment or 'any environment'}" + (f" at {local_time(at)}" if at else " yet")
        )
    emit(
        form,
        document=lambda: [held.to_dict() for held in found],
        fields=lambda: [_fields(held) for held in found],
        page=lambda: put_table(COLUMNS, [_row(held) for held in found]),
    )


def _fields(held: HeldVersion) -> list[object]:
    place = held.environment, held.model, held.version
    return [*place, held.replicas, held.since, held.who, held.commit, held.digest]


def _row(held: HeldVersion) -> Row:
    return (
        held.environment,
        held.model,
        Cell(held.version, "bold"),
        str(held.replicas),
        shown_time(held.since) if held.since is not None else "",
        one_line(person(held.who or "")),
        short(held.commit or ""),
    )
