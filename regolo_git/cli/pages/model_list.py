"""The output of `list`: the models of a registry."""

from collections.abc import Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.forms import Json
from regolo_git.cli.tables import Cell, put_table
from regolo_git.registry.models import ModelSummary
from regolo_git.text.times import local_time

COLUMNS = (
    Column("MODEL"),
    Column("VERSIONS", right=True),
    Column("LATEST"),
    Column("UPDATED", spare=1),
    Column("IN", flexible=True),
)


def document(model: ModelSummary) -> Json:
    """A model as a JSON document."""
    return {
        "model": model.name,
        "versions": model.versions,
        "latest": model.latest,
        "merged": model.merged,
        "updated_at": model.updated_at,
        "environments": dict(model.environments),
    }


def fields(model: ModelSummary) -> tuple[object, ...]:
    """A model as tab-separated fields."""
    return (model.name, model.versions, model.latest, model.updated_at, *_environments(model))


def put_models(models: Sequence[ModelSummary]) -> None:
    """Prints a table of models."""
    rows = [
        (
            Cell(model.name, "bold"),
            str(model.versions),
            model.latest if model.merged else Cell(f"{model.latest}, not merged", "yellow"),
            local_time(model.updated_at),
            Cell(" ".join(_environments(model)), "green"),
        )
        for model in models
    ]
    put_table(COLUMNS, rows)


def _environments(model: ModelSummary) -> list[str]:
    return [f"{environment}={version}" for environment, version in model.environments.items()]
