"""`git regolo commit`: makes the next version of a model."""

from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.creation import announce, check_order, create
from regolo_git.cli.forms import json_option
from regolo_git.cli.options.arguments import complete_versions, model_argument
from regolo_git.cli.options.version import FILE, VersionOptions, version_options
from regolo_git.errors import InvalidInput
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import Bump, VersionRequest


@click.command()
@model_argument()
@click.argument("path", type=FILE, required=False)
@click.option("--version", metavar="V", help="The version's name.  [default: the next minor one]")
@click.option(
    "--bump", type=click.Choice(["major", "minor", "patch"]), help="Which part of the version to raise."
)
@click.option(
    "--from",
    "origin",
    metavar="V",
    shell_complete=complete_versions,
    help="Take the bytes of version V instead of a PATH.",
)
@click.option("--description", metavar="TEXT", help="What this version is; goes into its manifest.")
@version_options
@click.option("--yes", "-y", is_flag=True, help="Make it also of bytes that the newest version has.")
@json_option
def commit(
    model: str,
    path: Path | None,
    version: str | None,
    bump: Bump | None,
    origin: str | None,
    description: str | None,
    options: VersionOptions,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the next version of MODEL from the file or directory PATH, or --from a version.

    Only bytes that no version has yet are stored.  On the registry branch the version is committed and
    tagged at once.  On any other branch it is committed without a tag, and with --propose it gets a branch
    of its own: it is tagged after the merge, by `git regolo tag --merged`.

    --from makes another name for the bytes of a version, which are not moved: what is not said anew
    (metadata, description, lineage, serving) is as it was there.

    By SemVer, bump major where code that loads the model may break (a tensor removed or reshaped), minor
    for new weights, patch for files without weights; `git regolo diff` suggests one.

    \b
    Examples:
      git regolo commit sentiment model.safetensors --metric accuracy=0.92
      git regolo commit sentiment model.onnx --bump major -m "smaller vocabulary"
      git regolo commit sentiment model.onnx --propose --param epochs=9
      git regolo commit sentiment --from 1.0 --version prod-1.0

    Exit status: 0 done; 2 a name, number or file that cannot be used; 3 no such model or file;
    4 the version exists, its bytes are those of the newest one (without --yes), or files of ours have
    uncommitted changes; 6 the store cannot be written.
    """
    if version is not None and bump is not None:
        raise InvalidInput("'--version' and '--bump' exclude each other")
    if (path is None) == (origin is None):
        raise InvalidInput("either PATH or --from V says what the bytes are", "git regolo commit -h")
    if path is not None:
        check_order("commit", model, path)
    with open_handle() as handle:
        request = VersionRequest(
            model=model,
            source=path if path is not None else _version(handle, model, origin),
            new_model=False,
            version=version,
            bump=bump,
            metadata=options.metadata(),
            description=description,
            message=options.message,
            lineage=options.lineage(handle),
            serving=options.serving(),
            flow=options.flow,
        )
        announce(create(handle, request, yes=yes), as_json=as_json, quiet=options.quiet)


def _version(handle: Handle, model: str, origin: str | None) -> ModelVersion:
    assert origin is not None, "one of PATH and --from is given"
    return get_version(handle, Reference.select(model, origin))
