"""Two manifests side by side."""

from support.tensors import recipe, tensor

from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact, Manifest
from regolo_git.records.model_card import MetricRule, ModelCard
from regolo_git.reviews.comparison import compare


def manifest(version: str, fill: str, size: int, **metadata: object) -> Manifest:
    artifact = Artifact("file", "m.bin", Digest("sha256", fill * 64), size, Digest("blake3", fill * 64))
    return Manifest("m", version, artifact, metadata=metadata)  # type: ignore[arg-type]


A, B = manifest("1.0", "a", 1_000_000, score=1, note="x"), manifest("1.1", "b", 2_500_000, score=2, note="y")


def test_a_comparison_has_what_the_manifests_say() -> None:
    compared = compare(A, B, ModelCard(metrics={"score": MetricRule("lower", tolerance_abs=0.5)}), None, None)
    assert (compared.version_a, compared.version_b, compared.same_content) == ("1.0", "1.1", False)
    assert (compared.size_diff, compared.size_diff_mb) == (1_500_000, 1.5)
    assert compared.metrics["score"]["verdict"] == "worse"
    assert [(change.key, change.after) for change in compared.metadata] == [
        ("note", "y")
    ]  # `score` is a metric
    assert [(file.path, file.size_after) for file in compared.files] == [("m.bin", 2_500_000)]


def test_tensors_are_compared_where_both_recipes_are_there() -> None:
    one = recipe(tensor("w"))
    assert compare(A, B, ModelCard(), one, None).tensors is None
    compared = compare(A, B, ModelCard(), one, recipe(tensor("w"), tensor("x")))
    assert compared.tensors is not None
    assert compared.suggested_bump == "minor"


def test_a_version_is_the_same_as_itself() -> None:
    compared = compare(A, A, ModelCard(), None, None)
    assert (compared.same_content, compared.suggested_bump, compared.files) == (True, None, ())
