"""Two versions of a registry side by side."""

import shutil
from pathlib import Path

import pytest
from support.copies import Once
from support.registry_fixtures import Weights

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound
from regolo_git.records.references import Reference
from regolo_git.reviews.versions import compare_versions

ONE, TWO = Reference.parse("m@1.0"), Reference.parse("m@1.1")


@pytest.fixture
def two(registry: Registry, weights: Weights, once: Once) -> Registry:

    def build() -> None:
        registry.register_model("m", weights(), metadata={"score": 1, "note": "x"})
        registry.create_model_version("m", model_data=weights(fill=2.0), metadata={"score": 2, "note": "y"})

    once(build)
    return registry


def test_metrics_metadata_and_tensors_are_compared(two: Registry) -> None:
    compared = compare_versions(two.handle, ONE, TWO)
    assert (compared.version_a, compared.version_b) == ("1.0", "1.1")
    assert compared.metrics["score"]["verdict"] == "higher"
    assert [change.key for change in compared.metadata] == ["note"]
    assert compared.tensors is not None
    assert [change.kind for change in compared.tensors.changes] == ["changed"]


def test_without_the_recipes_the_manifests_are_compared(two: Registry) -> None:
    shutil.rmtree(Path(two.handle.store.url, "recipes"))
    compared = compare_versions(two.handle, ONE, TWO)
    assert (compared.tensors, compared.suggested_bump) == (None, "minor")
    assert compared.metrics["score"]["diff"] == 1


def test_versions_of_two_models_are_not_compared(two: Registry) -> None:
    with pytest.raises(InvalidInput, match="different models"):
        compare_versions(two.handle, ONE, Reference.parse("n@1.0"))


def test_a_version_that_is_not_there_is_not_found(two: Registry) -> None:
    with pytest.raises(NotFound):
        compare_versions(two.handle, ONE, Reference.parse("m@9.0"))


def test_a_comparison_of_the_api_has_its_pages(two: Registry) -> None:
    comparison = two.compare_model_versions("m", "1.0", "1.1")
    assert comparison.metrics["score"]["diff"] == 1
    assert comparison.tensors is not None
    assert [change.name for change in comparison.tensors.changes] == ["layer.weight"]
    assert "higher (better?)" in comparison.to_markdown()
    assert "<table>" in comparison.to_html()
