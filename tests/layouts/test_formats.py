"""Each format's tensors are found where they lie, and their bytes are the tensor's."""

import io
import zipfile

import numpy as np
import pytest
from support.sample_files import SAMPLES, gguf_file, npz_file, safetensors_file, torch_file, zip64_file

from regolo_git.layouts.items import TensorInfo
from regolo_git.layouts.layout import read_layout


def tensors(data: bytes) -> dict[str, tuple[TensorInfo, bytes]]:
    """The tensors of a file by name, with their bytes; the items must cover the file."""
    items = read_layout(io.BytesIO(data), len(data))
    assert items is not None
    assert sum(item.size for item in items) == len(data)
    found, at = {}, 0
    for item in items:
        if item.tensor:
            found[item.tensor.name] = (item.tensor, data[at : at + item.size])
        at += item.size
    return found


def test_safetensors_gives_its_tensors_after_one_header() -> None:
    data = safetensors_file()
    items = read_layout(io.BytesIO(data), len(data))
    assert items is not None
    assert [item.tensor and item.tensor.name for item in items] == [None, "b.weight", "a.bias"]
    found = tensors(data)
    assert found["b.weight"] == (
        TensorInfo("b.weight", "F32", (3, 4)),
        np.arange(12, dtype=np.float32).tobytes(),
    )


def test_safetensors_without_tensors_is_one_header() -> None:
    data = (2).to_bytes(8, "little") + b"{}"
    items = read_layout(io.BytesIO(data), len(data))
    assert items is not None
    assert [item.size for item in items] == [10]


@pytest.mark.parametrize(
    ("version", "order", "alignment"), [(2, "<", None), (3, "<", 64), (3, ">", 32), (2, "<", 8)]
)
def test_gguf_gives_quantized_and_plain_tensors(version: int, order: str, alignment: int | None) -> None:
    found = tensors(gguf_file(version=version, order=order, alignment=alignment))
    assert {name: (info.dtype, info.shape, data[:2]) for name, (info, data) in found.items()} == {
        "q": ("Q8_0", (2, 64), b"\1\2"),
        "f": ("F32", (3,), b"\1\2"),
        "h": ("F16", (2, 2, 4), b"\1\2"),
    }


def test_npz_gives_plain_arrays_without_their_text() -> None:
    found = tensors(npz_file())
    assert {name: (info.dtype, info.shape) for name, (info, _) in found.items()} == {
        "plain": ("I64", (2, 3)),
        "swapped": (">f4", (4,)),
    }
    assert found["plain"][1] == np.arange(6, dtype=np.int64).tobytes()


def test_torch_gives_storages_as_bytes_whatever_the_file_is_called() -> None:
    found = tensors(torch_file())
    assert found == {
        "data/0": (TensorInfo("data/0", "U8", (100,)), b"\1" * 100),
        "data/1": (TensorInfo("data/1", "U8", (64,)), b"\2" * 64),
    }


def test_zip64_fields_are_followed() -> None:
    assert tensors(zip64_file())["wide"][1] == bytes(range(5))


def test_compressed_members_are_no_tensors() -> None:
    file = io.BytesIO()
    np.savez_compressed(file, a=np.zeros(1000))
    assert read_layout(file, len(file.getvalue())) is None


def test_a_zip_of_something_else_is_plain_bytes() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert read_layout(file, len(file.getvalue())) is None


@pytest.mark.parametrize("data", [b"", b"PK", b"GGUF", b"\0" * 100, b"just text, and more of it"])
def test_anything_else_is_plain_bytes(data: bytes) -> None:
    assert read_layout(io.BytesIO(data), len(data)) is None


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_cut_the_same_when_it_is_read_twice(sample: str) -> None:
    data = SAMPLES[sample]()
    file = io.BytesIO(data)
    assert read_layout(file, len(data)) == read_layout(file, len(data))
