"""Arguments that name models and versions, with completion of what the registry has."""

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from regolo_git.cli.opening import open_repository
from regolo_git.errors import RegoloError
from regolo_git.records.names import check_model_name
from regolo_git.records.references import Reference
from regolo_git.repository.repository import Repository


class ModelName(click.ParamType):
    """A model's name."""

    name = "model"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Raises InvalidInput for a name that no model can have."""
        return check_model_name(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str  # noqa: ARG002
    ) -> list[CompletionItem]:
        """The models there are."""
        return _items(_look(_model_names), incomplete)


class ReferenceName(click.ParamType):
    """`MODEL@VERSION`, `MODEL@latest`, `MODEL@ENVIRONMENT` or `MODEL`."""

    name = "reference"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Reference:  # noqa: ARG002
        """Raises InvalidInput, saying what a reference looks like."""
        return value if isinstance(value, Reference) else Reference.parse(str(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str  # noqa: ARG002
    ) -> list[CompletionItem]:
        """Models, and after the `@` their versions, newest first."""
        model, at, _ = incomplete.partition("@")
        if not at:
            return _items(_look(_model_names), incomplete)
        return _items((f"{model}@{name}" for name in _look(lambda r: _selectors(r, model))), incomplete)


def model_versions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001
    """Completion of an option that takes a version of the model named before it."""
    model = ctx.params.get("model")
    if not isinstance(model, str):
        return []
    return _items(_look(lambda repository: _versions(repository, model)), incomplete)


def _look(find: Callable[[Repository], list[str]]) -> list[str]:
    """What the registry has; nothing, rather than an error in the middle of somebody's typing."""
    try:
        with open_repository() as repository:
            return find(repository)
    except (RegoloError, OSError):
        return []


def _model_names(repository: Repository) -> list[str]:
    return sorted(repository.index.model_names())


def _versions(repository: Repository, model: str) -> list[str]:
    return [row.version for row in reversed(repository.index.rows(model))]


def _selectors(repository: Repository, model: str) -> list[str]:
    return [*_versions(repository, model), "latest"]


def _items(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


MODEL = ModelName()
REFERENCE = ReferenceName()
