"""Values of tensors of two versions in a registry."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from support.command_line import Regolo
from support.command_line_fixtures import regolo, top
from support.copies import Once

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, InvalidInput, MissingDependency, NotFound
from regolo_git.reviews.values import TensorValues, values_section
from regolo_git.text.printable import one_line

__all__ = ["regolo", "top"]

SAME = np.arange(300_000, dtype=np.float32)  # more than one chunk with the others


def write(path: Path, scale: float, **more: np.ndarray) -> Path:
    head = np.full((64, 2), scale, np.float32)
    head[0, 0] = np.nan if scale > 1 else 1
    save_file({"body": SAME, "head": head, "bias": np.ones(4, np.float16) * np.float16(scale), **more}, path)
    return path


@pytest.fixture
def two(registry: Registry, once: Once) -> Registry:
    path = registry.handle.paths.top / "m.safetensors"

    def build() -> None:
        registry.register_model("m", write(path, 1, form=np.zeros(3, np.int8)))
        registry.create_model_version("m", model_data=write(path, 1.5, form=np.zeros(4, np.int8)))

    once(build)
    return registry


def test_only_what_changed_and_kept_its_form_is_compared(two: Registry) -> None:
    values = two.compare_model_versions("m", "1.0", "1.1", values=True).values
    assert values is not None
    found = {each.tensor.name: each.change for each in values}
    assert sorted(found) == ["bias", "head"]
    assert found["bias"] is not None
    assert (found["bias"].relative_norm, found["bias"].largest, found["bias"].changed) == (0.5, 0.5, 1.0)
    assert found["bias"].cosine == pytest.approx(1)
    assert found["head"] is not None
    assert (found["head"].nan_a, found["head"].nan_b) == (0, 1)
    assert two.compare_model_versions("m", "1.0", "1.1").values is None


def test_tensors_that_did_not_change_are_not_read(two: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = type(two.handle.stores).read_chunk_into
    monkeypatch.setattr(
        type(two.handle.stores),
        "read_chunk_into",
        lambda self, address, view: (read.append(len(view)), real(self, address, view))[1],
    )
    two.compare_model_versions("m", "1.0", "1.1", values=True)
    assert 0 < sum(read) < SAME.nbytes


def test_the_pages_have_a_table_of_values(two: Registry) -> None:
    comparison = two.compare_model_versions("m", "1.0", "1.1", values=True)
    assert "| bias | 0.5 | 1 | 0.5 | 100.0% | 0 | 0 |" in comparison.to_markdown()
    assert "| head | 0.5 | 1 | 0.5 | 100.0% | 0 → 1 | 0 |" in comparison.to_markdown()
    assert "relative norm" in comparison.to_html()


def test_a_type_that_cannot_be_computed_with_is_named_without_measures(two: Registry) -> None:
    comparison = two.compare_model_versions("m", "1.0", "1.1", values=True)
    assert comparison.values is not None
    unknown = TensorValues(comparison.values[0].tensor, None)
    assert set(unknown.to_dict().values()) == {None}
    assert values_section([unknown]).rows[0][1:] == ("-",) * 6


def test_the_work_tree_and_lost_bytes_are_errors(two: Registry) -> None:
    with pytest.raises(InvalidInput, match="work tree"):
        two.compare_model_versions("m", "1.0", rev_b="", values=True)
    shutil.rmtree(Path(two.handle.store.url, "chunks"))
    with pytest.raises((NotFound, IntegrityError)):
        two.compare_model_versions("m", "1.0", "1.1", values=True)
    shutil.rmtree(Path(two.handle.store.url, "recipes"))
    with pytest.raises(NotFound, match=r"recipe of version 1\.0"):
        two.compare_model_versions("m", "1.0", "1.1", values=True)


def test_without_numpy_the_extra_is_named(two: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "numpy", None)
    with pytest.raises(MissingDependency) as raised:
        two.compare_model_versions("m", "1.0", "1.1", values=True)
    assert str(raised.value.hint) == "pip install 'regolo-git[values]'"


def test_the_command_line_shows_them(regolo: Regolo, top: Path) -> None:
    regolo("init")
    regolo("register", "m", str(write(top / "m.safetensors", 1)))
    write(top / "m.safetensors", 1.5)
    regolo("commit", "m", "m.safetensors")
    shown = [one_line(line).split() for line in regolo("diff", "m", "--values").lines]
    assert ["bias", "0.5", "1", "0.5", "100.0%", "0", "0"] in shown
    document = regolo("diff", "m@1.0..1.1", "--values", "--json").document
    assert document["values"][0] == {
        "name": "bias", "relative_norm": 0.5, "cosine": 1.0, "largest": 0.5, "changed": 1.0,
        "nan_a": 0, "nan_b": 0, "infinite_a": 0, "infinite_b": 0,
    }  # fmt: skip
    assert regolo("diff", "m", "--json").document["values"] is None
    lines = [line.split("\t") for line in regolo("diff", "m", "--values", "--plain").lines]
    assert ["values", "bias", "0.5", "1.0", "0.5", "1.0", "0", "0", "0", "0"] in lines
    assert "not the work tree" in regolo("diff", "--values", status=2).err
    assert "values" in regolo("diff", "HEAD~1..HEAD", "--values", "--json").document["changed"][0]
