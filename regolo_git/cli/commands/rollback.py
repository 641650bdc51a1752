"""`git regolo rollback`: sends all of an endpoint's traffic back to a good version."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import message_option
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
    help="By default the last good one.",
)
@message_option
@json_option
def rollback(endpoint: str, version: str | None, message: str | None, as_json: bool) -> None:
    """Send all traffic of ENDPOINT to one version, by a new commit.

    The last good version is the newest one that had all the traffic and that no rollback has left since; one
    that is retired or whose bytes are gone is passed over.  A gateway that runs follows within a second when
    that version is still warm.

    \b
    Examples:
      git regolo rollback sentiment
      git regolo rollback sentiment --to 1.0 -m "1.1 times out on long texts"

    Exit status: 0 done; 2 bad input; 3 no such endpoint or version, or its bytes are gone; 4 it is like that
    already; 8 the version is retired.
    """
    with open_handle() as handle:
        done = RegistryWriter(handle).roll_back(endpoint, version, message=message)
    for why in done.skipped:
        talk_note(why)
    talk(f"rolled back {endpoint}")
    put_result(shares_text(done.endpoint.traffic), endpoint_document(done.endpoint), as_json=as_json)
