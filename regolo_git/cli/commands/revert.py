"""`git regolo revert`: makes an older version the current one again."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.arguments import complete_versions, model_argument
from regolo_git.cli.options.change import message_option
from regolo_git.cli.streams import talk, talk_next
from regolo_git.records.references import Reference
from regolo_git.registry.versions.revert import revert_model


@click.command()
@model_argument()
@click.option(
    "--to",
    "version",
    metavar="V",
    required=True,
    shell_complete=complete_versions,
    help="The version to go back to.",
)
@message_option
@json_option
def revert(model: str, version: str, message: str | None, as_json: bool) -> None:
    """Make an older version of MODEL the branch's current one again, by a new commit.

    Nothing is rewritten: no tag is made, none moves, and the version gone back from stays.  Prints the
    version's reference.

    \b
    Examples:
      git regolo revert sentiment --to 1.0
      git regolo revert sentiment --to 1.0 -m "1.1 is slow on long texts"

    Exit status: 0 done; 2 bad input; 3 no such version, or its bytes are gone; 4 it is the current one
    already, or files of ours have uncommitted changes; 8 the version is retired.
    """
    with open_handle() as handle:
        selector = version.removeprefix(f"{model}@")  # a whole reference is understood too
        done = revert_model(handle, Reference.select(model, selector), message)
        path = done.manifest.artifact.path
    talk(f"the current version of {model} is {done.version} again")
    if path is not None:
        talk_next(f"git regolo checkout {done.reference}")
    document = {"model": done.model_id, "version": done.version, "reference": done.reference}
    put_result(done.reference, document, as_json=as_json)
