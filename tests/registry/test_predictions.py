"""Predictions of two versions in real stores."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from regolo_git.api import Registry
from regolo_git.records.measurement import Measurement
from regolo_git.registry.predictions import Version, paired_metrics
from regolo_git.store.store import find_recipe
from regolo_git.verdict.metrics import Unpaired
from regolo_git.verdict.noise import PairedShares

RIGHT_A, RIGHT_B = [1] * 40 + [0] * 10, [0] * 3 + [1] * 45 + [0] * 2
DATA = "sha256:" + "1" * 64


def stored(registry: Registry, name: str, rows: Sequence[object], **known: object) -> Version:
    """A version of model `name` whose file eval.jsonl has the rows, measured in `acc`."""
    top = registry.handle.paths.top
    directory = top / name
    directory.mkdir(exist_ok=True)
    (directory / "eval.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (directory / "model.bin").write_bytes(b"weights")
    registry.register_model(name, directory)
    manifest = registry.get_model_version(name, "1.0").manifest
    share = sum(row["acc"] for row in rows if isinstance(row, dict)) / len(rows)
    metrics = {"acc": Measurement(share, predictions="eval.jsonl", **known), "plain": Measurement(3)}  # type: ignore[arg-type]
    return replace(manifest, metrics=metrics), find_recipe(registry.handle.store, manifest.artifact.recipe)


def rows(values: Sequence[int]) -> list[object]:
    return [{"id": number, "acc": value} for number, value in enumerate(values)]


def test_the_cases_of_two_versions_are_paired(registry: Registry) -> None:
    a, b = stored(registry, "a", rows(RIGHT_A)), stored(registry, "b", rows(RIGHT_B))
    assert paired_metrics(registry.handle.stores, a, b) == {"acc": PairedShares(50, 3, 11 - 3)}


def test_what_was_measured_on_other_data_is_not_read(registry: Registry) -> None:
    a = stored(registry, "a", rows(RIGHT_A), on=DATA)
    b = stored(registry, "b", rows(RIGHT_B), on=DATA.replace("1", "2"))
    assert paired_metrics(registry.handle.stores, a, b) == {}


@pytest.mark.parametrize("last", [{"id": 1, "acc": 1}, {"id": 49}, {"id": "other", "acc": 0}])
def test_rows_that_cannot_be_paired_are_a_reason(registry: Registry, last: object) -> None:
    a = stored(registry, "a", rows(RIGHT_A))
    b = stored(registry, "b", rows([1] * 50))
    (registry.handle.paths.top / "b/eval.jsonl").write_text(
        "\n".join(map(json.dumps, [*rows([1] * 49), last]))
    )
    manifest = registry.create_model_version("b", model_data=registry.handle.paths.top / "b").manifest
    recipe = find_recipe(registry.handle.store, manifest.artifact.recipe)
    (found,) = paired_metrics(
        registry.handle.stores, a, (replace(manifest, metrics=b[0].metrics), recipe)
    ).values()
    assert isinstance(found, Unpaired)
    assert found.reason.startswith("line 50 of 'eval.jsonl of 1.1' has ")
    assert not found.absent


def test_a_file_that_is_not_in_the_version_is_a_reason(registry: Registry) -> None:
    a, (manifest, recipe) = stored(registry, "a", rows(RIGHT_A)), stored(registry, "b", rows(RIGHT_B))
    metrics = {"acc": Measurement(0.9, predictions="other.jsonl")}
    found = paired_metrics(registry.handle.stores, a, (replace(manifest, metrics=metrics), recipe))
    assert found == {"acc": Unpaired("there is no file 'other.jsonl of 1.0'")}


def test_bytes_that_are_in_no_store_leave_what_else_is_known(registry: Registry) -> None:
    a, b = stored(registry, "a", rows(RIGHT_A)), stored(registry, "b", rows(RIGHT_B))
    (without,) = paired_metrics(registry.handle.stores, a, (b[0], None)).values()
    shutil.rmtree(Path(registry.handle.store.url, "chunks"))
    (lost,) = paired_metrics(registry.handle.stores, a, b).values()
    for found in (without, lost):
        assert isinstance(found, Unpaired)
        assert found.absent
        assert found.reason.startswith("predictions not read: ")
