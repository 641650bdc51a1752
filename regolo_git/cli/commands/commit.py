"""`git regolo commit`: adds a version to a model, or one to every modified model."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import click

from regolo_git.cli.context import open_handle
from regolo_git.cli.creation import announce, check_order, create, create_all
from regolo_git.cli.forms import json_option
from regolo_git.cli.options.arguments import complete_versions, model_argument
from regolo_git.cli.options.change import ask_before_store
from regolo_git.cli.options.one_value import one_value
from regolo_git.cli.options.version import FILE, VersionOptions, version_options
from regolo_git.cli.progress import ProgressBar
from regolo_git.errors import InvalidInput
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import get_version
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.request import Bump, VersionRequest
from regolo_git.text.numbers import few_of

MODELS_NAMED = 3


class NextVersion(NamedTuple):
    """The options of `commit` alone: the number, and what the version comes from."""

    version: str | None
    bump: Bump | None
    origin: str | None
    parent: str | None
    no_inherit: bool
    description: str | None
    again: bool
    push: bool | None


next_version = one_value(
    "following",
    NextVersion,
    click.option("--version", metavar="V", help="The new version.  [default: the next minor version]"),
    click.option(
        "--bump",
        type=click.Choice(["major", "minor", "patch"]),
        help="The part of the version number to increment.",
    ),
    click.option(
        "--from",
        "origin",
        metavar="V",
        shell_complete=complete_versions,
        help="Reuse the content of version V instead of a PATH; with --again, a proposal's number or branch.",
    ),
    click.option(
        "--parent",
        metavar="V",
        shell_complete=complete_versions,
        help="The version it was made from.  [default: what PATH held before]",
    ),
    click.option("--no-inherit", is_flag=True, help="Take over nothing from the parent or from --from V."),
    click.option("--description", metavar="TEXT", help="A description of this version, for its manifest."),
    click.option(
        "--again", is_flag=True, help="With --propose: move a proposal that waits to the newest commit."
    ),
    click.option(
        "--push/--no-push",
        default=None,
        help="With --again: move it only if the remote does.  [default: git config regolo.push]",
    ),
)


@click.command()
@model_argument(required=False)
@click.argument("path", type=FILE, required=False)
@next_version
@version_options
@click.option("--yes", "-y", is_flag=True, help="Create it even if the content is unchanged or retired.")
@json_option
def commit(
    model: str | None,
    path: Path | None,
    following: NextVersion,
    options: VersionOptions,
    yes: bool,
    as_json: bool,
) -> None:
    """Add a version to MODEL from the file or directory PATH, or --from an existing version.

    PATH is by default the recorded one of MODEL.  Without MODEL it is the only model, or every model that
    `git regolo status` calls modified: a version of each, checked and stored before the first is committed.

    Only content that is new to the store is stored.  On the registry branch, or a branch of `registry.lines`,
    the version is committed and tagged immediately.  On another branch it is committed without a tag, and
    with --propose to a new branch; `git regolo tag --merged` tags it after the merge.  With --from, it has
    the content of an existing version, and what is not given again is copied from it.

    Its parent is what PATH held before: the version last checked out to it or created from it, else the
    highest version below.  Description, metadata and serving of the parent are taken over unless given
    again; metrics and lineage only if the content is the same.

    With --propose --again, a proposal that waits is made again on the newest commit of the registry branch,
    as after another one was merged first: the same bytes, with everything that describes them, under the
    next free number if its own is taken.  Its branch keeps the name.  --push also sends it, unless somebody
    else has moved the branch there; otherwise the command to do that is printed.

    Following SemVer, bump major if code that loads the model may break (a tensor removed or reshaped, or
    another input or output of a file that describes itself), minor for new weights, patch for files without
    weights; `git regolo diff` suggests a bump.

    \b
    Examples:
      git regolo commit
      git regolo commit sentiment --metric accuracy=0.92
      git regolo commit sentiment model.onnx --bump major -m "smaller vocabulary"
      git regolo commit sentiment model.onnx --propose --param epochs=9
      git regolo commit sentiment --from 1.0 --version prod-1.0
      git regolo commit sentiment --propose --again --push

    Exit status: 0 success; 2 invalid input; 3 no such model or file, or tags, history or a branch missing
    here; 4 nothing is modified, the version or (without --yes) its content exists, its content is retired,
    or the registry has uncommitted changes; 6 a store is not there or not writable; 8 it is not confirmed.
    """
    _check(model, path, following)
    if following.again:
        _refuse_beside_again(path, following, options)
    with open_handle() as handle:
        ask_before_store(handle)
        if following.again:
            from regolo_git.cli.again import propose_again  # noqa: PLC0415 - seldom

            propose_again(handle, model, following.origin, options.message, following.push, as_json=as_json)
        elif model is not None and (path is not None or following.origin is not None):
            source = path if path is not None else _version(handle, model, following.origin)
            created = create(handle, _request(handle, model, source, following, options), yes=yes)
            announce(created, as_json=as_json)
        else:
            _commit_recorded(handle, model, following, options, yes=yes, as_json=as_json)


def _check(model: str | None, path: Path | None, following: NextVersion) -> None:
    if following.version is not None and following.bump is not None:
        raise InvalidInput("--version and --bump cannot be used together")
    if path is not None and following.origin is not None:
        raise InvalidInput("give either PATH or --from V", Hint("commit", "-h"))
    if following.push is not None and not following.again:
        raise InvalidInput("--push requires --propose --again", Hint("push"))
    if model is None and following.origin is not None and not following.again:
        raise InvalidInput("--from requires a model", Hint("commit", "MODEL", "--from", following.origin))
    if model is not None and path is not None:
        check_order("commit", model, path)


def _version(handle: Handle, model: str, origin: str | None) -> ModelVersion:
    assert origin is not None, "one of PATH and --from is given"
    return get_version(handle, Reference.select(model, origin))


def _request(
    handle: Handle,
    model: str,
    source: Path | ModelVersion,
    following: NextVersion,
    options: VersionOptions,
    recorded: Sequence[str] = (),
) -> VersionRequest:
    """The request for a version; `recorded` are the patterns to exclude unless others were given."""
    parent = following.parent
    return VersionRequest(
        model=model,
        source=source,
        new_model=False,
        version=following.version,
        bump=following.bump,
        parent=parent.removeprefix(f"{model}@") if parent is not None else None,
        inherit=not following.no_inherit,
        metadata=options.metadata(handle),
        metrics=options.measured(handle),
        description=following.description,
        message=options.message,
        lineage=options.lineage(handle),
        serving=options.serving(),
        flow=options.flow,
        exclude=options.exclude or tuple(recorded),
        strict=options.strict,
    )


def _commit_recorded(
    handle: Handle,
    model: str | None,
    following: NextVersion,
    options: VersionOptions,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Commits the files at the recorded path of a model, or of every modified one."""
    from regolo_git.registry.versions.recorded_source import (  # noqa: PLC0415 - a typed PATH needs less
        modified_sources,
        recorded_source,
    )

    if model is None:
        with ProgressBar("comparing") as bar:
            sources = modified_sources(handle, bar.show)
    else:
        sources = [recorded_source(handle, model)]
    if len(sources) > 1:
        _refuse_for_several(following, options, [source.model for source in sources])
    first = sources[0]
    request = _request(handle, first.model, first.path, following, options, first.exclude)
    requests = [
        replace(request, model=model, source=path, exclude=options.exclude or exclude)
        for model, path, exclude in sources
    ]
    create_all(handle, requests, yes=yes, as_json=as_json, as_list=model is None)


