"""Metrics and parameters from training code."""

import hashlib
import warnings
from pathlib import Path
from typing import Any

import pytest

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound, RegoloNotice
from regolo_git.records.manifest import Lineage
from regolo_git.records.measurement import Measurement


def test_a_model_is_logged_whether_it_is_there_or_not(registry: Registry) -> None:
    first = registry.log_model("m", b"one", metrics={"f1": 0.8}, params={"lr": 0.1}, bump="major")
    second = registry.log_model("m", b"two", metrics={"f1": 0.9}, params={"lr": 0.2}, bump="major")
    assert [version.reference for version in (first, second)] == ["m@1.0", "m@2.0"]
    assert [version.metrics for version in (first, second)] == [{"f1": 0.8}, {"f1": 0.9}]
    assert second.lineage == Lineage(parameters={"lr": 0.2})


def test_a_measurement_names_its_data_by_their_digest(registry: Registry, tmp_path: Path) -> None:
    data = tmp_path / "test.csv"
    data.write_bytes(b"a,b\n")
    on = f"sha256:{hashlib.sha256(data.read_bytes()).hexdigest()}"
    metrics: dict[str, Any] = {
        "accuracy": {"value": 0.9, "n": 20, "on": str(data)},
        "eval": {"f1": {"value": 0.8, "on": data}, "loss": Measurement(0.1, on=on)},
    }
    version = registry.log_model("m", b"one", metrics=metrics)
    assert version.measurements == {
        "accuracy": Measurement(0.9, n=20, on=on),
        "eval.f1": Measurement(0.8, on=on),
        "eval.loss": Measurement(0.1, on=on),
    }
    assert version.metadata == {"accuracy": 0.9, "eval": {"f1": 0.8, "loss": 0.1}}


def test_what_was_not_measured_is_left_out_with_a_notice(registry: Registry) -> None:
    with pytest.warns(RegoloNotice, match="metrics without a value left out: 'eval.auc'"):
        version = registry.log_model("m", b"one", metrics={"f1": 0.8, "eval": {"auc": None}})
    with pytest.warns(RegoloNotice, match="parameters without a value left out: 'seed'"):
        registry.log_model("m", b"two", params={"seed": None, "lr": 0.1})
    assert version.metrics == {"f1": 0.8}
    with pytest.warns(RegoloNotice, match="without a value left out: 'acc'"):
        third = registry.log_model("m", b"three", metrics={"acc": {"value": None, "n": 9}, "f1": 0.9})
    assert third.metrics == {"f1": 0.9}


def test_scalars_of_array_libraries_are_numbers(registry: Registry) -> None:
    numpy = pytest.importorskip("numpy")
    metrics = {"acc": {"value": numpy.float32(0.92), "n": numpy.int64(9)}, "f1": numpy.float32(0.9)}
    version = registry.log_model("m", b"one", metrics=metrics, params={"lr": numpy.float32(0.1)})
    assert version.measurements == {"acc": Measurement(0.92, n=9), "f1": Measurement(0.9)}
    assert version.lineage == Lineage(parameters={"lr": 0.1})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"metrics": {"f1": 0.8}, "metadata": {"f1": 0.8}}, InvalidInput),
        ({"metrics": {"f1": float("nan")}}, InvalidInput),
        ({"metrics": {"f1": "high"}}, TypeError),
        ({"metrics": [0.8]}, TypeError),
        ({"metrics": {"f1": {"value": 1, "on": "no such file"}}}, NotFound),
        ({"metrics": {"f1": {"value": 1, "predictions": "eval.jsonl"}}}, InvalidInput),
        ({"params": {"lr": float("inf")}}, InvalidInput),
        ({"params": {"lr": 1}, "lineage": Lineage(parameters={"lr": 2})}, InvalidInput),
        ({"params": ["lr"]}, TypeError),
    ],
    ids=str,
)
def test_what_cannot_be_kept_is_refused_and_nothing_is_created(
    registry: Registry, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        registry.log_model("m", b"one", **given)
    assert registry.list_models() == []


def test_predictions_are_a_file_of_the_artifact(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for name in ("model.bin", "eval.jsonl"):
        (tmp_path / "model" / name).write_text(name)
    metrics = {"f1": {"value": 0.8, "predictions": "eval.jsonl"}}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        version = registry.log_model("m", tmp_path / "model", metrics=metrics)
    assert version.measurements["f1"].predictions == "eval.jsonl"
    again = registry.create_model_version("m", "prod-1.0", model_data=version, metrics={"auc": 0.7})
    assert again.metrics == {"auc": 0.7, "f1": 0.8}


def test_1500_metrics_are_kept(registry: Registry) -> None:
    metrics = {f"class.{number:04}": number / 1500 for number in range(1500)}
    assert registry.log_model("m", b"one", metrics=metrics).metrics == metrics
    with pytest.raises(InvalidInput, match="4194304"):
        registry.log_model("m", b"two", metadata={"notes": "x" * (10 << 20)})
