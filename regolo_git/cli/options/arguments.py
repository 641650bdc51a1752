"""Arguments that name models and versions, with completion from the registry."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.context import open_handle
from regolo_git.cli.options.one_value import Decorator, Function
from regolo_git.errors import RegoloError
from regolo_git.records.names import check_model_name
from regolo_git.records.references import Reference, version_reference
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import read_statuses


def to_model(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Parses a model's name.  Raises InvalidInput for an invalid one."""
    return check_model_name(value) if value is not None else None


def to_reference(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Reference | None:
    """Parses a reference.  Raises InvalidInput with the expected form."""
    return Reference.parse(value) if value is not None else None


def to_references(
    _ctx: click.Context,
    _param: click.Parameter,
    values: Sequence[str],
) -> tuple[Reference, ...]:
    """Parses references.  Raises InvalidInput with the expected form."""
    return tuple(Reference.parse(value) for value in values)


def complete_models(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes model names."""
    return _items(query(ctx, _model_names), incomplete)


def complete_references(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes model names, with the `@` that a version follows, and then versions, newest first."""
    model, at, _ = incomplete.partition("@")
    if not at:
        return [CompletionItem(f"{item.value}@") for item in complete_models(ctx, param, incomplete)]
    selectors = query(ctx, lambda handle: _selectors(handle, model))
    return _items((version_reference(model, selector) for selector in selectors), incomplete)


def complete_environments(
    ctx: click.Context,
    _param: click.Parameter,
    incomplete: str,
) -> list[CompletionItem]:
    """Completes the configured environments and those with promotions."""
    return _items(query(ctx, _environment_names), incomplete)


def complete_versions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the versions of the model given before."""
    # While an option's value is missing, click has not assigned the arguments to parameters yet.
    model = ctx.params.get("model") or next(iter(ctx.args), None)
    if not isinstance(model, str):
        return []
    return _items(query(ctx, lambda handle: _versions(handle, model)), incomplete)


def complete_selectors(ctx: click.Context, model: str, incomplete: str) -> list[CompletionItem]:
    """Completes the versions and environments of a model."""
    return _items(query(ctx, lambda handle: _selectors(handle, model)), incomplete)


def model_argument(*, required: bool = True) -> Decorator:
    """Declares the argument MODEL."""
    return click.argument("model", required=required, callback=to_model, shell_complete=complete_models)


def references_argument(function: Function) -> Function:
    """Declares an argument of any number of references."""
    return click.argument(
        "references",
        metavar="[MODEL@V]...",
        nargs=-1,
        callback=to_references,
        shell_complete=complete_references,
    )(function)


def reference_argument(metavar: str, *, required: bool = True) -> Decorator:
    """Declares an argument that is a reference."""
    return click.argument(
        "reference",
        metavar=metavar,
        required=required,
        callback=to_reference,
        shell_complete=complete_references,
    )


def query(ctx: click.Context, find: Callable[[Handle], list[str]]) -> list[str]:
    """Queries the registry for completions; on an error there are none, because the user is still typing."""
    try:
        # Completion does not apply `-C`.
        start = Path.cwd().joinpath(*ctx.find_root().params.get("directories") or ())
        with open_handle(start, quiet=True) as handle:
            return find(handle)
    except (RegoloError, OSError):
        return []


def _model_names(handle: Handle) -> list[str]:
    return sorted(handle.index.model_names())


def _versions(handle: Handle, model: str) -> list[str]:
    return [row.version for row in reversed(handle.index.rows(model))]


def _selectors(handle: Handle, model: str) -> list[str]:
    promoted_to = read_statuses(handle).promotions.get(model, {})
    return [*_versions(handle, model), "latest", *sorted(promoted_to)]


def _environment_names(handle: Handle) -> list[str]:
    configured = handle.config().environment_order()
    promoted_to = {name for promoted in read_statuses(handle).promotions.values() for name in promoted}
    return [*configured, *sorted(promoted_to.difference(configured))]


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
