"""`git regolo remote remove`: takes a further store out of this clone."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import talk
from regolo_git.registry.further_stores import remove_store


@click.command()
@click.argument("name")
def remove(name: str) -> None:
    """Have this clone no longer read from the store NAME.  What is in the store stays there.

    \b
    Examples:
      git regolo remote remove archive

    Exit status: 0 success; 3 no such store, or not in a registry.
    """
    with open_handle() as handle:
        remove_store(handle, name)
        talk(f"removed the store '{name}'; what is in it stays")
