"""`git regolo canary start`: starts a canary."""

import os

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.arguments import reference_argument
from regolo_git.cli.options.canary import PolicyChanges, policy_options
from regolo_git.cli.options.change import ask_before_store, message_option, push_option, unmerged_option
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.canary import canary_document
from regolo_git.cli.streams import talk, talk_next, talk_note
from regolo_git.hints import Hint
from regolo_git.records.canary import CanaryPolicy
from regolo_git.records.references import Reference
from regolo_git.registry.endpoints.canary import Said
from regolo_git.registry.endpoints.canary_start import start_canary
from regolo_git.registry.endpoints.get import get_endpoint
from regolo_git.serving.unloadable import unloadable_notices
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@reference_argument("MODEL@V")
@policy_options
@click.option("--replicas", type=int, metavar="N", help="The number of workers of the new version.")
@push_option
@unmerged_option
@message_option
@json_option
def start(
    endpoint: str,
    reference: Reference,
    changes: PolicyChanges,
    replicas: int | None,
    push: bool | None,
    unmerged: bool,
    message: str | None,
    as_json: bool,
) -> None:
    """Give a version the first share of ENDPOINT's traffic, beside the version that serves it.

    The endpoint's [canary] table says which shares come one after another, how long each is watched, and what
    is compared.  An endpoint without one gets the default table; the options change it.  A version that a
    canary has rolled back is refused until its digest is removed from 'rejected' in the endpoint's file.

    \b
    Examples:
      git regolo canary start reviews sentiment@1.1
      git regolo canary start reviews sentiment@1.1 --steps 1,10,50 --bake 10m
      git regolo canary start reviews sentiment@1.1 --latency-limit 250

    Exit status: 0 success; 2 invalid input; 3 no such endpoint or version, or its content is not in the
    store; 4 a canary runs already, the traffic is split, or with --push something else was not pushed; 6 the
    remote cannot be reached or refuses; 8 the version is retired, not merged, or was rolled back before.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        before = get_endpoint(handle, endpoint)
        policy = changes.applied(before.canary or CanaryPolicy())
        done = start_canary(
            handle,
            endpoint,
            reference,
            policy=policy if policy != before.canary else None,
            replicas=replicas,
            unmerged=unmerged,
            said=Said(message),
            push=push,
        )
        notices = unloadable_notices(handle, done.made, os.environ, before.versions)
    talk(f"started a canary of {reference} on {endpoint}")
    for notice in notices:
        talk_note(notice)
    talk_next(str(Hint("serve", "--canary")))
    put_result(shares_text(done.made.traffic), canary_document(done.made, done.commit), as_json=as_json)
