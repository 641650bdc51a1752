"""`git regolo revert`: makes an older version current again."""

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.forms import json_option, put_result
from regolo_git.cli.options.arguments import complete_models, complete_versions, to_model
from regolo_git.cli.options.change import ask_before_store, message_option, unmerged_option
from regolo_git.cli.streams import talk, talk_next
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.versions.revert import revert_model
from regolo_git.text.printable import printable


def _to_model(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """Takes MODEL; of MODEL@V, says where V belongs."""
    model, at, version = value.partition("@")
    if at:
        hint = Hint("revert", model, "--to", version or "V")
        raise InvalidInput(f"'{printable(value)}' names a version, which --to takes", hint)
    to_model(ctx, param, value)
    return value


@click.command()
@click.argument("model", callback=_to_model, shell_complete=complete_models)
@click.option(
    "--to",
    "version",
    metavar="V",
    required=True,
    shell_complete=complete_versions,
    help="The version to return to.",
)
@unmerged_option
@message_option
@json_option
def revert(model: str, version: str, unmerged: bool, message: str | None, as_json: bool) -> None:
    """Make an older version of MODEL the current one on this branch again, with a new commit.

    History is not rewritten: tags do not change, and the newer versions remain available.  Prints the
    version's reference.

    \b
    Examples:
      git regolo revert sentiment --to 1.0
      git regolo revert sentiment --to 1.0 -m "1.1 is slow on long texts"

    Exit status: 0 success; 2 invalid input; 3 no such version, or its content is not in the store; 4 already
    the current version, or the registry's files have uncommitted changes; 6 the store is not there; 8 the
    version is retired or not merged.
    """
    with open_handle() as handle:
        ask_before_store(handle)
        selector = version.removeprefix(f"{model}@")  # accepts a full reference as well
        done = revert_model(handle, Reference.select(model, selector), message, unmerged=unmerged)
        path = done.manifest.artifact.path
    talk(f"reverted {model} to {done.version}")
    if path is not None:
        talk_next(f"git regolo checkout {done.reference}")
    document = {"model": done.model_id, "version": done.version, "reference": done.reference}
    put_result(done.reference, document, as_json=as_json)
