"""Inputs and outputs of files that describe themselves, ONNX and skops, that a version changes."""

import warnings

import numpy as np
import pytest
from onnx import TensorProto, helper
from support.git_program import git
from support.sample_files import language_model

from regolo_git.api import Registry
from regolo_git.reviews.comparison_page import comparison_page
from regolo_git.reviews.review import Review


def model(**inputs: list[int | str]) -> bytes:
    infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", [next(iter(inputs))], ["y"])
    return bytes(helper.make_model(helper.make_graph([node], "g", infos, [output])).SerializeToString())


def reviewed(registry: Registry, before: bytes, after: bytes, name: str = "m.onnx") -> Review:
    top = registry.handle.paths.top
    for number, data in enumerate((before, after)):
        (top / name).write_bytes(data)
        if number:
            git(top, "switch", "-qc", "change")
            registry.create_model_version("m", model_data=top / name)
        else:
            registry.register_model("m", top / name)
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


def forest(rows: int, classes: int = 2, depth: int = 3) -> bytes:
    """A forest as it is trained again: on other data, its trees have another number of nodes."""
    skops_io = pytest.importorskip("skops.io")
    ensemble = pytest.importorskip("sklearn.ensemble")
    x = np.random.default_rng(rows).standard_normal((rows, 4))
    labels = np.floor(x[:, 0] * 10).astype(int) % classes
    return bytes(
        skops_io.dumps(ensemble.RandomForestClassifier(3, max_depth=depth, random_state=0).fit(x, labels))
    )


def replaced(registry: Registry, name: str, before: bytes, after: bytes) -> tuple[Review, list[str]]:
    """The review of a change that replaces a file, and what its commit says of SemVer."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        review = reviewed(registry, before, after, name)
    return review, [text for each in caught if "SemVer" in (text := str(each.message))]


def test_a_forest_trained_again_has_other_trees_and_breaks_nothing(registry: Registry) -> None:
    review, notes = replaced(registry, "m.skops", forest(60), forest(90))
    (found,) = review.models
    assert found.comparison is not None
    assert found.comparison.tensors is not None
    assert found.comparison.tensors.of_kind("reshaped")
    assert (found.interfaces.changes, found.number, notes) == ((), None, [])
    assert found.comparison.suggested_bump == "minor"
    assert "reshaped tensor" not in review.to_markdown()
    reshaped = len(found.comparison.tensors.of_kind("reshaped"))
    assert found.comparison.to_markdown().count("| reshaped |") == reshaped


def test_another_class_to_answer_breaks_callers_of_a_forest(registry: Registry) -> None:
    review, notes = replaced(registry, "m.skops", forest(60), forest(60, classes=3))
    (found,) = review.models
    assert [(each.name, each.before, each.after) for each in found.interfaces.changes] == [
        ("y = 2", None, "class 2"),
        ("y classes", "2 int", "3 int"),
    ]
    assert found.number is not None
    assert found.number.version == "2.0"
    (note,) = notes
    assert note.startswith(
        "it is called in another way than 1.0 (output y = 2, output y classes), which SemVer"
    )


def test_another_estimator_breaks_code_that_asks_it_for_more_than_predictions(registry: Registry) -> None:
    skops_io = pytest.importorskip("skops.io")
    linear = pytest.importorskip("sklearn.linear_model").LogisticRegression()
    x = np.random.default_rng(0).standard_normal((60, 4))
    after = bytes(skops_io.dumps(linear.fit(x, x[:, 0] > 0)))
    (found,) = replaced(registry, "m.skops", forest(60), after)[0].models
    kinds = [(each.what, each.before, each.after) for each in found.interfaces.changes]
    assert kinds[0] == ("class", "RandomForestClassifier", "LogisticRegression")


def test_a_file_that_does_not_say_its_outputs_is_compared_by_its_arrays(registry: Registry) -> None:
    skops_io = pytest.importorskip("skops.io")
    before, after = (bytes(skops_io.dumps({"weights": np.ones(size)})) for size in (3, 4))
    review, notes = replaced(registry, "m.skops", before, after)
    assert review.models[0].interfaces.unread == ("m.skops",)
    assert review.models[0].comparison is not None
    assert review.models[0].comparison.suggested_bump == "major"
    assert notes[0].startswith("1 tensor of 1.0 was removed or reshaped (weights)")


def test_a_commit_notes_an_input_that_differs(registry: Registry) -> None:
    _, notes = replaced(registry, "m.onnx", model(x=["N", 3]), model(x=["N", 4]))
    assert notes[0].startswith("it is called in another way than 1.0 (input x), which SemVer calls")


def test_another_quantization_of_a_language_model_breaks_nothing(registry: Registry) -> None:
    review, notes = replaced(registry, "m.gguf", language_model(), language_model(quantized=True))
    (found,) = review.models
    assert found.comparison is not None
    assert found.comparison.tensors is not None
    assert found.comparison.tensors.of_kind("reshaped")
    assert (found.comparison.suggested_bump, notes) == ("minor", [])


def test_another_vocabulary_of_a_language_model_breaks_callers(registry: Registry) -> None:
    _, notes = replaced(registry, "m.gguf", language_model(), language_model(words=65))
    assert notes[0].startswith(
        "it is called in another way than 1.0 (input vocabulary, output logits), which"
    )
