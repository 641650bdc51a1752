"""`git regolo endpoint`: creates, shows and deletes endpoints."""

import click

from regolo_git.cli.command_names import ENDPOINT_COMMANDS
from regolo_git.cli.group import CommandGroup


@click.group(cls=CommandGroup, sections=ENDPOINT_COMMANDS)
def endpoint() -> None:
    """Create, show and delete endpoints: served names that split traffic between versions.

    \b
    Examples:
      git regolo endpoint create reviews sentiment@1.1
      git regolo endpoint list
      git regolo endpoint history reviews

    Exit status: 0 success; 2 invalid input; 3 not found; 4 conflict; 8 forbidden by a rule.
    """
