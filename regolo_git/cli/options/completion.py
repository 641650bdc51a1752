"""Completions of names inside versions: metrics, metadata, parameters and labels of the model given before.

They are those of the newest versions, because reading all would take longer than anybody waits for a key.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.options.arguments import query
from regolo_git.records.references import Reference
from regolo_git.records.revision_syntax import AtRevision
from regolo_git.registry.handle import Handle

if TYPE_CHECKING:
    from regolo_git.records.manifest import Manifest

VERSIONS_READ = 3
Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def model_before(ctx: click.Context) -> str | None:
    """The model in the words before the one that is completed."""
    given = [ctx.params.get(name) for name in ("model", "reference", "range_or_model")]
    for value in (*given, *ctx.args):
        if isinstance(value, Reference | AtRevision):
            return value.model
        if isinstance(value, str) and value and not value.startswith("-"):
            return value.rpartition(":")[2].partition("@")[0]
    return None


def complete_metrics(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the names of metrics."""
    return _starting(_of_model(ctx, _metrics), incomplete)


def complete_labels(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes the names of labels, and `NAME=VALUE` as versions have them."""
    labels = _of_model(ctx, _labels)
    names = sorted({label.partition("=")[0] for label in labels})
    return _starting([*(f"{name}=" for name in names), *labels], incomplete)


def assigned(names: Callable[[Handle, str], Iterable[str]]) -> Complete:
    """A completion of `NAME=`, for what follows the model that it is of."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _starting((f"{name}=" for name in _of_model(ctx, names)), incomplete)

    return complete


def _metrics(handle: Handle, model: str) -> Iterable[str]:
    from regolo_git.registry.lookup import list_versions  # noqa: PLC0415 - only a shell asks

    found: set[str] = set()
    for version in list_versions(handle, model, VERSIONS_READ):
        found.update(version.measured)
    return sorted(found)


def _metadata(handle: Handle, model: str) -> Iterable[str]:
    manifest = _newest_manifest(handle, model)
    return sorted(name for name, value in manifest.plain_metadata.items() if not isinstance(value, Mapping))


def _parameters(handle: Handle, model: str) -> Iterable[str]:
    lineage = _newest_manifest(handle, model).lineage
    return sorted(lineage.parameters) if lineage is not None else ()


def _labels(handle: Handle, model: str) -> list[str]:
    entries = handle.records().labels(model).entries
    return sorted({f"{entry.name}={entry.value}" for entry in entries})


def _newest_manifest(handle: Handle, model: str) -> "Manifest":
    from regolo_git.registry.lookup import list_versions  # noqa: PLC0415 - only a shell asks

    return list_versions(handle, model, 1)[0].manifest


complete_metric_values = assigned(_metrics)
complete_metadata = assigned(_metadata)
complete_parameters = assigned(_parameters)


def _of_model(ctx: click.Context, names: Callable[[Handle, str], Iterable[str]]) -> list[str]:
    model = model_before(ctx)
    return query(ctx, lambda handle: list(names(handle, model))) if model is not None else []


def _starting(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
