"""`-q`, which every command takes: results, notes and errors, but no messages about what was done."""

import click

from regolo_git.cli.streams import be_quiet


def takes_quiet(command: click.Command) -> click.Command:
    """Adds `-q` to a command, unless it has it or is a group."""
    if not isinstance(command, click.Group) and not any("--quiet" in param.opts for param in command.params):
        command.params.append(_option())
    return command


def _option() -> click.Option:
    return click.Option(
        ["-q", "--quiet"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_quiet,
        help="Print only results, notes and errors.",
    )


def _set_quiet(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        be_quiet(ctx)
