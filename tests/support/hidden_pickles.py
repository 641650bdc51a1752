"""Pickles that run something, in files that Python's own readers and joblib read otherwise than they seem.

Each creates the file `ran`, as those of `hostile_pickles` do.
"""

import bz2
import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable

from support.hostile_pickles import (
    HARMLESS,
    SYSTEM,
    Hostile,
    call,
    name,
    object_array,
    raw,
    tarred,
    text,
    whole,
    zipped,
)

HARMFUL = whole(SYSTEM)
BLOCK = 512
TAR_END = bytes(2 * BLOCK)

# -- tar ----------------------------------------------------------------------------------------------------


def tar_header(
    name: bytes, size: int, kind: bytes = b"0", *, signed: bool = False, before: bytes = b""
) -> bytes:
    """The header of a member, with its sum, also as some programs count it: by bytes with a sign."""
    head = bytearray(name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2)
    head += b"%011o\0" % size + b"00000000000\0" + b" " * 8 + kind
    head += bytes(BLOCK - len(head))
    total = sum(head) - (256 * sum(byte > 127 for byte in head) if signed else 0)
    head[148:156] = (before + (b"-%o" if total < 0 else b"%o") % abs(total)).ljust(8, b"\0")
    return bytes(head)


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def tar_member(name: bytes, data: bytes, **how: object) -> bytes:
    return tar_header(name, len(data), **how) + padded(data)  # type: ignore[arg-type]


def said(key: str, value: str) -> bytes:
    """A record of a pax header."""
    rest = f" {key}={value}\n"
    length = len(rest) + 2
    assert len(str(length)) == 2
    return f"{length}{rest}".encode()


WITHIN = tar_member(b"weights", HARMFUL)


def hidden_tar(*before: bytes, kind: bytes = b"0", name: bytes = b"readme") -> bytes:
    """A member whose content, by its header, is a block, another member and the end."""
    start = b"".join(before) + tar_header(name, len(WITHIN) + 2 * BLOCK, kind)
    return start + (b"" if kind != b"0" else padded(b"some words")) + WITHIN + TAR_END


def pax(records: bytes, beyond: bytes = b"") -> bytes:
    return tar_header(b"pax", len(records), b"x") + padded(records + beyond)


TARS: dict[str, bytes] = {
    "a tar with a size of its own": hidden_tar(pax(said("size", "512"))),
    "a tar with a size behind its records": hidden_tar(pax(said("path", "abc"), said("size", "512"))),
    "a tar with an old directory": hidden_tar(kind=b"\0", name=b"x/"),
    "a tar with a long directory": hidden_tar(kind=b"5"),
    "a tar with a long link": hidden_tar(kind=b"1"),
    "a tar with a signed sum": tar_member(b"\xe9" + b"a" * 90, HARMFUL, signed=True) + TAR_END,
    "a tar with a negative sum": tar_member(b"\x81" * 99, HARMFUL, signed=True) + TAR_END,
    "a tar with a sum beside another blank": tar_member(b"weights", HARMFUL, before=b"\x1c") + TAR_END,
}

# -- zip ----------------------------------------------------------------------------------------------------


def two_directories() -> tuple[bytes, bytes, bytes]:
    """What members of an archive have, and a directory that names the harmless, and one the harmful."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/readme.txt", "words\n" * 20)
        archive.writestr("a/weights.dt", HARMFUL)
    data = file.getvalue()
    first = data.index(b"PK\1\2")
    second = data.index(b"PK\1\2", first + 1)
    return data[:first], data[first:second], data[second : data.index(b"PK\5\6")]


def zip_end(count: int, size: int, offset: int) -> bytes:
    return b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, size, offset, 0)


def zip_end64(count: int, size: int, offset: int, place: int) -> bytes:
    record = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)
    return record + b"PK\6\7" + struct.pack("<IQI", 0, place, 1)


def two_ends() -> bytes:
    members, harmless, harmful = two_directories()
    start = len(members) + len(harmless)
    wide = zip_end64(1, len(harmful), start, start + len(harmful))
    return members + harmless + harmful + wide + zip_end(1, len(harmless), len(members))


def wrong_offset() -> bytes:
    """Python's zipfile takes the directory to be right before the end, and everything to have moved with it."""
    members, harmless, harmful = two_directories()
    moved = bytearray(harmful)
    distance = len(harmless)
    (offset,) = struct.unpack_from("<I", moved, 42)
    struct.pack_into("<I", moved, 42, offset - distance)
    return members + harmless + bytes(moved) + zip_end(1, len(harmless), len(members))


