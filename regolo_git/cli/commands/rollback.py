"""`git regolo rollback`: returns all traffic of an endpoint to a good version."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import message_option, unmerged_option
from regolo_git.cli.options.endpoint import complete_endpoint_versions, endpoint_argument
from regolo_git.cli.pages.endpoint import endpoint_document
from regolo_git.cli.streams import talk, talk_note
from regolo_git.serving.registry_writer import RegistryWriter
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@click.option(
    "--to",
    "version",
    metavar="V",
    shell_complete=complete_endpoint_versions,
    help="The version to return to.  [default: the last good one]",
)
@unmerged_option
@message_option
@json_option
def rollback(endpoint: str, version: str | None, unmerged: bool, message: str | None, as_json: bool) -> None:
    """Return all traffic of ENDPOINT to one version, with a new commit.

    The last good version is the newest one that had all the traffic and was not rolled back since; retired
    versions and those without content in the store are skipped.  A running gateway follows within a second
    if workers of that version are still warm.

    \b
    Examples:
      git regolo rollback sentiment
      git regolo rollback sentiment --to 1.0 -m "1.1 times out on long texts"

    Exit status: 0 success; 2 invalid input; 3 no such endpoint or version, or its content is not in the
    store; 4 it already has all the traffic; 8 the version is retired or not merged.
    """
    with open_handle() as handle:
        done = RegistryWriter(handle).roll_back(endpoint, version, message=message, unmerged=unmerged)
    for skipped in done.skipped:
        talk_note(skipped)
    traffic = done.endpoint.traffic
    talk(f"rolled back {endpoint} to {max(traffic, key=traffic.__getitem__)}")
    put_result(shares_text(traffic), endpoint_document(done.endpoint), as_json=as_json)
