"""`git regolo version`: prints the version of the program, as `--version` does."""

import click

from regolo_git import __version__
from regolo_git.cli.command_names import PROGRAM
from regolo_git.cli.streams import put


@click.command()
def version() -> None:
    """Show the version of the program, as `git regolo --version` does.

    \b
    Examples:
      git regolo version

    Exit status: 0 success.
    """
    put(f"{PROGRAM} {__version__}")
