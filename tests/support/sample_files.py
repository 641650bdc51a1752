"""Small real files of each format, made in memory; `test_*` and `fuzz_headers.py` start from them."""

import io
import struct
import zipfile

import numpy as np
from safetensors.numpy import save

from regolo_git.layouts.items import Item
from regolo_git.records.digests import Digest, blake3_hex
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile, RecipeTensor


def safetensors_file() -> bytes:
    return save(
        {"b.weight": np.arange(12, dtype=np.float32).reshape(3, 4), "a.bias": np.zeros(3, np.float16)},
        metadata={"format": "np"},
    )


def gguf_string(text: str, order: str = "<") -> bytes:
    data = text.encode()
    return struct.pack(order + "Q", len(data)) + data


def gguf_file(*, version: int = 3, order: str = "<", alignment: int | None = 64) -> bytes:
    """Metadata of every value type, a quantized and two plain tensors, one of them padded."""

    def pack(form: str, *values: object) -> bytes:
        return struct.pack(order + form, *values)

    def text(value: str) -> bytes:
        return gguf_string(value, order)

    pairs = [
        text("general.architecture") + pack("I", 8) + text("llama"),
        text("words") + pack("IIQ", 9, 8, 2) + text("<s>") + text("é"),
        text("scores") + pack("IIQ3f", 9, 6, 3, 0.0, 1.0, 2.0),
        text("nested") + pack("IIQ", 9, 9, 2) + pack("IQ2B", 0, 2, 1, 2) + pack("IQ", 8, 1) + text("x"),
        *(text(f"n{kind}") + pack("I" + form, kind, 1) for kind, form in enumerate("BbHhIif?")),
        *(text(f"n{kind}") + pack("I" + form, kind, 1) for kind, form in ((10, "Q"), (11, "q"), (12, "d"))),
    ]
    if alignment:
        pairs.append(text("general.alignment") + pack("II", 4, alignment))
    step = alignment or 32
    # name, lengths (innermost first), type, bytes
    tensors = [("q", (64, 2), 8, 136), ("f", (3,), 0, 12), ("h", (4, 2, 2), 1, 32)]
    table, data = b"", b""
    for name, lengths, kind, size in tensors:
        data += bytes(-len(data) % step)
        table += text(name) + pack(f"I{len(lengths)}Q", len(lengths), *lengths) + pack("IQ", kind, len(data))
        data += bytes(range(1, 1 + size))
    header = b"GGUF" + pack("IQQ", version, len(tensors), len(pairs)) + b"".join(pairs) + table
    return header + bytes(-len(header) % step) + data


def language_model(
    *, words: int = 64, quantized: bool = False, pooling: bool = False, order: str = "<"
) -> bytes:
    """A GGUF file with the metadata that `llama.cpp` asks for, and one tensor, of the embeddings."""

    def pack(form: str, *values: object) -> bytes:
        return struct.pack(order + form, *values)

    def text(value: str) -> bytes:
        return gguf_string(value, order)

    numbers = {"context_length": 512, "embedding_length": 32, **({"pooling_type": 1} if pooling else {})}
    pairs = [
        text("general.architecture") + pack("I", 8) + text("llama"),
        *(text(f"llama.{name}") + pack("II", 4, number) for name, number in numbers.items()),
        text("tokenizer.ggml.model") + pack("I", 8) + text("gpt2"),
        text("tokenizer.ggml.tokens") + pack("IIQ", 9, 8, words) + text("word") * words,
        text("tokenizer.ggml.scores") + pack("IIQ", 9, 6, words) + bytes(4 * words),
    ]
    kind, size = (8, 34 * words) if quantized else (0, 4 * 32 * words)
    table = text("token_embd.weight") + pack("IQQIQ", 2, 32, words, kind, 0)
    header = b"GGUF" + pack("IQQ", 3, 1, len(pairs)) + b"".join(pairs) + table
    return header + bytes(-len(header) % 32) + bytes(size)


def npz_file() -> bytes:
    file = io.BytesIO()
    np.savez(
        file,
        plain=np.arange(6, dtype=np.int64).reshape(2, 3),
        swapped=np.arange(4, dtype=">f4"),
        words=np.array(["a", "bc"]),
        pickled=np.array([{"a": 1}], dtype=object),
    )
    return file.getvalue()


def torch_file(storages: tuple[bytes, ...] = (b"\1" * 100, b"\2" * 64)) -> bytes:
    """As `torch.save` lays it out: stored members, storages brought to multiples of 64 by an extra field."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("model/byteorder", b"little")
        for number, storage in enumerate(storages):
            info = zipfile.ZipInfo(f"model/data/{number}")
            start = file.tell() + 30 + len(info.filename) + 4
            padding = -start % 64
            info.extra = struct.pack("<HH", 0x4246, padding) + b"Z" * padding
            archive.writestr(info, storage)
        archive.writestr("model/version", b"3\n")
    return file.getvalue()


def zip64_file() -> bytes:
    """An array written as a stream, so that its entry has a zip64 field and the sizes follow the data."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open("wide.npy", "w", force_zip64=True) as member:
        np.save(member, np.arange(5, dtype=np.uint8))
    data = bytearray(file.getvalue())
    entry = data.index(b"PK\1\2")
    size = struct.unpack_from("<I", data, entry + 24)[0]
    extra = struct.pack("<HHQQ", 1, 16, size, size)
    struct.pack_into("<II", data, entry + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", data, entry + 30, len(extra))
    name_end = entry + 46 + len("wide.npy")
    data[name_end:name_end] = extra
    end = data.index(b"PK\5\6")
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, end - entry, entry)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
    tail = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return bytes(data[:end]) + record + locator + tail


SAMPLES = {
    "safetensors": safetensors_file,
    "gguf": gguf_file,
    "npz": npz_file,
    "torch": torch_file,
    "zip64": zip64_file,
}


def recipe_of(data: bytes, items: tuple[Item, ...]) -> Recipe:
    """The recipe of a file with this layout, in one chunk."""
    tensors, at = [], 0
    for item in items:
        if item.tensor is not None:
            info, content = item.tensor, data[at : at + item.size]
            tensors.append(
                RecipeTensor(info.name, info.dtype, info.shape, at, item.size, blake3_hex(content))
            )
        at += item.size
    address = blake3_hex(data)
    file = RecipeFile("", 0o644, len(data), Digest("blake3", address))
    return Recipe("file", (file,), tuple(tensors), (RecipeChunk(address, len(data)),))
