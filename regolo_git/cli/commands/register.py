"""`git regolo register`: registers a model with its first version."""

from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.creation import announce, check_order, create
from regolo_git.cli.forms import json_option
from regolo_git.cli.options.arguments import model_argument
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.options.version import FILE, VersionOptions, version_options
from regolo_git.cli.streams import talk_note
from regolo_git.hints import Hint
from regolo_git.records.manifest import Manifest
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.request import VersionRequest


@click.command()
@model_argument()
@click.argument("path", type=FILE)
@click.option("--version", metavar="V", help="The first version.  [default: 1.0]")
@click.option("--description", metavar="TEXT", help="A description of the model, for its card.")
@version_options
@json_option
def register(
    model: str,
    path: Path,
    version: str | None,
    description: str | None,
    options: VersionOptions,
    as_json: bool,
) -> None:
    """Register MODEL with its first version, from the file or directory PATH.

    Stores the content, commits and tags a manifest, and adds PATH to .gitignore.  Prints the version's
    reference.  If the first version is 1.0.0 rather than 1.0, all later versions have three parts too.

    \b
    Examples:
      git regolo register sentiment model.safetensors --metric accuracy=0.89
      git regolo register nlp/encoder ./encoder --metrics metrics.json
      git regolo register sentiment model.onnx --version 1.0.0 -m "first try"

    Exit status: 0 success; 2 an invalid name, number or file; 3 no such file, not in a registry, or this
    clone lacks tags, history or a branch; 4 the model exists, or the registry's files have uncommitted
    changes; 6 a store is not there or not writable; 8 it is not confirmed.
    """
    check_order("register", model, path)
    with open_handle() as handle:
        ask_before_store(handle)
        request = VersionRequest(
            model=model,
            source=path,
            new_model=True,
            version=version or "1.0",
            metadata=options.metadata(handle),
            metrics=options.measured(handle),
            model_description=description,
            message=options.message,
            lineage=options.lineage(handle),
            serving=options.serving(),
            flow=options.flow,
            exclude=options.exclude,
            strict=options.strict,
        )
        created = create(handle, request, yes=True)
        announce(created, as_json=as_json)
        _talk_of_place(handle, path, created.version.manifest)


def _talk_of_place(handle: Handle, path: Path, manifest: Manifest) -> None:
    """Says that a version cannot be checked out without a destination."""
    if manifest.artifact.path is None and handle.paths.work_tree is not None:
        again = Hint("checkout", manifest.model, manifest.artifact.name or "DEST")
        talk_note(f"'{path}' is outside the work tree, so no path is recorded: {again}")
