"""A comparison with a version whose file was cut: nothing is called removed."""

from pathlib import Path

import pytest
from support.model_files import write_safetensors
from support.sample_files import gguf_file, torch_file
from support.tensors import recipe, tensor

from regolo_git.api import Registry
from regolo_git.errors import RegoloNotice
from regolo_git.verdict.tensors import compare_tensors

pytestmark = pytest.mark.filterwarnings("ignore::regolo_git.errors.RegoloNotice")


def whole_file(tmp_path: Path, name: str) -> bytes:
    if name == "m.safetensors":
        write_safetensors(tmp_path / "x", {f"l{n}": bytes(350_000) for n in range(4)})
        return (tmp_path / "x").read_bytes()
    return gguf_file() if name == "m.gguf" else torch_file()


@pytest.mark.parametrize("name", ["m.safetensors", "m.gguf", "m.pt"])
@pytest.mark.parametrize("inside", [False, True], ids=["file", "directory"])
@pytest.mark.parametrize("cut_first", [False, True])
def test_a_cut_file_is_named_and_no_tensor_called_removed(
    registry: Registry, tmp_path: Path, name: str, inside: bool, cut_first: bool
) -> None:
    whole = whole_file(tmp_path, name)
    place = registry.handle.paths.top / "artifact"
    place.mkdir()
    (place / "config.json").write_text("{}")
    contents = [whole, whole[: len(whole) * 3 // 5]]
    for version, content in enumerate(contents[::-1] if cut_first else contents):
        (place / name).write_bytes(content)
        data = place if inside else place / name
        if version:
            registry.create_model_version("c", "1.1", model_data=data)
        else:
            registry.register_model("c", data)
    compared = registry.compare_model_versions("c", "1.0", "1.1")
    (file,) = compared.incomplete
    assert (file.version, file.name) == ("1.0" if cut_first else "1.1", name)
    assert compared.tensors is not None
    assert (compared.tensors.changes, compared.suggested_bump) == ((), None)
    assert f"'{name}' is incomplete: " in compared.to_markdown().replace("\\", "")
    if name == "m.safetensors":
        assert "header says 1.4 MB, file has 840 kB" in str(file)


def test_a_pointer_in_place_of_weights_is_named(registry: Registry, tmp_path: Path) -> None:
    place = registry.handle.paths.top / "w.safetensors"
    place.write_bytes(whole_file(tmp_path, "m.safetensors"))
    registry.register_model("c", place)
    place.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1400000\n")
    registry.create_model_version("c", model_data=place)
    compared = registry.compare_model_versions("c", "1.0", "1.1")
    assert "is a Git LFS pointer" in str(compared.incomplete[0])
    assert compared.suggested_bump is None


def test_tensors_that_are_removed_are_still_major(registry: Registry, tmp_path: Path) -> None:
    place = registry.handle.paths.top / "w.safetensors"
    place.write_bytes(whole_file(tmp_path, "m.safetensors"))
    registry.register_model("c", place)
    write_safetensors(place, {"l0": bytes(350_000)})
    with pytest.warns(RegoloNotice) as notices:
        registry.create_model_version("c", model_data=place)
    (said,) = [str(notice.message) for notice in notices]
    assert said.startswith("3 tensors of 1.0 were removed or reshaped (l1, l2, l3)")
    compared = registry.compare_model_versions("c", "1.0", "1.1")
    assert (compared.incomplete, compared.suggested_bump) == ((), "major")


def test_tensors_of_one_name_are_told_apart() -> None:
    before = recipe(tensor("w"), tensor("w", fill="b"), tensor("v"))
    after = recipe(tensor("w", fill="c"), tensor("w", fill="d"), tensor("w", fill="e"), tensor("v", fill="f"))
    changes = compare_tensors(before, after).changes
    assert [change.label for change in changes] == ["v", "w (1 of 3)", "w (2 of 3)", "w (3 of 3)"]
