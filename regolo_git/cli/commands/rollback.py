"""`git regolo rollback`: returns all traffic of an endpoint to a good version."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.change import (
    ask,
    message_option,
    propose_option,
    push_option,
    talk_proposed,
    unmerged_option,
)
from regolo_git.cli.options.endpoint import complete_endpoint_versions, endpoint_argument
from regolo_git.cli.pages.endpoint import document_beside
from regolo_git.cli.streams import talk, talk_note
from regolo_git.errors import InvalidInput
from regolo_git.registry.endpoints.deployed import read_deployed
from regolo_git.registry.endpoints.environment_move import other_followers
from regolo_git.registry.endpoints.get import require_endpoint
from regolo_git.registry.endpoints.rollback import RolledBack
from regolo_git.registry.handle import Handle
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
@click.option("--all", "everything", is_flag=True, help="Roll back the environment and all that follow it.")
@click.option("--keep-environment", is_flag=True, help="Leave the environment that it follows as it is.")
@propose_option
@push_option
@unmerged_option
@message_option
@json_option
def rollback(
    endpoint: str,
    version: str | None,
    everything: bool,
    keep_environment: bool,
    propose: bool,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Return all traffic of ENDPOINT to one version, with a new commit.

    The last good version is the newest one that had all the traffic and was not rolled back since; retired
    versions and those without content in the store are skipped.  A running gateway follows within a second
    if workers of that version are still warm.

    If ENDPOINT follows an environment to which the version was promoted before, the environment is rolled
    back in the same commit.  If other endpoints follow it too, the command asks; without a terminal, the
    environment stays unless --all is given.  Where endpoint and environment differ, every view says so, and
    promoting again brings the endpoint back.

    \b
    Examples:
      git regolo rollback sentiment
      git regolo rollback sentiment --to 1.0 -m "1.1 times out on long texts"
      git regolo rollback sentiment --keep-environment --propose

    Exit status: 0 success; 2 invalid input; 3 no such endpoint or version, or its content is not in the
    store; 4 it already has all the traffic, or with --push something else was not pushed; 6 the remote cannot
    be reached or refuses; 8 the version is retired or not merged, or with --all was never in the environment.
    """
    if everything and keep_environment:
        raise InvalidInput("--all and --keep-environment cannot be used together")
    with open_handle() as handle:
        keep = keep_environment if everything or keep_environment else _asked(handle, endpoint)
        published = RegistryWriter(handle, propose=propose, push=push).roll_back(
            endpoint, version, keep_environment=keep, message=message, unmerged=unmerged
        )
        done = published.made
        found = read_deployed(handle, done.endpoint)
    for skipped in done.skipped:
        talk_note(skipped)
    if propose:
        talk_proposed(f"to roll back {endpoint} to {done.endpoint.whole}", published.commit, published.branch)
    else:
        _report(done)
    document: dict[str, Json] = {
        **document_beside(done.endpoint, found),
        "environment_before": done.previous.version if done.previous else None,
        "other_endpoints": list(done.others),
        "skipped": list(done.skipped),
    }
    put_result(shares_text(done.endpoint.traffic), document, as_json=as_json)


def _asked(handle: Handle, name: str) -> bool | None:
    """Whether to keep the environment, asked where other endpoints follow it; None where nobody is asked."""
    records = handle.records()
    endpoint = require_endpoint(records, name)
    others = [other.endpoint for other in other_followers(handle, records, endpoint)]
    if not others:
        return None
    answer = ask(f"'{endpoint.environment}' is also followed by {', '.join(others)}. Roll back all of them?")
    return None if answer is None else not answer


def _report(done: RolledBack) -> None:
    talk(f"rolled back {done.endpoint.endpoint} to {done.endpoint.whole}")
    if done.environment is not None and done.previous is not None:
        place = done.environment.environment
        talk(f"  environment  {place} moved to {done.environment.version} (was {done.previous.version})")
    for other in done.others:
        talk(f"  endpoint     {other} moved to {done.endpoint.whole}")
