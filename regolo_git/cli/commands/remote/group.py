"""`git regolo remote`: lists the stores that this clone shares with others."""

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.command_names import REMOTE_COMMANDS
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, Json, emit, form_options
from regolo_git.cli.group import CommandGroup
from regolo_git.cli.streams import talk, talk_next
from regolo_git.cli.tables import put_table
from regolo_git.registry.further_stores import SHARED_NAME, NamedStore, named_stores

COLUMNS = (Column("NAME"), Column("URL"), Column("STATE"))


@click.group(cls=CommandGroup, sections=REMOTE_COMMANDS, invoke_without_command=True)
@form_options
@click.pass_context
def remote(context: click.Context, form: Form) -> None:
    """List the stores that this clone shares with others, in the order in which it reads them.

    The first one is the shared store of the registry (store.url), which a clone uses once it has confirmed
    it.  The others are set in this clone only.  What its own store lacks comes from the first that has it.

    \b
    With --plain, one line for each store:
      name, URL, endpoint, region, state

    \b
    Examples:
      git regolo remote
      git regolo remote add archive s3://archive/models
      git regolo remote remove archive

    Exit status: 0 success; 3 not in a registry.
    """
    if context.invoked_subcommand is not None:
        return
    with open_handle() as handle:
        found = named_stores(handle)
    if not found and form == "people":
        talk("no shared store")
        talk_next("git regolo config store.url URL")
    emit(
        form,
        document=lambda: [_document(each) for each in found],
        fields=lambda: [_fields(each) for each in found],
        page=lambda: put_table(COLUMNS, [_row(each) for each in found]),
    )


def _document(store: NamedStore) -> Json:
    return {
        "name": store.name,
        "url": store.url,
        "endpoint": store.endpoint,
        "region": store.region,
        "state": _state(store),
    }


def _fields(store: NamedStore) -> list[str | None]:
    return [store.name, store.url, store.endpoint, store.region, _state(store)]


def _row(store: NamedStore) -> list[str]:
    place = " ".join(part for part in (store.url, store.endpoint, store.region) if part)
    return [store.name, place, _state(store)]


def _state(store: NamedStore) -> str:
    if store.name != SHARED_NAME:
        return "of this clone"
    return "confirmed" if store.confirmed else "not confirmed"
