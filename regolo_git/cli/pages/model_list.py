"""The output of `list`: the models of a registry."""

from collections.abc import Sequence

from regolo_git.cli.columns import Column
from regolo_git.cli.dates import shown_time
from regolo_git.cli.forms import Json
from regolo_git.cli.pages.clashes import clashes_document
from regolo_git.cli.tables import Cell, put_table
from regolo_git.registry.clashes import Clash
from regolo_git.registry.endpoints.deployed import Deployed
from regolo_git.registry.models import ModelSummary
from regolo_git.text.numbers import shares_text
from regolo_git.text.printable import one_line

COLUMNS = (
    Column("MODEL"),
    Column("VERSIONS", right=True),
    Column("LATEST"),
    Column("UPDATED", spare=1),
    Column("IN", flexible=True),
    Column("ENDPOINTS", flexible=True),
    Column("DESCRIPTION", flexible=True, spare=2),
    Column("OWNER", flexible=True, spare=3),
)


def document(model: ModelSummary, clashes: Sequence[Clash]) -> Json:
    """A model as a JSON document, with what another clone has under numbers of its versions."""
    return {
        **model.to_dict(),
        "clashes": clashes_document([clash for clash in clashes if clash.model == model.name]),
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
            shown_time(model.updated_at),
            Cell(" ".join(_environments(model)), "green"),
            Cell(", ".join(map(_endpoint, model.endpoints)), _colour(model)),
            Cell(one_line(model.description or ""), "dim"),
            one_line(model.owner or ""),
        )
        for model in models
    ]
    put_table(COLUMNS, rows, wrap=True)


def _environments(model: ModelSummary) -> list[str]:
    return [f"{environment}={version}" for environment, version in model.environments.items()]


def _endpoint(found: Deployed) -> str:
    traffic = f"{found.name} {shares_text(found.traffic)}"
    return traffic if found.agrees else f"{traffic} ({found.state})"


def _colour(model: ModelSummary) -> str:
    return "green" if all(found.agrees for found in model.endpoints) else "yellow"
