"""`git regolo register`: makes a model with its first version."""

from pathlib import Path

import click

from regolo_git.cli.assignments import gather_metadata, read_serving
from regolo_git.cli.creation import announce, check_order, create
from regolo_git.cli.opening import open_handle
from regolo_git.cli.output import json_option
from regolo_git.cli.parameters import model_argument
from regolo_git.cli.version_options import FILE, chosen_flow, gather_lineage, version_options
from regolo_git.records.references import Reference
from regolo_git.registry.versions.draft import VersionRequest


@click.command()
@model_argument()
@click.argument("path", type=FILE)
@click.option("--version", metavar="V", help="The version's name.  [default: 1.0]")
@click.option("--description", metavar="TEXT", help="What the model is; goes into its card.")
@version_options
@json_option
def register(
    model: str,
    path: Path,
    version: str | None,
    description: str | None,
    metrics: tuple[str, ...],
    meta: tuple[str, ...],
    metadata_file: Path | None,
    message: str | None,
    code: str | None,
    data: tuple[str, ...],
    parameters: tuple[str, ...],
    base: Reference | None,
    serving_file: Path | None,
    propose: bool,
    direct: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Make MODEL with its first version, from the file or directory PATH.

    The bytes go into the store, a manifest into Git as one commit with one tag, and PATH into .gitignore.
    Prints the version's reference.  A first version named 1.0.0 rather than 1.0 makes all later names of
    the model three-part.

    \b
    Examples:
      git regolo register sentiment model.safetensors --metric accuracy=0.89
      git regolo register nlp/encoder ./encoder --metadata metrics.json
      git regolo register sentiment model.onnx --version 1.0.0 -m "first try"

    Exit status: 0 done; 2 a name, number or file that cannot be used; 3 no such file, or no registry;
    4 the model exists, or files of ours have uncommitted changes; 6 the store cannot be written.
    """
    check_order("register", model, path)
    with open_handle() as handle:
        request = VersionRequest(
            model=model,
            source=path,
            new_model=True,
            version=version or "1.0",
            metadata=gather_metadata(metadata_file, meta, metrics),
            model_description=description,
            message=message,
            lineage=gather_lineage(handle, code, data, parameters, base),
            serving=read_serving(serving_file) if serving_file is not None else None,
            flow=chosen_flow(propose, direct),
        )
        announce(create(handle, request, yes=True), as_json=as_json, quiet=quiet)