def wrong_count() -> bytes:
    members, harmless, harmful = two_directories()
    return members + harmless + harmful + zip_end(1, len(harmless + harmful), len(members))


ZIPS: dict[str, Callable[[], bytes]] = {
    "a zip with two ends": two_ends,
    "a zip with a wrong offset": wrong_offset,
    "a zip with a wrong count": wrong_count,
    "a zip without its first bytes": lambda: b"x" + zipped("archive/data.pkl", HARMFUL)[4:],
    "a zip behind words": lambda: b"some words\n" * 9 + zipped("archive/data.pkl", HARMFUL),
    "a zip behind a tar": lambda: tarred("a.txt", b"words\n") + zipped("archive/data.pkl", HARMFUL),
}

# -- compressed ---------------------------------------------------------------------------------------------


def tar_and_gzip() -> bytes:
    """A tar file whose first name is the start of a gzip header, and whose whole is a field of it."""
    length = 4 * BLOCK - 12
    name = b"\x1f\x8b\x08\x04" + bytes(4) + b"\0\xff" + struct.pack("<H", length) + b"a"
    return tar_header(name, 5) + padded(b"words") + TAR_END + gzip.compress(HARMFUL)[10:]


def tar_and_pickle() -> bytes:
    return tar_member(b"cos\nsystem\n(S'touch ran'\ntR.", b"words") + TAR_END


def alone(**how: int) -> bytes:
    return lzma.compress(HARMFUL, lzma.FORMAT_ALONE, filters=[{"id": lzma.FILTER_LZMA1, **how}])


def small_window() -> bytes:
    deflate = zlib.compressobj(wbits=12)
    return deflate.compress(HARMFUL) + deflate.flush()


def old_joblib(length: bytes) -> bytes:
    return b"ZF" + length.ljust(19) + zlib.compress(HARMFUL)


COMPRESSED: dict[str, Callable[[], Hostile]] = {
    "gzip behind zeros": lambda: Hostile(
        gzip.compress(b"") + bytes(200_000) + gzip.compress(HARMFUL), "model", "gzip"
    ),
    "gzip behind a few zeros": lambda: Hostile(
        gzip.compress(b"") + bytes(20) + gzip.compress(HARMFUL), "model", "gzip"
    ),
    "gzip that seems to be a tar": lambda: Hostile(tar_and_gzip(), "model", "gzip"),
    "a pickle that seems to be a tar": lambda: Hostile(tar_and_pickle(), "model"),
    "bz2 behind bz2": lambda: Hostile(bz2.compress(b"") + bz2.compress(HARMFUL), "model", "joblib"),
    "lzma with a small dictionary": lambda: Hostile(alone(dict_size=4096), "model", "joblib"),
    "lzma with other properties": lambda: Hostile(alone(lc=1, lp=1, pb=1), "model", "lzma"),
    "lzma before other bytes": lambda: Hostile(alone() + b"\xff" * 20, "model", "joblib"),
    "lzma of nothing before lzma": lambda: Hostile(
        lzma.compress(b"", lzma.FORMAT_ALONE) + alone() + b"\xff" * 20, "model", "joblib"
    ),
    "zlib with a small window": lambda: Hostile(small_window(), "model", "zlib"),
    "joblib before 0.9": lambda: Hostile(old_joblib(hex(len(HARMFUL)).encode()), "model", "joblib"),
    "joblib before 0.9, another length": lambda: Hostile(
        old_joblib(b"  %X" % len(HARMFUL)), "model", "joblib"
    ),
    "joblib before 0.9, a blank more": lambda: Hostile(
        b"ZF" + hex(len(HARMFUL)).encode().ljust(20) + zlib.compress(HARMFUL), "model", "joblib"
    ),
}

