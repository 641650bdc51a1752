"""What the commands of environments and endpoints share: their arguments and how they show a split."""

from collections.abc import Callable
from math import isnan, nan

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.output import Json
from regolo_git.cli.parameters import look
from regolo_git.errors import InvalidInput
from regolo_git.records.endpoint import Endpoint
from regolo_git.records.names import check_endpoint_name
from regolo_git.registry.endpoints.endpoints import get_endpoint, list_endpoints
from regolo_git.registry.handle import Handle

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def to_endpoint(ctx: click.Context, param: click.Parameter, value: str) -> str:  # noqa: ARG001
    """An endpoint's name.  Raises InvalidInput for one that no endpoint can have."""
    return check_endpoint_name(value)


def complete_endpoints(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """The endpoints there are."""
    names = look(ctx, lambda handle: [endpoint.endpoint for endpoint in list_endpoints(handle)])
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_endpoint_versions(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The versions of the model that the endpoint named before serves; with `=` where a weight follows."""
    name = ctx.params.get("endpoint") or next(iter(ctx.args), None)
    if not isinstance(name, str):
        return []
    end = "" if param.name == "version" else "="
    names = look(ctx, lambda handle: _versions_for(handle, name))
    return [CompletionItem(f"{version}{end}") for version in names if version.startswith(incomplete)]


def _versions_for(handle: Handle, name: str) -> list[str]:
    return [row.version for row in reversed(handle.index.rows(get_endpoint(handle, name).model))]


def endpoint_argument() -> Decorator:
    """The argument ENDPOINT."""
    return click.argument("endpoint", callback=to_endpoint, shell_complete=complete_endpoints)


def message_option(function: Callable[..., None]) -> Callable[..., None]:
    """`-m TEXT`."""
    return click.option("-m", "--message", metavar="TEXT", help="The message of the commit: why.")(function)


def read_weights(pairs: tuple[str, ...]) -> dict[str, float]:
    """The weights of `1.0=90 1.1=10`.  Raises InvalidInput."""
    weights: dict[str, float] = {}
    for pair in pairs:
        version, equals, text = pair.partition("=")
        try:
            weight = float(text.removesuffix("%"))
        except ValueError:
            weight = nan
        if not version or not equals or isnan(weight) or version in weights:
            hint = "write the split as 1.0=90 1.1=10"
            raise InvalidInput(f"'{pair}' is not a version and its weight", hint)
        weights[version] = weight
    return weights


def read_counts(pairs: tuple[str, ...]) -> dict[str, int]:
    """The replicas of `1.0=9`.  Raises InvalidInput."""
    counts = {}
    for pair in pairs:
        version, equals, text = pair.partition("=")
        if not equals or not text.isdecimal():
            raise InvalidInput(f"'{pair}' is not a version and its replicas", "write them as 1.0=9")
        counts[version] = int(text)
    return counts


def endpoint_document(endpoint: Endpoint) -> dict[str, Json]:
    """An endpoint as JSON holds it."""
    return {
        "endpoint": endpoint.endpoint,
        "model": endpoint.model,
        "environment": endpoint.environment,
        "engine": endpoint.engine,
        "versions": {
            version: {
                "weight": endpoint.traffic[version],
                "replicas": pin.replicas,
                "commit": pin.commit,
                "digest": str(pin.digest),
            }
            for version, pin in endpoint.versions.items()
        },
        "routing": dict(endpoint.routing.to_table()),
    }
