"""`git regolo canary abort`: ends a canary and takes the new version off."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import message_option, push_option
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.canary import canary_document
from regolo_git.cli.streams import talk
from regolo_git.registry.endpoints.canary import Said, abort_canary
from regolo_git.serving.canary.status import evidence_now
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@push_option
@message_option
@json_option
def abort(endpoint: str, push: bool | None, message: str | None, as_json: bool) -> None:
    """End the canary of ENDPOINT: the version beside it gets all the traffic.

    The version that was tried is not ruled out; it can be started again.

    \b
    Examples:
      git regolo canary abort reviews -m "too slow on long texts"

    Exit status: 0 success; 3 no such endpoint; 4 no canary runs, or with --push something else was not
    pushed; 6 the remote cannot be reached or refuses.
    """
    with open_handle() as handle:
        said = Said(message, evidence_now(handle, endpoint))
        done = abort_canary(handle, endpoint, said=said, push=push)
    talk(f"ended the canary of {endpoint}")
    put_result(shares_text(done.made.traffic), canary_document(done.made, done.commit), as_json=as_json)
