"""`git regolo show`."""

import re
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git
from support.model_files import write_model


def test_show_says_everything(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("show", "m").out
    for word in (
        "m@1.1  ready",
        "second",
        "Ada Byron <ada@example.com>",
        "m@v1.1",
        "signed   no",
        "1 tensor",
    ):
        assert word in out
    for name, value in (("accuracy", "0.92"), ("experiment", "more data"), ("parent", "1.0")):
        assert re.search(rf"{name} +{value}", out)
    assert git(two_versions, "rev-parse", "HEAD").strip() in out


def test_show_of_a_directory_lists_its_files(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    (registry / "model" / "config.json").write_text("{}")
    write_model(registry / "model" / "weights.safetensors")
    regolo("register", "m", "model")
    assert re.search(r"config\.json +2 B  sha256:", regolo("show", "m").out)
    assert "2 files" in regolo("show", "m").out


def test_show_for_programs(regolo: Regolo, two_versions: Path) -> None:
    document = regolo("show", "m@1.0", "--json").document
    assert document["metrics"] == {"accuracy": 0.89, "ms": 150}
    assert document["signed"] is False
    assert document["here"] is True
    lines = dict(line.split("\t") for line in regolo("show", "m@1.0", "--plain").lines)
    assert lines["metrics.accuracy"] == "0.89"
    assert lines["files.model.safetensors.size"] == str(document["size"])


def test_the_manifest_can_be_had_as_it_is(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("show", "m", "--manifest").out == git(two_versions, "show", "HEAD:models/m/manifest.toml")
    regolo("show", "m", "--manifest", "--json", status=2)


def test_users_are_data_beside_the_words(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.0", "staging")
    regolo("endpoint", "create", "reviews", "m@1.0")
    document = regolo("show", "m@1.0", "--json").document
    assert isinstance(document, dict)
    assert document["used_by"] == ["environment 'staging'", "endpoint 'reviews'"]
    assert document["users"] == [
        {"kind": "environment", "name": "staging"},
        {"kind": "endpoint", "name": "reviews"},
    ]


def identity_model(shape: list[int | str]) -> bytes:
    onnx = pytest.importorskip("onnx")
    x, y = (onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in "xy")
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", [x], [y])
    return bytes(onnx.helper.make_model(graph).SerializeToString())


@pytest.mark.parametrize("place", ["m.onnx", "bundle/m.onnx"])
def test_inputs_and_outputs_of_onnx_are_shown(regolo: Regolo, registry: Path, place: str) -> None:
    file = registry / place
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(identity_model(["N", 3]))
    regolo("register", "m", place.partition("/")[0])
    page = regolo("show", "m").out
    assert "\nInputs and outputs\n  x  input   FLOAT [N, 3]\n  y  output  FLOAT [N, 3]\n" in page
    assert regolo("show", "m", "--json").document["interfaces"] == [
        {"file": place.partition("/")[2] or place, "kind": kind, "name": name, "type": "FLOAT [N, 3]"}
        for kind, name in (("input", "x"), ("output", "y"))
    ]
    file.write_bytes(b"not onnx")
    regolo("commit", "m")
    assert "Inputs and outputs" not in regolo("show", "m").out


def test_inputs_and_outputs_are_not_fetched(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    (registry / "m.onnx").write_bytes(identity_model(["N", 3]))
    regolo("register", "m", "m.onnx")
    lacking = clone(registry, tmp_path / "clone")
    assert regolo("-C", str(lacking), "show", "m", "--json").document["interfaces"] == []
