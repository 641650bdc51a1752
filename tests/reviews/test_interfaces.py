"""Inputs and outputs of ONNX files that a version changes."""

from onnx import TensorProto, helper
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.review import Review


def model(**inputs: list[int | str]) -> bytes:
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", [next(iter(inputs))], ["y"])
    return bytes(helper.make_model(helper.make_graph([node], "g", infos, [output])).SerializeToString())


def reviewed(registry: Registry, before: bytes, after: bytes) -> Review:
    top = registry.handle.paths.top
    for number, data in enumerate((before, after)):
        (top / "m.onnx").write_bytes(data)
        if number:
            git(top, "switch", "-qc", "change")
            registry.create_model_version("m", model_data=top / "m.onnx")
        else:
            registry.register_model("m", top / "m.onnx")
    return registry.review("main", "change")


def test_another_input_breaks_callers(registry: Registry) -> None:
    review = reviewed(registry, model(x=["N", 3]), model(x=["N", 4], mask=["N"]))
    (found,) = review.models
    assert [(each.what, each.name, each.before, each.after) for each in found.interfaces.changes] == [
        ("input", "mask", None, "FLOAT [N]"),
        ("input", "x", "FLOAT [N, 3]", "FLOAT [N, 4]"),
    ]
    assert found.number is not None
    assert found.number.version == "2.0"
    assert "called in another way" in review.to_markdown()


def test_what_cannot_be_read_is_named(registry: Registry) -> None:
    review = reviewed(registry, model(x=[1]), b"\x08not onnx at all")
    assert review.models[0].interfaces.unread == ("m.onnx",)


def test_a_comparison_has_them_and_suggests_a_major_bump(registry: Registry) -> None:
    file = registry.handle.paths.top / "m.onnx"
    file.write_bytes(model(x=["N", 3]))
    registry.register_model("m", file)
    file.write_bytes(model(x=["N", 4]))
    registry.create_model_version("m", model_data=file)
    file.write_bytes(b"not onnx")
    registry.create_model_version("m", model_data=file)
    found = registry.compare_model_versions("m", "1.0", "1.1")
    assert (found.suggested_bump, found.to_dict()["interfaces"]) == (
        "major",
        [{"file": "m.onnx", "kind": "input", "name": "x", "a": "FLOAT [N, 3]", "b": "FLOAT [N, 4]"}],
    )
    assert "| x | input | FLOAT \\[N, 3\\] | FLOAT \\[N, 4\\] | m.onnx |" in found.to_markdown()
    unread = registry.compare_model_versions("m", "1.1", "1.2")
    assert "inputs and outputs of m.onnx are not compared" in comparison_page(unread).notes
    assert "Suggested bump: **minor**, as far as the files tell." in unread.to_markdown()
