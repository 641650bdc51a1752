"""`git regolo canary`: tries a new version on a small share of an endpoint's traffic."""

import click

from regolo_git.cli.command_names import CANARY_COMMANDS
from regolo_git.cli.group import CommandGroup


@click.group(cls=CommandGroup, sections=CANARY_COMMANDS)
def canary() -> None:
    """Try a new version on a small share of an endpoint's traffic, and give it more or take it off.

    git regolo serve --canary compares the two versions and decides: it rolls a worse version back by itself,
    and gives one that is not worse more traffic if the endpoint's [canary] table says so.

    \b
    Examples:
      git regolo canary start reviews sentiment@1.1
      git regolo canary status reviews
      git regolo canary promote reviews

    Exit status: 0 success; 2 invalid input; 3 not found; 4 conflict; 8 forbidden by a rule.
    """
