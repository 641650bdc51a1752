"""The arrays of a skops file are named after their place in the object, not after a run's memory addresses."""

import io
import json
import zipfile

import numpy as np
import pytest

from regolo_git.layouts.layout import read_layout
from regolo_git.layouts.skops import NAME_LIMIT, array_names

skops_io = pytest.importorskip("skops.io")


def names(data: bytes) -> list[str]:
    items = read_layout(io.BytesIO(data), len(data))
    assert items is not None
    return [item.tensor.name for item in items if item.tensor]


def pipeline(scale: float) -> bytes:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x = np.arange(20.0).reshape(10, 2) * scale
    return bytes(
        skops_io.dumps(make_pipeline(StandardScaler(), LogisticRegression()).fit(x, [0] * 5 + [1] * 5))
    )


def test_a_retrained_pipeline_has_the_same_names() -> None:
    first, second = names(pipeline(1)), names(pipeline(2))
    assert sorted(first) == sorted(second)
    assert {"steps.standardscaler.mean_", "steps.logisticregression.coef_"} <= set(first)
    assert not any(name.isdigit() for name in first)


def test_arrays_in_lists_dicts_and_alone_are_named() -> None:
    found = names(skops_io.dumps({"a": np.ones(2), "b": [np.ones(3), np.ones(4)]}))
    assert sorted(found) == ["a", "b.0", "b.1"]
    assert names(skops_io.dumps(np.ones(2))) == ["array"]


def test_a_tuple_that_begins_with_a_name_has_it_in_place_of_its_number() -> None:
    found = names(skops_io.dumps([("scale", np.ones(2), np.ones(3)), (np.ones(4), "scale")]))
    assert sorted(found) == ["1.0", "scale", "scale.2"]


def test_a_shared_array_has_the_name_of_its_first_place() -> None:
    shared = np.ones(2)
    assert names(skops_io.dumps([shared, shared])) == ["0"]


def node(member: str) -> dict[str, str]:
    return {"__class__": "ndarray", "__loader__": "NdArrayNode", "file": member}


def deep(levels: int) -> dict[str, object]:
    tree: dict[str, object] = dict(node("1.npy"))
    for _ in range(levels):
        tree = {"__class__": "some.long.name.of.a.class", "k" * 20: tree}
    return tree


@pytest.mark.parametrize(
    "schema",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[" + b"{}," * 100_000 + b"{}]",
        json.dumps({"file": 3, "content": [None, {"__loader__": "TupleNode", "content": "x"}]}).encode(),
        json.dumps(deep(NAME_LIMIT // 20 + 1)).encode(),
        json.dumps({"\ud800": node("1.npy"), "a\nb": node("2.npy"), "c": node("3.txt")}).encode(),
    ],
    ids=["empty", "no text", "deep", "dense", "odd types", "long path", "unprintable"],
)
def test_a_hostile_schema_names_nothing(schema: bytes) -> None:
    assert array_names(schema) == {}


def test_two_arrays_never_get_one_name() -> None:
    schema = {"a": {"b": node("1.npy")}, "a.b": node("2.npy")}
    assert array_names(json.dumps(schema).encode()) == {"1.npy": "a.b"}


def test_a_schema_of_something_else_leaves_the_names() -> None:
    file = io.BytesIO()
    np.savez(file, weight=np.ones(2))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("schema.json", '{"type": "object", "properties": {"weight": {}}}')
    assert names(file.getvalue()) == ["weight"]
