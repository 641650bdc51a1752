"""The parser of each kind of record, imported when one of that kind is read.

`list` reads none of them while its caches are current, and importing them all takes longer than the rest of
its work.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regolo_git.records.config import RegistryConfig
    from regolo_git.records.endpoint import Endpoint
    from regolo_git.records.environment import Promotion
    from regolo_git.records.evaluations import Evaluations
    from regolo_git.records.labels import Labels
    from regolo_git.records.manifest import Manifest
    from regolo_git.records.model_card import ModelCard
    from regolo_git.records.retired import RetiredList

# ruff: noqa: PLC0415 - see above

# Cached, because one command often reads these from several branches and commits, mostly unchanged.
KEPT = 8


def parse_config(data: bytes, path: str) -> "RegistryConfig":  # noqa: ARG001 - as all parsers
    """Parses `.regolo/config.toml`.  Raises IntegrityError."""
    return _config(data)


def parse_card(data: bytes, path: str) -> "ModelCard":  # noqa: ARG001 - as all parsers
    """Parses a model card.  Raises IntegrityError."""
    return _card(data)


def parse_retired_list(data: bytes, path: str) -> "RetiredList":  # noqa: ARG001 - as all parsers
    """Parses a list of retired versions.  Raises IntegrityError."""
    return _retired_list(data)


def parse_evaluations(data: bytes, path: str) -> "Evaluations":  # noqa: ARG001 - as all parsers
    """Parses the evaluations of a model.  Raises IntegrityError."""
    return _evaluations(data)


def parse_labels(data: bytes, path: str) -> "Labels":  # noqa: ARG001 - as all parsers
    """Parses the labels of a model's versions.  Raises IntegrityError."""
    return _labels(data)


def parse_manifest(data: bytes, path: str) -> "Manifest":  # noqa: ARG001 - as all parsers
    """Parses a manifest.  Raises IntegrityError."""
    from regolo_git.records.manifest import Manifest

    return Manifest.parse(data)


def parse_promotion(data: bytes, path: str) -> "Promotion":
    """Parses a promotion, whose environment and model are in its path.  Raises IntegrityError."""
    from regolo_git.records.environment import Promotion

    return Promotion.parse(data, path)


def parse_endpoint(data: bytes, path: str) -> "Endpoint":
    """Parses an endpoint, whose name is its path.  Raises IntegrityError."""
    from regolo_git.records.endpoint import Endpoint

    return Endpoint.parse(data, path)


@lru_cache(maxsize=KEPT)
def _config(data: bytes) -> "RegistryConfig":
    from regolo_git.records.config import RegistryConfig

    return RegistryConfig.parse(data)


@lru_cache(maxsize=KEPT)
def _card(data: bytes) -> "ModelCard":
    from regolo_git.records.model_card import ModelCard

    return ModelCard.parse(data)


@lru_cache(maxsize=KEPT)
def _evaluations(data: bytes) -> "Evaluations":
    from regolo_git.records.evaluations import Evaluations

    return Evaluations.parse(data)


@lru_cache(maxsize=KEPT)
def _labels(data: bytes) -> "Labels":
    from regolo_git.records.labels import Labels

    return Labels.parse(data)


@lru_cache(maxsize=KEPT)
def _retired_list(data: bytes) -> "RetiredList":
    from regolo_git.records.retired import RetiredList

    return RetiredList.parse(data)
