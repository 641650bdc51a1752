"""Headers that lie: plain bytes, never an exception, never much memory or time."""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError
from safetensors.numpy import load
from support.sample_files import SAMPLES, gguf_file, gguf_string, recipe_of, torch_file

from regolo_git.layouts.layout import read_layout
from regolo_git.records.recipe import Recipe


def layout_of(data: bytes) -> object:
    items = read_layout(io.BytesIO(data), len(data))
    if items is not None and data:
        assert sum(item.size for item in items) == len(data)
        recipe = recipe_of(data, items)
        assert Recipe.parse(recipe.to_bytes()) == recipe
    return items


def safetensors(header: object, body: int = 0, length: int | None = None) -> bytes:
    encoded = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(encoded) if length is None else length) + encoded + bytes(body)


def entry(first: int, last: int, shape: object = (1,), dtype: object = "U8") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [first, last]}


LYING_SAFETENSORS = {
    "length past the end": safetensors({"a": entry(0, 1)}, 1, length=1 << 40),
    "length of 2^64 - 1": safetensors({}, length=(1 << 64) - 1),
    "overlap": safetensors({"a": entry(0, 2, [2]), "b": entry(1, 3, [2])}, 3),
    "hole": safetensors({"a": entry(0, 1), "b": entry(2, 3)}, 3),
    "hole in front": safetensors({"a": entry(1, 2)}, 2),
    "bytes left over": safetensors({"a": entry(0, 1)}, 2),
    "too short": safetensors({"a": entry(0, 4, [4])}, 3),
    "backwards": safetensors({"a": entry(1, 0)}, 1),
    "shape does not fit": safetensors({"a": entry(0, 2, [3])}, 2),
    "half a byte": safetensors({"a": entry(0, 1, [3], "F4")}, 1),
    "shape beyond 2^63": safetensors({"a": entry(0, 1, [1 << 40, 1 << 40])}, 1),
    "negative length": safetensors({"a": entry(0, 1, [-1])}, 1),
    "true as a length": safetensors({"a": entry(0, 1, [True])}, 1),
    "a float offset": safetensors({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1.0]}}, 1),
    "unknown dtype": safetensors({"a": entry(0, 1, [1], "U9")}, 1),
    "no shape": safetensors({"a": {"dtype": "U8", "data_offsets": [0, 1]}}, 1),
    "metadata that is no text": safetensors({"__metadata__": {"a": 1}}),
    "half a surrogate": safetensors(b'{"\\ud800": {"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1),
    "no JSON": safetensors(b"{'a': 1}"),
    "no UTF-8": safetensors(b'{"\xff": 1}'),
    "a list": safetensors(b"[1, 2, 3]"),
    "an endless number": safetensors(b'{"a": ' + b"9" * 5000 + b"}"),
}


@pytest.mark.parametrize("data", LYING_SAFETENSORS.values(), ids=LYING_SAFETENSORS)
def test_a_wrong_safetensors_header_is_plain_bytes(data: bytes) -> None:
    assert layout_of(data) is None
    with pytest.raises(SafetensorError):
        load(data)  # the reference library refuses it as well


@pytest.mark.parametrize("depth", [1_000, 1_000_000])
def test_deep_nesting_does_not_end_the_program(depth: int) -> None:
    assert layout_of(safetensors(b'{"a":' * depth + b"1" + b"}" * depth)) is None
    assert layout_of(safetensors(b'{"a":' + b"[" * depth + b"]" * depth + b"}")) is None


def gguf(tensors: int, pairs: int, rest: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, pairs) + rest


HUGE = (1 << 64) - 1
NESTED = struct.pack("<IQ", 9, 1) * 100
LYING_GGUF = {
    "a version of its own": b"GGUF" + struct.pack("<IQQ", 9, 0, 0),
    "pairs without end": gguf(0, HUGE, bytes(1000)),
    "tensors without end": gguf(HUGE, 0, bytes(1000)),
    "a key without end": gguf(0, 1, struct.pack("<Q", HUGE)),
    "a text without end": gguf(0, 1, gguf_string("k") + struct.pack("<IQ", 8, HUGE)),
    "an array without end": gguf(0, 1, gguf_string("k") + struct.pack("<IIQ", 9, 12, HUGE)),
    "empty arrays without end": gguf(0, 1, gguf_string("k") + struct.pack("<IIQ", 9, 9, HUGE) + bytes(99)),
    "arrays in arrays": gguf(0, 1, gguf_string("k") + struct.pack("<I", 9) + NESTED),
    "an unknown value type": gguf(0, 1, gguf_string("k") + struct.pack("<I", 99) + bytes(50)),
    "an odd alignment": gguf(0, 1, gguf_string("general.alignment") + struct.pack("<II", 4, 33)),
    "an alignment of 0": gguf(0, 1, gguf_string("general.alignment") + struct.pack("<II", 4, 0)),
    "too many dimensions": gguf(1, 0, gguf_string("t") + struct.pack("<I", 5) + bytes(60)),
    "a huge shape": gguf(1, 0, gguf_string("t") + struct.pack("<I4QIQ", 4, *[1 << 62] * 4, 0, 0)),
    "an unknown tensor type": gguf(1, 0, gguf_string("t") + struct.pack("<IQIQ", 1, 1, 4, 0) + bytes(64)),
    "half a block": gguf(1, 0, gguf_string("t") + struct.pack("<IQIQ", 1, 16, 2, 0) + bytes(64)),
    "a tensor past the end": gguf(1, 0, gguf_string("t") + struct.pack("<IQIQ", 1, 99, 0, 0) + bytes(64)),
    "a hole in front": gguf(1, 0, gguf_string("t") + struct.pack("<IQIQ", 1, 1, 0, 64) + bytes(120)),
    "bytes left over": gguf_file() + bytes(64),
    "cut short": gguf_file()[:-1],
}


