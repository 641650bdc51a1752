"""How a version is to be loaded: what is written, what a file's name implies, and what cannot be."""

from typing import Any

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.serving_block import Batch, ServingBlock, implied_by, is_implied

FULL: dict[str, Any] = {
    "format": "python",
    "entry_point": "my_pkg.sub:load",
    "interpreter": "cuda",
    "idempotent": True,
    "warmup": [{"inputs": [1]}],
    "batch": {"max": 8, "wait_ms": 2},
    "config": {"a": 1},
}


def test_every_key_reads_back_in_one_order() -> None:
    block = ServingBlock.parse(FULL)
    expected = ServingBlock(
        "python", "my_pkg.sub:load", {"a": 1}, ({"inputs": [1]},), "cuda", True, Batch(8, 2)
    )
    assert block == expected
    assert list(block.to_mapping().items()) == list(FULL.items())


def test_default_values_are_not_written() -> None:
    assert ServingBlock("onnx").to_mapping() == {"format": "onnx"}
    assert ServingBlock.parse({"format": "onnx", "idempotent": False}) == ServingBlock("onnx")
    usual = ServingBlock.parse({"format": "onnx", "batch": {"max": 32, "wait_ms": 5}})
    assert usual.to_mapping() == {"format": "onnx", "batch": {"max": 32}}
    assert ServingBlock.parse(usual.to_mapping()) == usual


@pytest.mark.parametrize("kind", ["onnx", "skops", "mlflow"])
def test_a_format_of_data_needs_no_entry_point(kind: str) -> None:
    assert ServingBlock.parse({"format": kind}).format == kind
    assert ServingBlock.parse({"format": kind, "entry_point": "a:b"}).entry_point == "a:b"


def test_an_entry_point_alone_is_pythons() -> None:
    assert ServingBlock.parse({"entry_point": "serve:load"}) == ServingBlock("python", "serve:load")
    assert ServingBlock.parse({"format": "safetensors", "entry_point": "a:b"}).format == "safetensors"


@pytest.mark.parametrize(
    "table",
    [
        {},
        {"format": "pickle"},
        {"format": "python"},
        {"format": "safetensors"},
        {"format": 1},
        *(
            {"entry_point": text}
            for text in ("load", "a:", ":b", "a:b:c", "a.:b", "a/b:c", "1a:b", "a:b()", "é:b", "a:b\n")
        ),
        {"format": "onnx", "warmup": [1]},
        {"format": "onnx", "warmup": {}},
        {"format": "onnx", "idempotent": 1},
        {"format": "onnx", "interpreter": 1},
        {"format": "onnx", "config": []},
        {"format": "onnx", "other": 1},
        *(
            {"format": "onnx", "batch": batch}
            for batch in (
                32,
                {},
                {"wait_ms": 5},
                {"max": 1},
                {"max": 1025},
                {"max": True},
                {"max": 8, "wait_ms": -1},
                {"max": 8, "wait_ms": 501},
                {"max": 8, "wait_ms": 0.5},
                {"max": 8, "most": 1},
            )
        ),
        {"format": "onnx", "config": {"a": None}},
    ],
    ids=str,
)
def test_a_block_that_cannot_be_loaded_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        ServingBlock.parse(table)


def test_a_files_name_may_say_all() -> None:
    assert implied_by("dir/m.onnx") == ServingBlock("onnx")
    assert implied_by("m.skops") == ServingBlock("skops")
    assert [implied_by(f"m.{suffix}") for suffix in ("ubj", "cbm", "tflite")] == [
        ServingBlock(name) for name in ("xgboost", "catboost", "tflite")
    ]
    assert [implied_by(name) for name in ("m.safetensors", "m.onnx.bak", "onnx", ".onnx", "m.py")] == [
        None
    ] * 5
    assert is_implied({"format": "onnx"})
    assert not is_implied({"format": "mlflow"})
    assert not is_implied({"format": "onnx", "config": {}})
    assert not is_implied({})