def _refuse_for_several(following: NextVersion, options: VersionOptions, models: Sequence[str]) -> None:
    """Raises InvalidInput for an option that says something of one version only."""
    option = next((name for name, value in _said(following, options).items() if value), None)
    if option is not None:
        named = few_of([f"'{model}'" for model in models[:MODELS_NAMED]], len(models))
        raise InvalidInput(
            f"{option} is for one model, and several are modified: {named}", Hint("commit", "MODEL")
        )


def _refuse_beside_again(path: Path | None, following: NextVersion, options: VersionOptions) -> None:
    """Raises InvalidInput without --propose, and for what would make the proposal another one."""
    if not options.propose:
        raise InvalidInput("--again requires --propose", Hint("commit", "MODEL", "--propose", "--again"))
    given = {
        "PATH": path,
        "--bump": following.bump,
        "--no-inherit": following.no_inherit,
        "--strict": options.strict,
        "--direct": options.direct,
        "--code": options.code,
        **_said(following, options),
    }
    option = next((name for name, value in given.items() if value), None)
    if option is not None:
        raise InvalidInput(
            f"--again proposes the same version, and cannot be used together with {option}",
            Hint("commit", "MODEL", "PATH", "--propose"),
        )


def _said(following: NextVersion, options: VersionOptions) -> dict[str, object]:
    """The options that say something of one version only."""
    return {
        "--version": following.version,
        "--parent": following.parent,
        "--description": following.description,
        "--metric": options.metrics,
        "--metrics": options.metrics_file,
        "--meta": options.meta,
        "--metadata": options.metadata_file,
        "--data": options.data,
        "--param": options.parameters,
        "--params": options.parameters_file,
        "--base": options.base,
        "--serving": options.serving_file,
        "--exclude": options.exclude,
    }
