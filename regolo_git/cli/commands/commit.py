"""`git regolo commit`: adds a version to a model."""

from pathlib import Path

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.creation import announce, check_order, create
from regolo_git.cli.forms import json_option
from regolo_git.cli.options.arguments import complete_versions, model_argument
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.options.version import FILE, VersionOptions, version_options
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import Bump, VersionRequest


@click.command()
@model_argument()
@click.argument("path", type=FILE, required=False)
@click.option("--version", metavar="V", help="The new version.  [default: the next minor version]")
@click.option(
    "--bump",
    type=click.Choice(["major", "minor", "patch"]),
    help="The part of the version number to increment.",
)
@click.option(
    "--from",
    "origin",
    metavar="V",
    shell_complete=complete_versions,
    help="Reuse the content of version V instead of a PATH.",
)
@click.option(
    "--parent",
    metavar="V",
    shell_complete=complete_versions,
    help="The version it was made from.  [default: what PATH held before]",
)
@click.option("--no-inherit", is_flag=True, help="Take over nothing from the parent or from --from V.")
@click.option("--description", metavar="TEXT", help="A description of this version, for its manifest.")
@version_options
@click.option("--yes", "-y", is_flag=True, help="Create it even if the content is unchanged or retired.")
@json_option
def commit(
    model: str,
    path: Path | None,
    version: str | None,
    bump: Bump | None,
    origin: str | None,
    parent: str | None,
    no_inherit: bool,
    description: str | None,
    options: VersionOptions,
    yes: bool,
    as_json: bool,
) -> None:
    """Add a version to MODEL from the file or directory PATH, or --from an existing version.

    Only content that is new to the store is stored.  On the registry branch, or a branch of `registry.lines`,
    the version is committed and tagged immediately.  On another branch it is committed without a tag, and
    with --propose to a new branch; `git regolo tag --merged` tags it after the merge.  With --from, it has
    the content of an existing version, and what is not given again is copied from it.

    Its parent is what PATH held before: the version last checked out to it or created from it, else the
    highest version below.  Description, metadata and serving of the parent are taken over unless given
    again; metrics and lineage only if the content is the same.

    Following SemVer, bump major if code that loads the model may break (a tensor removed or reshaped), minor
    for new weights, patch for files without weights; `git regolo diff` suggests a bump.

    \b
    Examples:
      git regolo commit sentiment model.safetensors --metric accuracy=0.92
      git regolo commit sentiment model.onnx --bump major -m "smaller vocabulary"
      git regolo commit sentiment model.onnx --propose --param epochs=9
      git regolo commit sentiment --from 1.0 --version prod-1.0

    Exit status: 0 success; 2 invalid input; 3 no such model or file, or tags, history or a branch missing
    here; 4 the version or (without --yes) its content exists, its content is retired, or the registry has
    uncommitted changes; 6 a store is not there or not writable; 8 it is not confirmed.
    """
    _check(model, path, origin, version, bump)
    with open_handle() as handle:
        ask_before_store(handle)
        request = VersionRequest(
            model=model,
            source=path if path is not None else _version(handle, model, origin),
            new_model=False,
            version=version,
            bump=bump,
            parent=parent.removeprefix(f"{model}@") if parent is not None else None,
            inherit=not no_inherit,
            metadata=options.metadata(),
            metrics=options.measured(handle),
            description=description,
            message=options.message,
            lineage=options.lineage(handle),
            serving=options.serving(),
            flow=options.flow,
            exclude=options.exclude,
            strict=options.strict,
        )
        announce(create(handle, request, yes=yes), as_json=as_json)


def _check(model: str, path: Path | None, origin: str | None, version: str | None, bump: Bump | None) -> None:
    if version is not None and bump is not None:
        raise InvalidInput("--version and --bump cannot be used together")
    if (path is None) == (origin is None):
        raise InvalidInput("give either PATH or --from V", Hint("commit", "-h"))
    if path is not None:
        check_order("commit", model, path)


def _version(handle: Handle, model: str, origin: str | None) -> ModelVersion:
    assert origin is not None, "one of PATH and --from is given"
    return get_version(handle, Reference.select(model, origin))
