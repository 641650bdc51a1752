"""`git regolo canary hold`: keeps a canary at its step."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.change import message_option, push_option
from regolo_git.cli.options.endpoint import endpoint_argument
from regolo_git.cli.pages.canary import canary_document
from regolo_git.registry.endpoints.canary import Said, hold_canary
from regolo_git.text.numbers import shares_text


@click.command()
@endpoint_argument()
@click.option("--resume", is_flag=True, help="Let the canary go on.")
@push_option
@message_option
@json_option
def hold(endpoint: str, resume: bool, push: bool | None, message: str | None, as_json: bool) -> None:
    """Keep the canary of ENDPOINT at its share, until --resume.

    It is not given more traffic meanwhile.  It is still rolled back if the new version is worse.

    \b
    Examples:
      git regolo canary hold reviews -m "wait for the evening"
      git regolo canary hold reviews --resume

    Exit status: 0 success; 3 no such endpoint; 4 no canary runs, or it is held already; 6 the remote cannot
    be reached or refuses.
    """
    with open_handle() as handle:
        done = hold_canary(handle, endpoint, resume=resume, said=Said(message), push=push)
    put_result(shares_text(done.made.traffic), canary_document(done.made, done.commit), as_json=as_json)
