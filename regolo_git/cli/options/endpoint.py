"""Arguments of endpoint commands: ENDPOINT, its versions, and the weights and replicas of a split."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import isnan, nan

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.options.arguments import query
from regolo_git.cli.options.one_value import Decorator
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.hints import Hint
from regolo_git.records.names import check_endpoint_name
from regolo_git.registry.endpoints.get import get_endpoint, list_endpoints
from regolo_git.registry.handle import Handle
from regolo_git.registry.version_status import RETIRED, read_statuses
from regolo_git.text.sizes import parse_size


def to_endpoint(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Parses an endpoint's name.  Raises InvalidInput for an invalid one."""
    return check_endpoint_name(value)


def to_size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Parses a size such as `64MB`.  Raises InvalidInput for an invalid one."""
    size = parse_size(value) if value is not None else None
    if value is not None and size is None:
        raise InvalidInput(f"'{value}' is not a size", "give bytes, or a size such as 64MB or 16MiB")
    return size


def complete_endpoints(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes endpoint names."""
    names = query(ctx, lambda handle: [endpoint.endpoint for endpoint in list_endpoints(handle)])
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_endpoint_versions(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes the versions of the endpoint's model, with `=` if a number follows."""
    name = ctx.params.get("endpoint") or next(iter(ctx.args), None)
    if not isinstance(name, str):
        return []
    end = "" if param.name == "version" else "="
    names = query(ctx, lambda handle: _versions_for(handle, name))
    return [CompletionItem(f"{version}{end}") for version in names if version.startswith(incomplete)]


def _versions_for(handle: Handle, name: str) -> list[str]:
    model, statuses = get_endpoint(handle, name).model, read_statuses(handle)
    rows = reversed(handle.index.rows(model))
    return [row.version for row in rows if statuses.of(model, row.identity) != RETIRED]


@contextmanager
def for_a_model(handle: Handle, name: str, hint: Hint) -> Iterator[None]:
    """Gives the error for an endpoint that is not there another hint, where the name is one of a model."""
    try:
        yield
    except NotFound as error:
        if name not in handle.records().models():
            raise
        raise NotFound(error.message, hint) from error


def endpoint_argument() -> Decorator:
    """Declares the argument ENDPOINT."""
    return click.argument("endpoint", callback=to_endpoint, shell_complete=complete_endpoints)


def read_weights(pairs: tuple[str, ...], hint: str = "give the split as 1.0=90 1.1=10") -> dict[str, float]:
    """Parses the weights of `1.0=90 1.1=10`.  Raises InvalidInput."""
    weights: dict[str, float] = {}
    for pair in pairs:
        version, equals, text = pair.partition("=")
        try:
            weight = float(text.removesuffix("%"))
        except ValueError:
            weight = nan
        if not version or not equals or isnan(weight) or version in weights:
            raise InvalidInput(f"'{pair}' is not VERSION=WEIGHT", hint)
        weights[version] = weight
    return weights


def read_counts(pairs: tuple[str, ...]) -> dict[str, int]:
    """Parses the replicas of `1.0=9`.  Raises InvalidInput."""
    counts: dict[str, int] = {}
    for pair in pairs:
        version, equals, text = pair.partition("=")
        if not version or not equals or not text.isdecimal() or version in counts:
            raise InvalidInput(f"'{pair}' is not VERSION=REPLICAS", "give the replicas as 1.0=9")
        counts[version] = int(text)
    return counts
