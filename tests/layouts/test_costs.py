"""Headers made to cost: reads are counted, not seconds."""

import io
import random
import struct
import zipfile

import pytest
from support.sample_files import SAMPLES, gguf_file, gguf_string

from regolo_git.layouts.completeness import Openable, examine
from regolo_git.layouts.items import Malformed
from regolo_git.layouts.layout import read_layout
from regolo_git.layouts.onnx import FIELDS_LIMIT, external_data


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    calls = 0
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.calls += 1
        self.taken += len(data)
        return data


def read(data: bytes) -> tuple[Counted, object]:
    file = Counted(data)
    return file, read_layout(file, len(data))


def overlapping(count: int, size: int = 60_000) -> bytes:
    """A zip file whose entries all lead to one array with a long header."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }".ljust(size) + b"\n"
        archive.writestr("a.npy", b"\x93NUMPY\2\0" + struct.pack("<I", len(header)) + header + bytes(4))
    data = file.getvalue()
    entry, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    directory = data[entry:end] * count
    tail = struct.pack("<4xHHIIH", count, count, len(directory), entry, 0)
    return data[:entry] + directory + b"PK\5\6" + bytes(4) + tail[4:]


@pytest.mark.parametrize("count", [2, 13_000])
def test_overlapping_members_are_refused_before_a_header_is_read(count: int) -> None:
    file, layout = read(overlapping(count))
    assert layout is None
    assert file.calls <= 8
    assert read(overlapping(1))[1] is not None


def texts(count: int, length: int = 0) -> bytes:
    values = struct.pack("<Q", length) + b"x" * length
    pair = gguf_string("k") + struct.pack("<IIQ", 9, 8, count) + values * count
    return b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair


@pytest.mark.parametrize(("count", "length"), [(400_000, 0), (100_000, 30), (1000, 5000), (40, 100_000)])
def test_a_vocabulary_is_skipped_in_blocks(count: int, length: int) -> None:
    data = texts(count, length)
    file, layout = read(data)
    assert layout is not None
    assert file.calls <= 40 + len(data) // 30_000
    assert file.taken <= 2 * len(data) + (1 << 17)


@pytest.mark.parametrize(
    "data",
    [
        texts(2_000_000),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1 << 17)
        + (gguf_string("") + struct.pack("<IB", 0, 0)) * (1 << 17),
        b"GGUF"
        + struct.pack("<IQQ", 3, 0, 1)
        + gguf_string("k")
        + struct.pack("<IIQ", 9, 9, 2_000_000)
        + struct.pack("<IQ", 0, 0) * 2_000_000,
    ],
    ids=["texts", "pairs", "arrays"],
)
def test_too_many_values_are_given_up_at_once(data: bytes) -> None:
    file, layout = read(data)
    assert layout is None
    assert file.calls <= 40


def test_an_onnx_model_of_tiny_fields_is_given_up() -> None:
    data = b"\x08\x08" + b"\x08\x01" * FIELDS_LIMIT
    file = Counted(data)
    with pytest.raises(Malformed):
        external_data(file, len(data))
    assert file.calls <= 2 * FIELDS_LIMIT + 10


def hostile(seed: int) -> bytes:
    """A sample with fields replaced, runs repeated and parts cut, as a fuzzer would."""
    chance = random.Random(seed)
    data = bytearray(chance.choice(sorted(SAMPLES.items()))[1]())
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            width = chance.choice((1, 2, 4, 8))
            data[at : at + width] = chance.choice((bytes(width), b"\xff" * width, chance.randbytes(width)))
        elif kind == 1:
            run = bytes(data[at : at + chance.randint(1, 200)])
            data[at:at] = run * chance.randint(1, 300)
        elif kind == 2 and len(data) > 20:
            del data[at:]
        else:
            data[at:at] = chance.randbytes(chance.randint(1, 30))
        if not data:
            return b"GGUF"
    return bytes(data)


@pytest.mark.parametrize("start", range(0, 1000, 100))
def test_generated_headers_cost_no_more_than_their_size(start: int) -> None:
    for seed in range(start, start + 100):
        data = hostile(seed)
        file, _ = read(data)
        assert file.calls <= 60 + len(data) // 2, seed
        assert file.taken <= 4 * len(data) + (1 << 18), seed
        held = Held(data)
        examine([held], "m.onnx")
        assert held.file.calls <= 120 + 2 * len(data), seed


class Held:
    """A single file whose reads are counted."""

    path = ""

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.file = Counted(data)

    def head(self, count: int) -> bytes:
        self.file.seek(0)
        return self.file.read(count)

    def opened(self) -> "Held":
        return self

    def __enter__(self) -> Counted:
        return self.file

    def __exit__(self, *error: object) -> None:
        pass


def test_a_whole_file_is_never_read_for_its_header() -> None:
    data = gguf_file() + bytes(0)
    large = b"PK\3\4" + bytes(5_000_000)
    for content in (data, large):
        held: Openable = Held(content)  # type: ignore[assignment]
        examine([held], "m.gguf")
        assert held.file.taken <= len(data) * 4 + (1 << 18)  # type: ignore[attr-defined]
