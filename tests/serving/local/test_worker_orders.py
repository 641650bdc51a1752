"""What a worker is started with: it travels unchanged, and its key tells content and not names or places."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.digests import Digest
from regolo_git.records.json_reader import JsonReader
from regolo_git.records.references import Reference
from regolo_git.records.serving_block import Batch, ServingBlock
from regolo_git.serving.local.worker_orders import WorkerOrders, WorkerReport, WorkerSpec, serving_block
from regolo_git.serving.model_files import ModelFiles
from regolo_git.serving.policy import Permission

DIGEST = Digest("sha256", "0" * 64)
FILES = ModelFiles(Path("/a/model"), None, DIGEST)
BLOCK = ServingBlock(
    "python",
    "serve:load",
    {"since": date(2026, 1, 2), "nested": {"list": [1, 0.5]}},
    ({"inputs": [1]},),
    None,
    True,
    Batch(8, 2),
)
SPEC = WorkerSpec.of("m", FILES, BLOCK, Permission(Path("/other/python"), ("a.B",), repository_code=True))


def test_orders_travel_unchanged_and_dates_become_text() -> None:
    orders = WorkerOrders(1, Path("/run/w/http.sock"), 7, 30, SPEC)
    assert WorkerOrders.read(JsonReader.parse(json.dumps(orders.to_json()), "the orders")) == orders
    assert SPEC.config == {"since": "2026-01-02", "nested": {"list": [1, 0.5]}}
    nothing = WorkerSpec.of("m", FILES, ServingBlock("onnx"), Permission(None, (), repository_code=False))
    assert WorkerSpec.read(JsonReader.of(nothing.to_json(), "a spec")) == nothing


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("digest", Digest("sha256", "1" * 64)),
        ("config", {"threads": 2}),
        ("entry_point", "serve:other"),
        ("interpreter", None),
        ("trusted_types", ()),
        ("repository_code", False),
        ("environment", ("HF_TOKEN",)),
        ("warmup", ()),
        ("batch", None),
    ],
)
def test_whatever_changes_what_is_loaded_or_how_needs_other_workers(name: str, value: object) -> None:
    assert replace(SPEC, **{name: value}).key != SPEC.key


@pytest.mark.parametrize(
    ("name", "value"), [("path", Path("/b/model")), ("idempotent", False), ("threads", 4)]
)
def test_where_it_is_and_how_requests_are_sent_does_not(name: str, value: object) -> None:
    assert replace(SPEC, **{name: value}).key == SPEC.key


def test_a_version_says_how_it_is_loaded_or_its_files_name_does() -> None:
    reference = Reference.parse("m@1.0")
    said = replace(FILES, serving={"format": "onnx"})
    assert serving_block(said, reference).format == "onnx"
    assert serving_block(replace(FILES, path=Path("/a/model.skops")), reference).format == "skops"
    with pytest.raises(InvalidInput, match=r"'m@1\.0' has no \[serving\] block") as raised:
        serving_block(FILES, reference)
    assert str(raised.value.hint) == "git regolo commit m --from 1.0 --serving serving.toml --yes"


@pytest.mark.parametrize("report", [WorkerReport(), WorkerReport("no weights"), WorkerReport("no", "hint")])
def test_a_report_travels_in_one_line(report: WorkerReport) -> None:
    line = report.to_line()
    assert line.count("\n") == 1
    assert WorkerReport.parse(line.encode()) == report


@pytest.mark.parametrize("line", [b"garbage\n", b"[]\n", b"\xff\n", b'{"problem": 3}\n', b"[" * 100_000])
def test_whatever_a_models_code_wrote_instead_is_a_problem(line: bytes) -> None:
    assert WorkerReport.parse(line) == WorkerReport("the worker reported garbage")
