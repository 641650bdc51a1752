"""What a new version takes over from its parent."""

import warnings
from dataclasses import replace

import pytest
from support.model_versions import manifest

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput
from regolo_git.records.manifest import Lineage
from regolo_git.records.measurement import Measurement
from regolo_git.records.metadata import MetadataValue, with_values
from regolo_git.registry.versions.carried import Described, Given, described
from regolo_git.registry.versions.measured import divided

PARENT = manifest(
    description="reviews in English",
    metadata={
        "license": "apache-2.0",
        "approved": True,
        "accuracy": 0.9,
        "curve": [0.1, 0.2],
        "tags": ["nlp", "en"],
        "training": {"epochs": 3, "optimizer": "adam"},
        "eval": {"f1": 0.8},
        "runs": [{"seed": 1}],
    },
    lineage=Lineage(data={"reviews": "sha256:ab"}),
)
NOTHING = Given({}, None, None, None)


def numbers(got: Described) -> dict[str, int | float]:
    return {name: measurement.value for name, measurement in got.metrics.items()}


def test_other_bytes_take_over_what_is_not_a_measurement() -> None:
    got = described(NOTHING, PARENT, same_bytes=False, ruled=())
    assert got.metadata == {
        "approved": True,
        "license": "apache-2.0",
        "tags": ["nlp", "en"],
        "training": {"optimizer": "adam"},
    }
    assert (got.description, got.lineage) == ("reviews in English", None)
    assert got.carried == ("description", "license", "approved", "tags", "training")
    assert got.left == ("accuracy", "eval.f1", "training.epochs")


def test_the_same_bytes_take_over_everything() -> None:
    got = described(NOTHING, PARENT, same_bytes=True, ruled=())
    assert numbers(got) == {"accuracy": 0.9, "eval.f1": 0.8, "training.epochs": 3}
    assert with_values(got.metadata, numbers(got)) == PARENT.metadata
    assert (got.lineage, got.left) == (PARENT.lineage, ())
    assert got.carried[-4:] == ("accuracy", "training.epochs", "eval.f1", "lineage")


def test_metrics_of_the_same_bytes_are_replaced_by_a_new_measurement() -> None:
    got = described(Given({"f1": 0.7}, None, None, None), PARENT, same_bytes=True, ruled=())
    assert numbers(got) == {"f1": 0.7}
    assert (got.metadata["license"], got.lineage) == ("apache-2.0", PARENT.lineage)
    assert got.left == ()


def test_what_is_given_replaces_what_is_taken_over() -> None:
    given = Given({"license": "mit", "training": {"epochs": 5}}, None, "new", Lineage(code="a" * 40))
    got = described(given, PARENT, same_bytes=False, ruled=())
    assert got.metadata["license"] == "mit"
    assert "training" not in got.metadata
    assert numbers(got) == {"training.epochs": 5}
    assert (got.description, got.lineage) == ("new", given.lineage)
    assert got.carried == ("approved", "tags")
    assert got.left == ("accuracy", "eval.f1")


def test_a_first_version_has_what_it_is_given() -> None:
    got = described(Given({"a": 1}, None, "x", None), None, same_bytes=False, ruled=())
    assert (numbers(got), got.description, got.carried, got.left) == ({"a": 1}, "x", (), ())


NEW_PARENT = replace(
    PARENT,
    metadata={"license": "mit", "epochs": 3, "curve": [0.1], "accuracy.note": "high"},
    metrics={"accuracy": Measurement(0.9, n=10), "f1": Measurement(0.8)},
)


def test_numbers_in_metadata_are_taken_over_where_metrics_are_apart() -> None:
    got = described(NOTHING, NEW_PARENT, same_bytes=False, ruled=())
    assert got.metadata == NEW_PARENT.metadata
    assert (numbers(got), got.left, got.left_data) == ({}, ("accuracy", "f1"), ("reviews",))


def test_with_metrics_only_numbers_that_are_known_as_metrics_leave_the_metadata() -> None:
    given = Given({"f1": 0.7, "loss": 0.1, "seed": 7}, {"recall": Measurement(0.5)}, None, None)
    got = described(given, NEW_PARENT, same_bytes=False, ruled={"loss"})
    assert numbers(got) == {"f1": 0.7, "loss": 0.1, "recall": 0.5}
    assert got.metadata["seed"] == 7


def test_metadata_give_way_to_a_metric_of_their_name() -> None:
    got = described(
        Given({}, {"license": Measurement(1)}, None, None), NEW_PARENT, same_bytes=False, ruled=()
    )
    assert "license" not in got.metadata
    assert numbers(got) == {"license": 1}


@pytest.mark.parametrize(
    "metadata",
    [{"f1": 1}, {"f1": "x"}, {"f1": {"note": "x"}}, {"eval.x": "y"}, {"eval": {"x": "y"}}],
    ids=str,
)
def test_a_name_in_both_is_refused(metadata: dict[str, MetadataValue]) -> None:
    metrics = {"f1": Measurement(0.5), "eval.x.y": Measurement(0.5)}
    with pytest.raises(InvalidInput, match="both"):
        divided(metadata, metrics, ())


def test_a_name_that_is_twice_in_the_metadata_is_refused() -> None:
    with pytest.raises(InvalidInput, match="twice"):
        divided({"a.b": 1, "a": {"b": 2}}, None, ())


def test_metrics_are_never_those_of_other_bytes(registry: Registry) -> None:
    registry.register_model(
        "m", b"one", metadata={"accuracy": 0.9, "license": "mit"}, version_description="d"
    )
    version = registry.create_model_version("m", model_data=b"two", metadata={"f1": 0.7})
    assert version.metadata == {"f1": 0.7, "license": "mit"}
    assert version.description == "d"


def test_an_environments_name_keeps_the_metrics_of_its_content(registry: Registry) -> None:
    registry.register_model("m", b"one", metadata={"accuracy": 0.9})
    assert registry.create_model_version("m", "prod-1.0", model_data=b"one").metrics == {"accuracy": 0.9}


def test_nothing_is_taken_over_against_the_users_will(registry: Registry) -> None:
    registry.register_model("m", b"one", metadata={"license": "mit"}, serving={"format": "onnx"})
    version = registry.create_model_version("m", model_data=b"two", inherit=False)
    assert (version.metadata, version.manifest.serving) == ({}, None)
    source = registry.get_model_version("m", "1.0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bare = registry.create_model_version("m", model_data=source, inherit=False)
    assert (bare.metadata, bare.digest) == ({}, source.digest)
