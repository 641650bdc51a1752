"""Every format that a manifest may name has a module, and that module loads."""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput, MissingDependency
from regolo_git.records.digests import Digest
from regolo_git.records.serving_block import FORMATS
from regolo_git.serving.local.worker.loaders.all_loaders import LOADERS, load_model
from regolo_git.serving.local.worker_orders import WorkerSpec

SPEC = WorkerSpec(
    "m", Path(), Digest("sha256", "0" * 64), "abacus", None, {}, (), False, None, (), repository_code=False
)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_loader(name: str) -> None:
    assert callable(import_module(LOADERS[name]).load)


def test_there_is_no_loader_without_a_format() -> None:
    assert set(LOADERS) == set(FORMATS)
    with pytest.raises(InvalidInput, match="unknown format 'abacus'"):
        load_model(replace(SPEC))


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [
        ("xgboost", "xgboost", "xgboost"),
        ("lightgbm", "lightgbm", "lightgbm"),
        ("catboost", "catboost", "catboost"),
        ("tflite", "ai_edge_litert.interpreter", "ai-edge-litert"),
    ],
)
def test_a_library_that_is_missing_is_named_with_its_extra(
    name: str, module: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependency, match=f"format '{name}' needs '{library}'") as raised:
        load_model(replace(SPEC, format=name))
    assert str(raised.value.hint) == f"pip install 'regolo-git[{name}]'"
