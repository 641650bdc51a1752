"""Arrays become the very file that the safetensors library writes."""

import io
import sys
import types

import numpy as np
import pytest
from safetensors.numpy import save
from support.artifact_files import stored_bytes

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.source.arrays import ArraysFile
from regolo_git.errors import InvalidInput
from regolo_git.store.store import Store


def sample() -> dict[str, np.ndarray]:
    return {
        "bias": np.arange(3, dtype=np.uint8),
        "weight": np.arange(12, dtype=np.float32).reshape(3, 4),
        "ä": np.ones((2, 2), np.float64),
        "flag": np.array(True),
        "empty": np.zeros((0, 5), np.float16),
        "counts": np.arange(5),
    }


def file_of(arrays: object) -> bytes:
    return io.BufferedReader(ArraysFile(arrays)).read()  # type: ignore[arg-type]


def test_the_file_is_the_one_that_the_library_writes() -> None:
    assert file_of(sample()) == save(sample())


def test_arrays_in_another_order_or_layout_are_the_same_file() -> None:
    other = {
        "weight": np.asfortranarray(sample()["weight"]).astype(">f4"),
        **{name: array for name, array in reversed(sample().items()) if name != "weight"},
    }
    assert file_of(other) == save(sample())


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_reads_the_same_in_pieces_of_any_size(size: int) -> None:
    file = ArraysFile(sample())
    pieces = []
    while piece := file.read(size):
        pieces.append(piece)
    assert b"".join(pieces) == save(sample())
    assert file.seek(-4, io.SEEK_END) == file.size - 4


def test_a_mapping_is_stored_with_its_tensors(store: Store) -> None:
    result = ingest(store, sample())
    assert result.tensors == len(sample())
    assert result.artifact.size == len(save(sample()))
    assert stored_bytes(store, result.artifact) == save(sample())


MASKED = np.ma.array([1.0, 2.0], mask=[False, True])


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([object()]), np.zeros(2, np.complex128), MASKED])
def test_an_array_that_safetensors_cannot_hold_is_named(array: object) -> None:
    with pytest.raises(InvalidInput, match="'odd'"):
        ArraysFile({"odd": array})  # type: ignore[dict-item]


@pytest.mark.parametrize("name", ["__metadata__", "line\nbreak", "\ud800"])
def test_a_name_that_a_header_cannot_hold_is_refused(store: Store, name: str) -> None:
    with pytest.raises(InvalidInput):
        ingest(store, {name: np.zeros(1)})


def test_no_arrays_are_no_artifact(store: Store) -> None:
    with pytest.raises(InvalidInput):
        ingest(store, {})


class Tensor:
    """What is needed of PyTorch's tensors, whose bfloat16 numpy cannot have."""

    def __init__(self, array: np.ndarray, dtype: str) -> None:
        self.array, self.dtype = array, dtype

    def detach(self) -> "Tensor":
        return self

    cpu = contiguous = detach

    def view(self, dtype: str) -> "Tensor":
        return Tensor(self.array.view(dtype), f"torch.{dtype}")

    def numpy(self) -> np.ndarray:
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


def test_tensors_of_pytorch_are_taken_with_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(int16="int16"))
    bits = np.array([0x3F80, 0x4000], np.int16)
    content = file_of(
        {"w": Tensor(bits, "torch.bfloat16"), "b": Tensor(np.zeros(1, np.float32), "torch.float32")}
    )
    assert b'"w":{"dtype":"BF16","shape":[2]' in content
    assert content.endswith(bits.tobytes())
