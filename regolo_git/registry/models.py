"""Models, each with its newest version and its card."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from regolo_git.git.tag_index import TagRow
from regolo_git.registry.card_cache import CardText, read_card_texts
from regolo_git.registry.endpoints.deployed import Deployed
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import list_versions
from regolo_git.registry.merge_state import read_merge_state
from regolo_git.registry.version_status import read_statuses
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.text.json_values import Plain, plain
from regolo_git.text.numbers import counted

if TYPE_CHECKING:
    from regolo_git.records.model_card import MetricRule, ModelCard


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """One line of `git regolo list`: `latest` is the highest release, else the highest version.

    Only merged versions count, unless there are none; then `merged` is False.  `environments` has the version
    in each environment, `endpoints` the traffic of each endpoint; `description` and `owner` are in its card.
    """

    name: str
    versions: int
    latest: str
    updated_at: datetime
    environments: Mapping[str, str]
    merged: bool = True
    endpoints: tuple[Deployed, ...] = ()
    description: str | None = None
    owner: str | None = None

    def to_dict(self) -> Plain:
        """The line as plain values, under the names of `git regolo list --json`."""
        return {
            "model": self.name,
            "versions": self.versions,
            "latest": self.latest,
            "merged": self.merged,
            "updated_at": plain(self.updated_at),
            "environments": dict(self.environments),
            "endpoints": [found.to_dict() for found in self.endpoints],
            "description": self.description,
            "owner": self.owner,
        }


@dataclass(frozen=True, repr=False)
class Model:
    """A model with its card and its versions, lowest first."""

    name: str
    card: "ModelCard"
    versions: tuple[ModelVersion, ...]

    def __repr__(self) -> str:
        return f"<Model {self.name}: {counted(len(self.versions), 'version')}, latest {self.latest.version}>"

    def _repr_html_(self) -> str:
        from regolo_git.registry.versions.version_html import model_html  # noqa: PLC0415 - in a notebook

        return model_html(self)

    def to_dict(self) -> Plain:
        """The card and all versions as plain values."""
        return {
            "model": self.name,
            **self.card.to_dict(),
            "latest": self.latest.version,
            "versions": [version.to_dict() for version in self.versions],
        }

    @property
    def latest(self) -> ModelVersion:
        """The highest merged version; without one, the highest version."""
        return next((v for v in reversed(self.versions) if v.merged), self.versions[-1])

    @property
    def description(self) -> str | None:
        """The description in the card."""
        return self.card.description

    @property
    def metric_rules(self) -> "Mapping[str, MetricRule]":
        """Direction, tolerance and unit of each metric that the card names."""
        return self.card.metrics


def summarize_models(handle: Handle) -> list[ModelSummary]:
    """Every model that has a version, sorted by name."""
    statuses = read_statuses(handle)
    unmerged = read_merge_state(handle, statuses).unmerged
    latest = {model: _latest_merged(handle, model, rows) for model, rows in unmerged.items()}
    described = read_card_texts(handle, statuses.tip) if statuses.tip is not None else {}
    return [
        ModelSummary(
            name=summary.model,
            versions=summary.count,
            latest=latest.get(summary.model) or summary.latest,
            updated_at=summary.updated_at,
            environments=_environments(statuses.promotions.get(summary.model, {})),
            merged=latest.get(summary.model, summary.latest) is not None,
            endpoints=statuses.deployed.get(summary.model, ()),
            **described.get(summary.model, CardText())._asdict(),
        )
        for summary in handle.index.models()
    ]


def _latest_merged(handle: Handle, model: str, unmerged: list[TagRow]) -> str | None:
    """The highest merged release, else the highest merged version; None if nothing is merged."""
    row = handle.index.highest_beside(model, [row.tag_oid for row in unmerged])
    return row.version if row is not None else None


def _environments(promoted: Mapping[str, str]) -> Mapping[str, str]:
    return dict(sorted(promoted.items()))


def read_model(handle: Handle, name: str) -> Model:
    """A model by its name, with all its versions.

    Raises NotFound, IntegrityError if its card cannot be read.
    """
    versions = tuple(list_versions(handle, name))
    return Model(name, handle.records().card_or_default(name), versions)


def proposed_model(handle: Handle, version: ModelVersion) -> Model:
    """A model whose first version is a proposal, with the card in the version's own commit."""
    card = handle.records_at(version.commit).card_or_default(version.model_id)
    return Model(version.model_id, card, (version,))
