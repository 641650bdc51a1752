"""`git regolo traffic`: shows and sets the traffic split of an endpoint."""

import os

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import (
    ask_before_store,
    message_option,
    propose_option,
    push_option,
    talk_proposed,
    unmerged_option,
)
from regolo_git.cli.options.endpoint import (
    complete_endpoint_versions,
    endpoint_argument,
    read_counts,
    read_weights,
)
from regolo_git.cli.pages.endpoint import document_beside
from regolo_git.cli.streams import talk, talk_note
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.registry.endpoints.deployed import read_deployed
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.serving.registry_writer import RegistryWriter
from regolo_git.serving.unloadable import unloadable_notices


@click.command()
@endpoint_argument()
@click.argument("split", metavar="[V=WEIGHT]...", nargs=-1, shell_complete=complete_endpoint_versions)
@click.option(
    "--replicas",
    multiple=True,
    metavar="V=N",
    shell_complete=complete_endpoint_versions,
    help="The number of workers of a version.",
)
@click.option(
    "--shadow",
    multiple=True,
    metavar="V=SHARE",
    shell_complete=complete_endpoint_versions,
    help="A version that gets copies of requests, and its share; none ends all shadows.",
)
@propose_option
@push_option
@unmerged_option
@message_option
@json_option
def traffic(
    endpoint: str,
    split: tuple[str, ...],
    replicas: tuple[str, ...],
    shadow: tuple[str, ...],
    propose: bool,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Set the whole traffic split of ENDPOINT in one commit; without a split or shadow, show it.

    Weights are percentages that add up to 100, or shares that add up to 1.  A version that is not listed is
    removed from the endpoint; a version with weight 0 stays and can be requested by header.  An environment
    that the endpoint follows stays as it is; until the next promotion to it, every view says that the two
    differ.

    A shadow gets a copy of a share of the requests; its answers are counted, compared and dropped, and
    callers never wait for it.  Its share is in the unit of the split, or a percentage without one.  A shadow
    stays until it gets traffic, or --shadow lists others or says none.

    \b
    Examples:
      git regolo traffic sentiment 1.0=90 1.1=10 -m "canary"
      git regolo traffic sentiment 1.1=100 1.0=0 --propose
      git regolo traffic sentiment --shadow 1.2=10
      git regolo traffic sentiment

    Exit status: 0 success; 2 invalid weights or shares; 3 no such endpoint or version, or its content is not
    in the store; 4 already set to that split, or with --push something else was not pushed; 6 the store is
    not there, or the remote cannot be reached or refuses; 8 a version is retired or not merged.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        found = get_endpoint(handle, endpoint)
        notices: list[str] = []
        if split or shadow:
            known = found.versions
            done = RegistryWriter(handle, propose=propose, push=push).set_traffic(
                endpoint,
                read_weights(split) if split else None,
                shadow=_read_shadow(shadow),
                replicas=read_counts(replicas),
                message=message,
                unmerged=unmerged,
            )
            found = done.made
            if propose:
                talk_proposed(f"{endpoint}: {found.split_text()}", done.commit, done.branch)
            notices = unloadable_notices(handle, found, os.environ, known)
        elif propose:
            again = Hint("traffic", endpoint, "V=WEIGHT", "--propose")
            raise InvalidInput("--propose requires a split or a shadow", again)
        beside = read_deployed(handle, found)
        if not (split or shadow) and beside.environment is not None:
            talk(beside.state)
    for notice in notices:
        talk_note(notice)
    put_result(found.split_text(), document_beside(found, beside), as_json=as_json)


def _read_shadow(pairs: tuple[str, ...]) -> dict[str, float] | None:
    """The shares of `--shadow 1.1=10`; None without the option.  Raises InvalidInput."""
    if "none" in pairs:
        if len(pairs) > 1:
            raise InvalidInput("--shadow none cannot be combined with other shadows")
        return {}
    return read_weights(pairs, "give a shadow and its share as 1.1=10, or none") if pairs else None
