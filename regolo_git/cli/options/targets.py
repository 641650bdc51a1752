"""Arguments that name a version, a model at a commit or in the work tree, or a range of either."""

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.options.arguments import complete_models, complete_references, complete_selectors
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import OneVersion, Target, parse_one, parse_target
from regolo_git.registry.handle import Handle
from regolo_git.text.printable import printable


def find_target(handle: Handle, text: str) -> Target:
    """Parses what a user named.  Raises InvalidInput; for a commit alone, with what names a model of it."""
    try:
        found = parse_target(text, lambda model: _is_model(handle, model))
    except InvalidInput as error:
        raise _commit_alone(handle, text) or error from None
    if isinstance(found, Reference) and found.is_bare and not _is_model(handle, found.model):
        commit = _commit_alone(handle, text)
        if commit is not None:
            raise commit
    return found


def to_one(_ctx: click.Context, _param: click.Parameter, value: str | None) -> OneVersion | None:
    """Parses what stands for one version.  Raises InvalidInput."""
    return parse_one(value) if value is not None else None


def _is_model(handle: Handle, model: str) -> bool:
    return bool(handle.index.newest(model, 1))


def _commit_alone(handle: Handle, text: str) -> InvalidInput | None:
    """The error for a text that names a commit; None if it does not."""
    if ":" in text or ".." in text:
        return None
    from regolo_git.registry.missing_revision import find_commit  # noqa: PLC0415 - imports the Git library

    try:
        find_commit(handle.git, text)
    except (NotFound, InvalidInput):
        return None
    shown = printable(text)
    return InvalidInput(
        f"'{shown}' is a commit, and a model is required",
        f"use {shown}:MODEL, or A..B for every model that differs between two commits",
    )


def complete_one(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes models, alone and with an `@`, their versions, and the model of `REV:MODEL`."""
    revision, colon, model = incomplete.rpartition(":")
    if not colon:
        alone = complete_models(ctx, param, incomplete)
        return [*alone, *complete_references(ctx, param, incomplete)]
    found = complete_models(ctx, param, model)
    return [CompletionItem(f"{revision}:{item.value}") for item in found]


def complete_model(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes models, their versions after an `@`, and the model of `REV:MODEL`."""
    if "@" in incomplete or ":" in incomplete:
        return complete_one(ctx, param, incomplete)
    return complete_models(ctx, param, incomplete)


def complete_sides(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes one side of a comparison: after the first one, versions of its model."""
    given = ctx.params.get("sides") or ()
    model = given[0].rpartition(":")[2].partition("@")[0] if given else ""
    if not model or "@" in incomplete or ":" in incomplete:
        return complete_one(ctx, param, incomplete)
    return complete_selectors(ctx, model, incomplete)
