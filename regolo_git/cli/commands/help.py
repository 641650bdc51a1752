"""`git regolo help`: shows the help of a command, as `-h` does."""

import click

from regolo_git.cli.context import Invocation


@click.command("help")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def help_(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of COMMAND, or the list of commands.

    The same as `git regolo COMMAND -h`.

    \b
    Examples:
      git regolo help
      git regolo help commit
      git regolo help endpoint create

    Exit status: 0 success; 2 no such command.
    """
    top = ctx.find_root()
    arguments = [*words, "-h"]
    top.command.main(
        arguments, prog_name=top.info_name, standalone_mode=False, obj=Invocation(["help", *words])
    )
