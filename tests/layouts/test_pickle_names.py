"""What a pickle asks for, read symbolically; and what else may be in a file."""

import bz2
import contextlib
import gzip
import io
import pickle
import struct
import tracemalloc
import zipfile
import zlib
from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hostile_pickles import SYSTEM, call, hostile, name, tarred, tarred_all, text, whole, zipped
from support.model_files import write_model

from regolo_git.layouts.pickle_names import read_pickle_names
from regolo_git.layouts.pickles import content
from regolo_git.records.asked_names import AskedName, PickleNames

ORDERED = ["collections.OrderedDict"]


def names_of(data: bytes, file_name: str = "") -> PickleNames:
    return read_pickle_names(io.BytesIO(data), len(data), file_name)


def texts_of(data: bytes, file_name: str = "") -> list[str]:
    return [str(asked) for asked in names_of(data, file_name).names]


# -- names --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read(protocol: int) -> None:
    value = OrderedDict(a=(1, 2.5, None, True, -7, 1 << 70), b=[b"x", "y", {"z": {1, 2}}, frozenset([3])])
    names = names_of(pickle.dumps(value, protocol))
    assert "collections.OrderedDict" in map(str, names.names)
    assert (names.pickles, names.unread) == (1, ())


def test_a_name_has_its_place() -> None:
    data = zipped("archive/data.pkl", pickle.dumps(OrderedDict(), 4))
    assert names_of(data).names == (AskedName("collections", "OrderedDict", "archive/data.pkl", 40),)


def test_a_name_is_listed_once() -> None:
    assert texts_of(pickle.dumps([OrderedDict(), OrderedDict()], 0)).count("collections.OrderedDict") == 1


def test_a_pickle_of_values_asks_for_nothing() -> None:
    names = names_of(pickle.dumps({"a": [1, 2.0, "text"]}))
    assert names == PickleNames(pickles=1)
    assert names


def test_several_pickles_in_a_row() -> None:
    data = pickle.dumps(1) + pickle.dumps(OrderedDict()) + pickle.dumps([2])
    assert names_of(data).pickles == 3
    assert texts_of(data) == ORDERED


def test_a_pickle_in_a_value_of_another() -> None:
    inner = pickle.dumps(OrderedDict(), 2)
    assert texts_of(pickle.dumps({"cache": inner})) == ORDERED
    assert "collections.OrderedDict" in texts_of(pickle.dumps({"cache": inner}, 2))


def test_a_class_of_pytorch_before_1_6_is_the_one_beside_its_source() -> None:
    described = (
        b"(" + text("module") + name("collections", "OrderedDict") + text("x.py") + text("source") + b"tQ"
    )
    names = names_of(whole(described, b")\x81", protocol=2), "m.pth")
    assert names.unread == ()
    assert texts_of(whole(described, b")\x81", protocol=2)) == ORDERED


