"""`git regolo hooks status`: shows which hooks are installed."""

import sys

import click

from regolo_git.cli.columns import Column
from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Form, emit, form_options
from regolo_git.cli.streams import paint
from regolo_git.cli.tables import put_table
from regolo_git.git.hook_files import HookStatus, hook_states

COLUMNS = (Column("HOOK"), Column("STATE"), Column("FILE"), Column("BESIDE"))
COLOURS = {"installed": "green", "stale": "yellow", "not executable": "red"}


@click.command()
@form_options
def status(form: Form) -> None:
    """Show the state of each hook.

    \b
    installed       as this release writes it
    stale           of another release: install it again
    not executable  Git does not run it
    other hook      a hook that is not ours
    not installed   there is none

    \b
    With --plain, one line for each hook:
      name, state, file, the hook that runs beside it

    \b
    Examples:
      git regolo hooks status

    Exit status: 0 success, whatever the state; 3 not in a repository.
    """
    with open_handle() as handle:
        found = hook_states(handle.git)
    emit(
        form,
        document=lambda: [
            {
                "name": each.name,
                "state": each.state,
                "file": str(each.file),
                "beside": str(each.keeps) if each.keeps is not None else None,
            }
            for each in found
        ],
        fields=lambda: [(each.name, each.state, str(each.file), _beside(each)) for each in found],
        page=lambda: put_table(COLUMNS, [_row(each) for each in found]),
    )


def _row(each: HookStatus) -> list[str]:
    state = paint(each.state, sys.stdout, fg=COLOURS.get(each.state))
    return [each.name, state, str(each.file), _beside(each)]


def _beside(each: HookStatus) -> str:
    return str(each.keeps) if each.keeps is not None else ""