# -- arrays -------------------------------------------------------------------------------------------------


def arrays(*kinds: str) -> bytes:
    import numpy as np

    file = io.BytesIO()
    for kind in kinds:
        np.save(file, np.zeros((2, 3), kind))
    return file.getvalue() + object_array()


# -- arrays of joblib, which seem to cover instructions -----------------------------------------------------


def dtype(kind: str, size: int = -1, flags: int = 0) -> bytes:
    return described(call(name("numpy", "dtype"), text(kind), b"\x89", b"\x88"), size, flags)


def described(made: bytes, size: int, flags: int = 0) -> bytes:
    sizes = struct.pack("<ci", b"J", size) * 2
    return made + b"(K\x03" + text("|") + b"NNN" + sizes + b"K" + bytes([flags]) + b"tb"


def joblib_array(hidden: bytes, kind: bytes, count: int, last: bytes = b"") -> Hostile:
    """An array of so many elements of a type, with what else is done before joblib reads it."""
    state = {
        "subclass": name("numpy", "ndarray"),
        "shape": b"K" + bytes([count]) + b"\x85",
        "order": text("C"),
        "dtype": kind,
        "allow_mmap": b"\x89",
    }
    items = b"".join(text(key) + value for key, value in state.items())
    wrapper = name("joblib.numpy_pickle", "NumpyArrayWrapper")
    return Hostile(whole(wrapper, b")\x81}q\x05(", items, b"u", last, b"b", hidden), "x.joblib", "joblib")


ONE = b"\xff0" + SYSTEM + b"."  # one byte that is no instruction, and instructions
OTHER_SHAPE = text("shape") + b"K\x01\x85s"
COUNT = 24


def other_dtype() -> Hostile:
    """A type that is changed by another name: NumPy's type of a type is itself."""
    hidden = (b"\xff" * COUNT + b"0" + SYSTEM + b".").ljust(4 * COUNT, b".")
    again = described(call(name("numpy", "dtype"), b"h\x06"), 1)
    return joblib_array(hidden, dtype("V4", 4) + b"q\x06" + again + b"0", COUNT)


ARRAYS: dict[str, Callable[[], Hostile]] = {
    "a computed key": lambda: joblib_array(
        ONE,
        dtype("u1"),
        len(ONE),
        call(name("builtins", "str"), raw(b"shape"), text("ascii")) + b"K\x01\x85s",
    ),
    "a key behind a view": lambda: joblib_array(
        ONE, dtype("u1"), len(ONE), call(name("collections", "ChainMap"), b"h\x05") + OTHER_SHAPE + b"0"
    ),
    "a type by two names": other_dtype,
    "objects by a flag": lambda: joblib_array(
        b"\x80\x04" + HARMFUL + b"." * 9, dtype("u1", flags=1), len(HARMFUL)
    ),
}


def storage_of_objects() -> bytes:
    """An array of objects in the place of a tensor of PyTorch, which is not looked at if it is large."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", HARMLESS)
        archive.writestr("a/data/0", object_array() + bytes(1 << 18))
    return file.getvalue()


HIDDEN: dict[str, Callable[[], Hostile]] = {
    **{title: lambda data=data: Hostile(data, "model", "tar") for title, data in TARS.items()},
    **{title: lambda make=make: Hostile(make(), "model", "zip") for title, make in ZIPS.items()},
    **COMPRESSED,
    **{f"{title} of an array of joblib": make for title, make in ARRAYS.items()},
    "an array that seems to be a tensor": lambda: Hostile(storage_of_objects(), "arrays.npz", "npz"),
    "an array behind another": lambda: Hostile(arrays("<f4"), "arrays.npy", "arrays"),
    "an array behind one of records": lambda: Hostile(
        arrays("U3", "S2", "i4,(2,)f8,U2", "M8[ns]"), "arrays.npy", "arrays"
    ),
}
