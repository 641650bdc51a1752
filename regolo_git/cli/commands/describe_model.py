"""`git regolo describe-model`: changes the description and the owner of a model."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import Json, json_option, put_result
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.options.change import (
    message_option,
    propose_option,
    push_option,
    refuse_to_push_a_proposal,
    talk_of_commit,
)
from regolo_git.cli.streams import talk
from regolo_git.registry.model_description import describe_model as describe


@click.command("describe-model")
@model_argument()
@click.option("--description", metavar="TEXT", help="What the model is; an empty text removes it.")
@click.option("--owner", metavar="TEXT", help="Who is responsible for it; an empty text removes it.")
@propose_option
@push_option
@message_option
@json_option
def describe_model(
    model: str,
    description: str | None,
    owner: str | None,
    propose: bool,
    push: bool | None,
    message: str | None,
    as_json: bool,
) -> None:
    """Change the description or the owner of MODEL in its card, models/MODEL/model.toml, with a commit.

    Everything else in that file stays as people wrote it, comments too.  Prints the model's name.

    \b
    Examples:
      git regolo describe-model sentiment --description "English reviews"
      git regolo describe-model sentiment --owner "" -m "nobody for now"

    Exit status: 0 success; 2 invalid input; 3 no such model; 4 nothing would change, the file has
    uncommitted changes, or with --push something else was not pushed; 5 the card cannot be read; 6 the
    remote cannot be reached or refuses.
    """
    refuse_to_push_a_proposal(propose, push)
    with open_handle() as handle:
        done = describe(
            handle,
            model,
            description=description,
            owner=owner,
            message=message,
            propose=propose,
            push=push,
        )
    talk(f"{'proposed a description of' if propose else 'described'} {model}")
    talk_of_commit(done.commit, done.branch, done.pushed_to, proposed=propose)
    document: dict[str, Json] = {
        "model": model,
        "description": done.made.description,
        "owner": done.made.owner,
        "commit": done.commit,
        "branch": done.branch,
        "pushed_to": done.pushed_to,
    }
    put_result(model, document, as_json=as_json)
