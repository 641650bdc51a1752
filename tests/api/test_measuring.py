"""Metrics and parameters from training code."""

import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.git_program import git
from support.program import run_python
from support.registry_fixtures import Weights

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, RegoloNotice
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


def test_null_metrics_are_left_out_with_a_notice(registry: Registry) -> None:
    with pytest.warns(RegoloNotice, match="left out metrics without a value: 'eval.auc'"):
        version = registry.log_model("m", b"one", metrics={"f1": 0.8, "eval": {"auc": None}})
    with pytest.warns(RegoloNotice, match="left out parameters without a value: 'seed'"):
        registry.log_model("m", b"two", params={"seed": None, "lr": 0.1})
    assert version.metrics == {"f1": 0.8}
    with pytest.warns(RegoloNotice, match="without a value: 'acc'"):
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
def test_values_that_cannot_be_kept_are_refused_and_nothing_is_created(
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


# -- a script that runs every night -----------------------------------------------------------------------


def test_a_run_that_brings_nothing_new_gets_the_version_that_is_there(
    registry: Registry, weights: Weights
) -> None:
    values: dict[str, Any] = {"metrics": {"f1": 0.8}, "params": {"lr": 0.1}, "description": "nightly"}
    first = registry.log_model("m", weights(), **values, message="night")
    before = git(registry.handle.paths.top, "for-each-ref")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = registry.log_model("m", weights("elsewhere.safetensors"), **values, bump="patch")
        plain = registry.log_model("m", weights())  # everything is carried over with the same content
    assert (again.reference, again.commit, plain.tag) == ("m@1.0", first.commit, "m@v1.0")
    assert git(registry.handle.paths.top, "for-each-ref") == before


@pytest.mark.parametrize(
    "other",
    [{"metrics": {"f1": 0.7}}, {"metadata": {"a": "c"}}, {"description": "other"}, {"version": "3.0"}],
)
def test_the_same_content_with_another_value_is_a_new_version(
    registry: Registry, other: dict[str, Any]
) -> None:
    values: dict[str, Any] = {"metrics": {"f1": 0.8}, "metadata": {"a": "b"}, "description": "d"}
    registry.log_model("m", b"one", **values)
    with pytest.warns(RegoloNotice, match=r"the same content as version '1\.0'"):
        made = registry.log_model("m", b"one", **values | other)
    assert made.version == other.get("version", "1.1")


def test_content_of_before_comes_back_as_a_new_version(registry: Registry) -> None:
    registry.log_model("m", b"one")
    registry.log_model("m", b"two")
    with pytest.warns(RegoloNotice, match="the same content"):
        assert registry.log_model("m", b"one").version == "1.2"


def test_retired_content_is_refused_unless_it_is_allowed(registry: Registry) -> None:
    registry.log_model("m", b"one")
    registry.log_model("m", b"two")
    registry.retire_model_version("m", "1.0", reason="wrong data")
    with pytest.raises(Conflict, match="was retired: wrong data"):
        registry.log_model("m", b"one")
    with pytest.warns(RegoloNotice, match="was retired"):
        assert registry.log_model("m", b"one", allow_retired=True).version == "1.2"


def test_proposals_of_every_night_wait_side_by_side(registry: Registry) -> None:
    """The first is of a model that the registry branch does not have yet."""
    nights = [b"one", b"two", b"two", b"one", b"three"]
    found = [registry.log_model("m", night, metrics={"f1": 0.5}, flow="propose") for night in nights]
    assert [version.version for version in found] == ["1.0", "1.1", "1.1", "1.0", "1.2"]
    assert {(version.tag, version.status) for version in found} == {(None, "proposed")}
    assert registry.list_models() == []


def test_a_commit_on_a_topic_branch_is_returned_as_it_is(registry: Registry) -> None:
    registry.log_model("m", b"one")
    git(registry.handle.paths.top, "checkout", "-qb", "topic")
    second = registry.log_model("m", b"two")
    assert registry.log_model("m", b"two").commit == second.commit
    assert (second.version, second.tag) == ("1.1", None)


@pytest.mark.slow
def test_processes_log_at_once(registry: Registry) -> None:
    """Half of them log the same bytes, which become one version or follow another one."""
    code = "import sys, regolo_git as r; print(r.log_model('m', sys.argv[1].encode(), metrics={'f1': 1}).version)"
    top = registry.handle.paths.top
    with ThreadPoolExecutor(6) as pool:
        runs = [pool.submit(run_python, code, content, cwd=top) for content in ("same", "a", "b") * 2]
        made = [run.result().stdout.strip() for run in runs]
    versions = registry.list_model_versions("m")
    assert {version.version for version in versions} == set(made)
    assert len({version.digest for version in versions}) == 3
