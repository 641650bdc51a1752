"""What every command takes: `-q`, for results, notes and errors alone, and `--no-pager`."""

import click

from regolo_git.cli.streams import be_quiet, no_pager


def takes_quiet(command: click.Command) -> click.Command:
    """Adds the options to a command, unless it has them or is a group."""
    if not isinstance(command, click.Group) and not any("--quiet" in param.opts for param in command.params):
        command.params += [_option(), _no_pager()]
    return command


def _no_pager() -> click.Option:
    """Not in the help of each command, because it is in that of the program."""
    return click.Option(
        ["--no-pager"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        hidden=True,
        callback=no_pager,
        help="Print a long page as it is.",
    )


def _option() -> click.Option:
    return click.Option(
        ["-q", "--quiet"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_quiet,
        help="Print only results, notes and errors.",
    )


def _set_quiet(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        be_quiet(ctx)
