"""`git regolo fetch`: fetches commits, versions, notes and recipes."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_json
from regolo_git.cli.git_progress import GitProgressLine
from regolo_git.cli.pages.fetched import refuse_differing, talk_of_fetched
from regolo_git.cli.streams import put
from regolo_git.registry.sync.fetch import fetch as fetch_versions


@click.command()
@json_option
def fetch(as_json: bool) -> None:
    """Fetch commits, version tags and notes from the registry's remote.

    No branch and no file of this clone changes: `git regolo pull` brings those, too.  A tag that this clone
    has as another version stays as it is, and is reported with the command that helps.  The recipes of the
    newest versions and of those in use come from the shared store, so that `diff` and `show` work without it.

    Prints the references of the new versions.

    \b
    Examples:
      git regolo fetch

    Exit status: 0 success; 3 no remote; 4 a version of this clone has a number that another one has at the
    remote; 6 the remote cannot be reached.
    """
    with open_handle() as handle, GitProgressLine() as line:
        done = fetch_versions(handle, on_git_progress=line.show)
    talk_of_fetched(done)
    if as_json:
        put_json(done.to_dict())
    else:
        for reference in done.versions:
            put(reference)
    refuse_differing(done)
