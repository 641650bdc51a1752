"""What a new version takes over from its parent."""

import warnings

from support.model_versions import manifest

from regolo_git.api import Registry
from regolo_git.records.manifest import Lineage
from regolo_git.registry.versions.carried import Given, described

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
NOTHING = Given({}, None, None)


def test_other_bytes_take_over_what_is_not_a_measurement() -> None:
    got = described(NOTHING, PARENT, same_bytes=False)
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
    got = described(NOTHING, PARENT, same_bytes=True)
    assert (dict(got.metadata), got.lineage, got.left) == (PARENT.metadata, PARENT.lineage, ())


def test_metrics_of_the_same_bytes_are_replaced_by_a_new_measurement() -> None:
    got = described(Given({"f1": 0.7}, None, None), PARENT, same_bytes=True)
    assert "accuracy" not in got.metadata
    assert (got.metadata["f1"], got.metadata["license"], got.lineage) == (0.7, "apache-2.0", PARENT.lineage)
    assert got.left == ()


def test_what_is_given_replaces_what_is_taken_over() -> None:
    given = Given({"license": "mit", "training": {"epochs": 5}}, "new", Lineage(code="a" * 40))
    got = described(given, PARENT, same_bytes=False)
    assert got.metadata["license"] == "mit"
    assert got.metadata["training"] == {"epochs": 5}
    assert (got.description, got.lineage) == ("new", given.lineage)
    assert got.carried == ("approved", "tags")
    assert got.left == ("accuracy", "eval.f1")


def test_a_first_version_has_what_it_is_given() -> None:
    got = described(Given({"a": 1}, "x", None), None, same_bytes=False)
    assert (got.metadata, got.description, got.carried, got.left) == ({"a": 1}, "x", (), ())


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
