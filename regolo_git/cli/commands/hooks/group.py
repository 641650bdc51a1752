"""The group of `git regolo hooks`."""

import click

from regolo_git.cli.command_names import HOOKS_COMMANDS
from regolo_git.cli.group import CommandGroup


@click.group(cls=CommandGroup, sections=HOOKS_COMMANDS)
def hooks() -> None:
    """Install, show and remove the hooks with which Git checks commits and pushes.

    \b
    Examples:
      git regolo hooks install
      git regolo hooks status

    Exit status: 0 success; 2 no such command or invalid input; 3 not in a repository; 4 conflict; 8 refused.
    """