def old_torch_tar(raw: bytes) -> bytes:
    """The tar files of PyTorch before 0.2, whose storages and tensors alternate with pickles."""
    storage = name("torch", "FloatStorage")
    described = whole(b"(" + text("0") + text("cpu") + storage + b"t", protocol=2)
    storages = pickle.dumps(1, 2) + described + struct.pack("<q", len(raw) // 4) + raw + pickle.dumps([], 2)
    tensor = whole(b"(" + text("1") + text("0") + name("torch", "FloatTensor") + b"t", protocol=2)
    shape = struct.pack("<iiqqq", 1, 0, len(raw) // 4, 1, 0)
    return tarred_all(
        {
            "sys_info": pickle.dumps({"protocol_version": 1000}, 2),
            "pickle": whole(name("collections", "OrderedDict"), b")R", protocol=2),
            "tensors": pickle.dumps(1, 2) + tensor + shape,
            "storages": storages,
        }
    )


def test_an_old_tar_of_pytorch_is_read_whole() -> None:
    names = names_of(old_torch_tar(bytes(range(64))), "model.pth")
    assert names.unread == ()
    assert set(map(str, names.names)) == {
        *("collections.OrderedDict", "torch.FloatStorage", "torch.FloatTensor")
    }


def test_bytes_between_the_pickles_of_an_old_tar_are_unread() -> None:
    data = old_torch_tar(bytes(64))
    before, count, after = data.rpartition(struct.pack("<q", 16))
    assert count
    assert names_of(before + struct.pack("<q", 15) + after, "model.pth").unread


# -- what cannot be read is said ----------------------------------------------------------------------------

OBJECT = name("sklearn.compose._column_transformer", "make_column_selector") + b")\x81"

UNREAD = {
    "cut": whole(name("collections", "OrderedDict"), b")R")[:-1],
    "an opcode that there is not": whole(b"N\xff"),
    "a newer protocol": b"\x80\x06N.",
    "an extension": whole(b"\x82\x01"),
    "a call of a result": whole(call(call(name("collections", "OrderedDict")))),
    "a change of a class": whole(name("collections", "UserDict"), b"}(" + text("a") + b"K\x01ub"),
    "a change of a library's table": whole(
        name("sklearn.neural_network._base", "ACTIVATIONS") + text("relu") + b"Ns"
    ),
    "a method in a state": whole(
        name("types", "SimpleNamespace"), b")\x81}" + text("__setstate__"), OBJECT, b"sb"
    ),
    "a method in the state of slots": whole(
        name("types", "SimpleNamespace"), b")\x81N}" + text("append"), OBJECT, b"s\x86b"
    ),
    "a computed name in a state": whole(
        name("types", "SimpleNamespace"), b")\x81}" + call(name("builtins", "str"), text("a")) + b"Nsb"
    ),
    "a state that is computed": whole(
        name("types", "SimpleNamespace"), b")\x81", call(name("builtins", "dict"), b"]"), b"b"
    ),
    "a function that calls an object": whole(
        call(name("numpy.random._pickle", "__randomstate_ctor"), text("MT19937"), OBJECT)
    ),
    "a class that is computed": whole(call(name("copyreg", "__newobj__"), OBJECT)),
    "a function with computed arguments": whole(
        name("copyreg", "__newobj__"), call(name("builtins", "tuple"), b"]"), b"R"
    ),
    "bytes after its end": pickle.dumps(1) + b"more",
    "a stack that is empty": whole(b"0"),
    "a value that was not kept": whole(b"h\x05"),
    "an array of joblib that is unusual": whole(name("joblib.numpy_pickle", "NumpyArrayWrapper"), b")\x81}b"),
    "the class of joblib's arrays elsewhere": whole(
        name("joblib.numpy_pickle", "NumpyArrayWrapper"), b"\x85"
    ),
    "many marks": b"\x80\x04" + b"(" * 200_000,
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "HDF5 behind a block": bytes(2048) + b"\x89HDF\r\n\x1a\n" + bytes(100),
    "lz4, if only by its beginning": b"\x04\x22\x4d\x18" + bytes(100),
    "a frame that is skipped": b"\x51\x2a\x4d\x18" + bytes(100),
    "lzip, cut": b"LZIP\1\x0c" + bytes(10),
    "many empty parts": gzip.compress(b"") * 200_000,
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "Zstandard": b"\x28\xb5\x2f\xfd" + bytes(100),
    "a cut gzip": gzip.compress(whole(SYSTEM) * 100)[:40],
    "a cut zip": zipped("archive/data.pkl", whole(SYSTEM))[:-30],
    "an array without a header": b"\x93NUMPY\x01\x00\xff\xff{",
    "an empty file": b"",
}


@pytest.mark.parametrize("title", UNREAD)
def test_unreadable_content_is_reported(title: str) -> None:
    assert names_of(UNREAD[title], "model.pkl").unread


def test_a_name_of_keras_is_not_vouched_for() -> None:
    assert "HDF5" in str(names_of(bytes(1 << 21), "model.h5").unread)


@pytest.mark.parametrize(
    "title", ["HDF5 behind a block", "lz4, if only by its beginning", "a frame that is skipped"]
)
def test_a_pickle_is_recognized_by_its_beginning_under_any_name(title: str) -> None:
    assert names_of(UNREAD[title], "weights").unread


def test_an_encrypted_member_is_reported() -> None:
    data = bytearray(zipped("archive/data.pkl", whole(SYSTEM)))
    at = data.index(b"PK\1\2")
    while at >= 0:
        data[at + 8] |= 1
        at = data.find(b"PK\1\2", at + 1)
    assert names_of(bytes(data)).unread


@pytest.mark.parametrize(
    ("other", "file_name"), [("metadata.json", "m"), ("model.weights.npz", "m"), ("a.txt", "m.keras")]
)
def test_a_keras_model_is_not_vouched_for(other: str, file_name: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(other, "{}")
        archive.writestr("config.json", '{"class_name": "Lambda"}')
    assert "Keras" in str(names_of(file.getvalue(), file_name).unread)


# -- what is no pickle --------------------------------------------------------------------------------------

OTHERS = {
    "text": b"compile this\nand that\n",
    "JSON": b'{"a": 1}',
    "Markdown": b"(see below)\n",
    "an empty file": b"",
    "numbers": struct.pack("<100f", *range(100)),
    "bytes of the second protocol": b"\x80\x02\x00\x00\x00\x00\x00\x00{}",
    "looks like zlib": b"x\x9cnot at all",
    "CSV": b"id,name\n1,a\n",
    "PNG": b"\x89PNG\r\n\x1a\n" + bytes(30),
    "text, compressed": gzip.compress(b"some words\n" * 1000),
    "text in a tar": tarred("a.txt", b"some words\n"),
}


@pytest.mark.parametrize("title", OTHERS)
def test_another_file_has_no_pickles(title: str) -> None:
    assert not names_of(OTHERS[title], "file")


def test_a_model_without_pickles(tmp_path) -> None:
    path = write_model(tmp_path / "model.safetensors")
    assert not names_of(path.read_bytes(), "model.safetensors")


# -- bounds -------------------------------------------------------------------------------------------------


def bomb() -> bytes:
    return zlib.compress(b"\x80\x04" + b"\x8e" + struct.pack("<Q", 1 << 40) + bytes(1 << 22), 9)


HUGE = {
    "a long text": b"\x80\x04X\xff\xff\xff\xff",
    "long bytes": b"\x80\x04\x8e" + b"\xff" * 8,
    "a long integer": b"\x80\x04\x8b\xff\xff\xff\x7f",
    "a far place in the memo": b"\x80\x04Nr\xff\xff\xff\xff.",
    "a far place in the memo, as text": b"\x80\x04Np" + b"9" * 4000 + b"\n.",
    "a long frame": b"\x80\x04\x95" + b"\xff" * 8 + b"N.",
    "a long line": b"\x80\x04c" + b"a" * 1_000_000,
    "what decompresses to much": bomb(),
    "a tar of many gigabytes": tarred("a", b"")[:124] + b"77777777777\0" + tarred("a", b"")[136:],
}


@pytest.mark.parametrize("title", HUGE)
def test_a_huge_size_in_a_header_costs_little(title: str) -> None:
    data = HUGE[title]
    tracemalloc.start()
    try:
        names_of(data, "model.pkl")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * len(data) + 20_000_000


def test_a_budget_that_is_spent_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"N0" * 1000 + b"cos\nsystem\n."  # no suffix, no protocol: it may be a text
    small = content.Budget(opcodes=100)
    monkeypatch.setattr("regolo_git.layouts.pickle_names.Budget", lambda: small)
    assert names_of(data).unread


def test_decompressed_bytes_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    small = content.Budget(bytes=100_000)
    monkeypatch.setattr("regolo_git.layouts.pickle_names.Budget", lambda: small)
    assert names_of(bz2.compress(pickle.dumps(bytes(1_000_000))), "model.pkl").unread


class Counting(io.BytesIO):
    """A file that notes how much of it was read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_the_numbers_of_large_tensors_are_not_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(OrderedDict()))
        for number in range(20):
            archive.writestr(f"archive/data/{number}", bytes(1 << 18))
    counting = Counting(file.getvalue())
    names = read_pickle_names(counting, len(file.getvalue()), "model.pt")
    assert list(map(str, names.names)) == ORDERED
    assert counting.count < 1 << 18


def test_archives_in_archives_have_a_depth() -> None:
    data = whole(SYSTEM)
    for number in range(10):
        data = zipped(f"{number}.zip", data)
    assert names_of(data).unread


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_content_raises(data: st.DataObject) -> None:
    original = data.draw(st.sampled_from(ORIGINALS))
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        changed = changed or bytearray(b".")
    names_of(bytes(changed), data.draw(st.sampled_from(["model.pkl", "x"])))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\x80\x04", b"PK\3\4", b"\x93NUMPY\1\0", b"x\x9c"]))
def test_no_bytes_raise(data: bytes, start: bytes) -> None:
    names_of(start + data, "model.pkl")


class Stub:
    """Whatever a pickle asks for: it takes everything, and does nothing."""

    def __init__(self, *_: object, **__: object) -> None: ...
    def __setstate__(self, _: object) -> None: ...
    def __setitem__(self, _: object, __: object) -> None: ...
    def append(self, _: object) -> None: ...
    def extend(self, _: object) -> None: ...


class Asked(pickle.Unpickler):
    """Python's own unpickler, which notes the names that it is asked for instead of importing them."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.names: set[tuple[str, str]] = set()

    def find_class(self, module: str, name: str) -> type[Stub]:
        self.names.add((module, name))
        return Stub

    def persistent_load(self, described: object) -> object:
        return described


PIECES = (
    b"(", b"0", b"1", b"2", b"N", b"]", b"}", b")", b"t", b"\x85", b"\x87", b"e", b"u", b"q\x00", b"h\x00", b"\x94",
    b"h\x01", b"\x8c\x02os", b"Vsystem\n", b"S'os'\n", b"U\x02os", b"\x93", b"cos\nsystem\n", b"R", b"b", b"\x81",
    b"o", b"ios\nsystem\n", b"I01\n", b"p2\n", b"g2\n", b"\x95\x05" + bytes(7), b"Q", b".", b"\x8a\x01\x05",
)  # fmt: skip


HARMFUL = {("os", "system"), ("subprocess", "Popen")}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_name_that_python_would_import_is_missed(data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.sampled_from(PIECES), max_size=20))
    stream = b"\x80\x04" + b"".join(parts) + b"."
    if data.draw(st.booleans()):
        original = data.draw(st.sampled_from(ORIGINALS[:60]))
        at = data.draw(st.integers(0, len(original)))
        stream = original[:at] + b"".join(parts[:3]) + original[at + data.draw(st.integers(0, 2)) :]
    asked = Asked(stream)
    with contextlib.suppress(Exception):
        asked.load()
    names = names_of(stream, data.draw(st.sampled_from(["model.pkl", "model.bin"])))
    missed = asked.names - {(one.module, one.name) for one in names.names}
    computed = any("?" in (one.module, one.name) for one in names.names)
    assert not missed & HARMFUL or computed or names.unread, (missed, stream)


ORIGINALS = [found.data for found in hostile().values()]
