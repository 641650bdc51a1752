"""Two versions of a registry side by side."""

import pytest
from support.registry_fixtures import Weights

from regolo_git.api import Registry


@pytest.fixture
def two_versions(registry: Registry, weights: Weights) -> Registry:
    """Versions 1.0 and 1.1 of `m`."""
    registry.register_model("m", weights(fill=1), metadata={"accuracy": 0.89})
    registry.create_model_version("m", model_data=weights(fill=2), metadata={"accuracy": 0.92})
    return registry


def test_a_comparison_has_what_changed(two_versions: Registry) -> None:
    comparison = two_versions.compare_model_versions("m", "1.0", "1.1")
    assert comparison.metrics["accuracy"]["diff"] == 0.03
    assert comparison.tensors is not None
    assert [c.name for c in comparison.tensors.changes] == ["layer.weight"]
    assert comparison.suggested_bump == "minor"
    assert "▲ better" in comparison.to_markdown()
    assert "<table>" in comparison.to_html()
