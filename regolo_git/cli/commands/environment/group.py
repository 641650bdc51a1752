"""`git regolo environment`: shows what environments have."""

import click

from regolo_git.cli.command_names import ENVIRONMENT_COMMANDS
from regolo_git.cli.group import CommandGroup


@click.group(cls=CommandGroup, sections=ENVIRONMENT_COMMANDS)
def environment() -> None:
    """Show which versions environments have, and had at a time.

    \b
    Examples:
      git regolo environment list
      git regolo environment list production --at 2026-05-01

    Exit status: 0 success; 2 invalid input; 3 not found.
    """