@pytest.mark.parametrize("data", LYING_GGUF.values(), ids=LYING_GGUF)
def test_a_wrong_gguf_header_is_plain_bytes(data: bytes) -> None:
    assert layout_of(data) is None


def changed(at: int, form: str, value: int) -> bytes:
    """The torch sample with one field of its last central entry or its end record changed."""
    data = bytearray(torch_file())
    record = data.rindex(b"PK\1\2") if at < 100 else data.rindex(b"PK\5\6")
    struct.pack_into(form, data, record + at % 100, value)
    return bytes(data)


LYING_ZIP = {
    "a member past the end": changed(42, "<I", 1 << 30),
    "a member in the directory": changed(20, "<I", 1 << 20),
    "a member on another": changed(42, "<I", 0),
    "a name past the directory": changed(28, "<H", 60_000),
    "zip64 without its field": changed(24, "<I", 0xFFFFFFFF),
    "more members than there are": changed(110, "<H", 60_000),
    "a directory past the end": changed(116, "<I", 1 << 30),
    "a directory of 4 GB": changed(112, "<I", 0xFFFFFFF0),
    "a second disk": changed(104, "<H", 1),
    "no end": torch_file()[:-30],
}


@pytest.mark.parametrize("data", LYING_ZIP.values(), ids=LYING_ZIP)
def test_a_wrong_zip_directory_is_plain_bytes(data: bytes) -> None:
    assert layout_of(data) is None


@pytest.mark.parametrize("shape", ["0, 9999999999999999999", "9223372036854775808, 0"])
def test_an_empty_array_with_an_endless_side_is_not_a_tensor(shape: str) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n".encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header)
    assert layout_of(file.getvalue()) is None


EIGHT_MIB = 8 << 20
COSTLY: dict[str, Callable[[], bytes]] = {
    "objects": lambda: safetensors(b'{"a":[' + b"{}," * ((EIGHT_MIB - 20) // 3) + b"1]}"),
    "lists": lambda: safetensors(b'{"a":[' + b"[]," * ((EIGHT_MIB - 20) // 3) + b"1]}"),
    "numbers": lambda: safetensors(b'{"a":[' + b"1.1," * ((EIGHT_MIB - 20) // 4) + b"1]}"),
    "a header over the limit": lambda: safetensors(b"{" + b" " * (9 << 20) + b"}"),
    "texts": lambda: gguf(0, 1, gguf_string("k") + struct.pack("<IIQ", 9, 8, 1 << 40) + bytes(34 << 20)),
    "names": lambda: gguf(1 << 18, 0, (gguf_string("t") + struct.pack("<IIQ", 0, 24, 0)) * (1 << 18)),
    "end records": lambda: b"PK\3\4" + b"PK\5\6" * (1 << 20),
}


BOUNDED = """
import io, resource, sys
from regolo_git.layouts.layout import read_layout
file = io.BytesIO(sys.stdin.buffer.read())
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (128 << 20),) * 2)
read_layout(file, len(file.getbuffer()))
"""


@pytest.mark.parametrize("name", COSTLY)
def test_a_header_made_to_cost_is_bounded(name: str) -> None:
    subprocess.run([sys.executable, "-c", BOUNDED], input=COSTLY[name](), check=True, timeout=240)


samples = {name: make() for name, make in SAMPLES.items()}


@given(st.sampled_from(sorted(samples)), st.data())
def test_a_changed_header_is_read_or_left_alone(name: str, data: st.DataObject) -> None:
    changed = bytearray(samples[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        width = data.draw(st.sampled_from((1, 2, 4, 8)))
        changed[at : at + width] = data.draw(st.binary(min_size=width, max_size=width))
    layout_of(bytes(changed))


@given(st.sampled_from(sorted(samples)), st.data())
def test_a_truncated_file_is_plain_bytes(name: str, data: st.DataObject) -> None:
    whole = samples[name]
    assert layout_of(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None


@given(st.sampled_from((b"GGUF\3\0\0\0", b"PK\3\4", b"\x20\0\0\0\0\0\0\0{")), st.binary(max_size=400))
def test_noise_behind_a_magic_is_read_or_left_alone(magic: bytes, noise: bytes) -> None:
    layout_of(magic + noise)
