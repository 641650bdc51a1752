"""`git regolo remote add`: adds a further store to this clone."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.streams import talk, talk_note
from regolo_git.registry.further_stores import add_store
from regolo_git.registry.notices import words_of
from regolo_git.registry.shared_store import FurtherStore


@click.command()
@click.argument("name")
@click.argument("url")
@click.option("--endpoint", metavar="URL", help="The URL of its S3 service, if not AWS.")
@click.option("--region", metavar="NAME", help="The region of its S3 service.")
def add(name: str, url: str, endpoint: str | None, region: str | None) -> None:
    """Have this clone read from the store at URL too, after the others.

    URL is a path, or a URL of any scheme that store.url can have.  The settings are regolo.remote.NAME.url,
    .endpoint and .region in git's configuration.

    \b
    Examples:
      git regolo remote add archive s3://archive/models
      git regolo remote add lab s3://models --endpoint https://s3.example.com
      git regolo remote add mirror https://models.example.com/store

    Exit status: 0 success; 2 not a name or not a store; 3 not in a registry; 4 the name is taken.
    """
    with open_handle() as handle:
        problem = add_store(handle, name, FurtherStore(url, endpoint, region))
        talk(f"added the store '{name}'")
        if problem is not None:
            talk_note(f"it cannot be read now: {words_of(problem, handle.step)}")
