"""A registry in a real Git repository, and small real models to put into it."""

import pytest
from support.registry_fixtures import Weights, registry, weights
from support.team import publisher, team

from regolo_git.api import Registry

__all__ = ["publisher", "registered", "registry", "team", "two_versions", "weights"]


@pytest.fixture
def two_versions(registry: Registry, weights: Weights) -> Registry:
    """Versions 1.0 and 1.1 of `m`, made from a file in the work tree."""
    registry.register_model("m", weights(fill=1), metadata={"accuracy": 0.89})
    registry.create_model_version("m", model_data=weights(fill=2), metadata={"accuracy": 0.92})
    return registry


@pytest.fixture
def registered(registry: Registry) -> Registry:
    """Versions 1.0 and 1.1 of `m`, made from bytes."""
    registry.register_model("m", b"one")
    registry.create_model_version("m", model_data=b"two")
    return registry
