"""`git regolo remote add`: adds a further store to this clone."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import talk, talk_note
from regolo_git.registry.further_stores import add_store


@click.command()
@click.argument("name")
@click.argument("url")
def add(name: str, url: str) -> None:
    """Have this clone read from the store at URL too, after the others.

    URL is a path, or a URL of any scheme that store.url can have.  The setting is regolo.remote.NAME.url in
    git's configuration.

    \b
    Examples:
      git regolo remote add archive s3://archive/models
      git regolo remote add mirror https://models.example.com/store

    Exit status: 0 success; 2 not a name or not the URL of a store; 3 not in a registry; 4 the name is taken.
    """
    with open_handle() as handle:
        problem = add_store(handle, name, url)
        talk(f"added the store '{name}'")
        if problem is not None:
            talk_note(f"it cannot be read now: {problem.message}")
