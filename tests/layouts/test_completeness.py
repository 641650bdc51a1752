"""What an artifact says itself about content that is missing."""

import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from support.sample_files import SAMPLES, gguf_file, gguf_string, safetensors_file

from regolo_git.layouts.completeness import examine

SAFE = safetensors_file()
HALF = SAFE[: len(SAFE) // 2 + 60]


@dataclass
class Held:
    path: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def head(self, count: int) -> bytes:
        return self.content[:count]

    @contextmanager
    def opened(self) -> Iterator[io.BytesIO]:
        yield io.BytesIO(self.content)


def problems(files: dict[str, bytes]) -> list[str]:
    return [str(p) for p in examine([Held(path, content) for path, content in files.items()], "").problems]


def alone(name: str, content: bytes) -> str:
    return "; ".join(str(problem) for problem in examine([Held("", content)], name).problems)


def index(*shards: str) -> bytes:
    return json.dumps(
        {"metadata": {}, "weight_map": {f"l{n}": name for n, name in enumerate(shards)}}
    ).encode()


# -- one file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_a_whole_file_has_no_problem(name: str) -> None:
    assert alone(f"model.{name}", SAMPLES[name]()) == ""


ENDS = {"safetensors": "safetensors", "gguf": "gguf", "npz": "npz", "torch": "pt", "zip64": "npz"}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.999])
def test_a_cut_file_says_so_whatever_it_is_called(name: str, share: float) -> None:
    whole = SAMPLES[name]()
    cut = whole[: int(len(whole) * share)]
    for called in (f"model.{ENDS[name]}", "model", ""):
        assert "is incomplete: " in alone(called, cut)
    assert "'sub/m.bin' is incomplete" in problems({"sub/m.bin": cut, "config.json": b"{}"})[0]


def test_a_cut_file_names_both_sizes() -> None:
    assert alone("m.safetensors", HALF) == (
        f"'m.safetensors' is incomplete: header says {len(SAFE)} B, file has {len(HALF)} B"
    )
    large = struct.pack("<Q", 59) + b'{"a":{"dtype":"U8","shape":[1400000],"data_offsets":[0,1400000]}}'
    large = struct.pack("<Q", len(large) - 8) + large[8:] + bytes(720_000)
    assert "header says 1.4 MB, file has 720 kB" in alone("m.safetensors", large)
    assert "header says 1400073 B, file has 1400072 B" in alone("m.safetensors", large + bytes(679_999))


def test_arrays_and_hdf5_that_are_cut() -> None:
    file = io.BytesIO()
    np.save(file, np.arange(1000))
    whole = file.getvalue()
    assert alone("a.npy", whole) == ""
    assert "header says 8.1 kB, file has 4.0 kB" in alone("a.npy", whole[:4000])
    for version, at, width in ((0, 40, 13), (2, 28, 9)):
        head = bytearray(b"\x89HDF\r\n\x1a\n" + bytes(92))
        head[8], head[width] = version, 8
        head[at : at + 8] = struct.pack("<Q", 100)
        assert alone("w.h5", bytes(head)) == ""
        assert "header says 100 B, file has 80 B" in alone("w.h5", bytes(head[:80]))


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4" * 64 + b"\nsize 90868376\n"
PLACEHOLDERS = {
    "a Git LFS pointer, not the content (90.9 MB): git lfs pull": LFS,
    "a git-annex pointer, not the content (1.0 MB)": b"/annex/objects/SHA256E-s1048576--0123.safetensors\n",
    "an HTML page": b"\n  <!DOCTYPE html>\n<html><head><title>404</title>" + b" " * 5000,
    "an HTML page ": b"<html lang='en'>sign in",
    "an error message in JSON": b'{"error": "Repository not found"}',
    "an error message in XML": b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
    "an error message,": b"Entry not found",
    "an error message, ": b"404: Not Found\n",
    "empty": b"",
}


@pytest.mark.parametrize("said", PLACEHOLDERS)
def test_content_in_place_of_weights_is_named(said: str) -> None:
    content = PLACEHOLDERS[said]
    for name in ("model.safetensors", "a.gguf", "m.onnx", "pytorch_model.bin"):
        assert f"'{name}' is {said.strip()}" in alone(name, content)
        assert (
            f"'sub/{name}' is {said.strip()}" in problems({f"sub/{name}": content, "config.json": b"{}"})[0]
        )


@pytest.mark.parametrize("size", [1, 9, 1024, 5000, 100_000])
@pytest.mark.parametrize(
    "name", ["model.safetensors", "a.gguf", "m.onnx", "w.h5", "w.npz", "w.pt", "M.SAFETENSORS"]
)
def test_space_that_a_download_reserved_is_named(name: str, size: int) -> None:
    assert f"'{name}' begins with zero bytes only, as an interrupted download" in alone(name, bytes(size))
    assert alone("raw.bin", bytes(size)) == ""  # which may be weights


@pytest.mark.parametrize("suffix", ["incomplete", "part", "partial", "crdownload", "download", "aria2"])
def test_the_rest_of_a_download_is_named_by_its_suffix(suffix: str) -> None:
    files = {f"model.safetensors.{suffix}": b"x", "config.json": b"{}"}
    assert problems(files) == [f"'model.safetensors.{suffix}' is the rest of an interrupted download"]


def test_a_pointer_counts_for_any_file_and_other_text_does_not() -> None:
    assert "'tokenizer.json' is a Git LFS pointer" in problems({"tokenizer.json": LFS, "a": b"x"})[0]
    harmless = {
        "config.json": b'{"message": "hello"}',
        "empty.txt": b"",
        "__init__.py": b"",
        "page.html": b"<html>",
        "model.safetensors": SAFE,
        "words.txt": b"not found",
        "m.bin": b"one",
        "small.onnx": b"a model",
        "xgboost.json": b'{"learner": {}, "version": [1]}',
    }
    assert problems(harmless) == []
    assert alone("model.json", b'{"learner": {}}') == ""


def test_the_rest_of_a_download_is_named() -> None:
    assert "'m.safetensors.incomplete' is the rest of an interrupted download" in problems(
        {"m.safetensors.incomplete": b"x", "a": b"a"}
    )


# -- several files ----------------------------------------------------------------------------------------

ST = "model-0000{}-of-00002.safetensors"


@pytest.mark.parametrize("end", ["safetensors", "bin"])
def test_a_shard_that_an_index_names_is_missed(end: str) -> None:
    name = f"sub/model.{end}.index.json"
    first, second = f"a-1.{end}", f"a-2.{end}"
    whole = {name: index(first, second), f"sub/{first}": SAFE, f"sub/{second}": SAFE}
    assert problems(whole) == []
    del whole[f"sub/{second}"]
    assert problems(whole) == [f"'{name}' names 1 missing file: 'sub/{second}'"]


def test_an_index_alone_misses_everything() -> None:
    said = alone("model.safetensors.index.json", index(ST.format(1), ST.format(2)))
    assert "names 2 missing files: 'model-00001-of-00002.safetensors', 'model-00002" in said
    assert len(problems({"m.index.json": index("a", "b"), "config.json": b"{}"})) == 1


def test_the_index_of_a_format_that_was_not_downloaded_is_ignored() -> None:
    files = {"pytorch_model.bin.index.json": index("p-1.bin", "p-2.bin"), "model.safetensors": SAFE}
    assert problems(files) == []
    files |= {"model.safetensors.index.json": index("model.safetensors", "gone.safetensors")}
    assert any("gone.safetensors" in problem for problem in problems(files))


@pytest.mark.parametrize(
    "text", [b"[]", b"{", b'{"weight_map": [1]}', b'{"weight_map": {"a": 1}}', b"[" * 9999]
)
def test_an_index_that_is_none_says_nothing(text: bytes) -> None:
    assert problems({"model.safetensors.index.json": text, "a": b"a"}) == []


def test_a_path_out_of_the_directory_is_missing() -> None:
    assert "missing" in problems({"m.index.json": index("../../etc/passwd"), "a": b"a"})[0]


def test_numbered_files_without_an_index() -> None:
    whole = gguf_file()
    name = "m-0000{}-of-00003.gguf"
    assert problems({name.format(n): whole for n in (1, 2, 3)}) == []
    assert problems({name.format(n): whole for n in (1, 3)}) == [
        "'m-00001-of-00003.gguf' is one of 3 files, of which 1 are missing: 'm-00002-of-00003.gguf'"
    ]
    assert "of which 2 are missing" in alone(name.format(1), whole)
    assert problems({f"variables.data-0000{n}-of-00002": b"x" for n in (0, 1)}) == []
    assert "missing" in problems({"variables.data-00000-of-00002": b"x", "a": b"a"})[0]
    assert "of which 99998 are missing" in alone("m-00007-of-99999.bin", b"x")


def test_a_split_gguf_under_another_name() -> None:
    pair = gguf_string("split.count") + struct.pack("<IH", 2, 3)
    part = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair
    assert "'big.gguf' is one of 3 files, of which 1 are there" in alone("big.gguf", part)
    assert problems({f"{n}.gguf": part for n in "abc"}) == []
    assert "of which 2 are there" in problems({f"{n}.gguf": part for n in "ab"})[0]


# -- ONNX -------------------------------------------------------------------------------------------------


def external(name: str, location: str, **more: str) -> TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in ({"location": location} | more).items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def model(*tensors: TensorProto, nodes: tuple[onnx.NodeProto, ...] = ()) -> bytes:
    graph = helper.make_graph([*nodes, helper.make_node("Relu", ["x"], ["y"])], "g", [], [], list(tensors))
    return helper.make_model(graph).SerializeToString()


def test_external_data_of_an_onnx_model() -> None:
    content = model(external("w", "data/w.bin", offset="16", length="16"), external("v", "data/w.bin"))
    assert "'m.onnx' names 1 missing file: 'data/w.bin'" in alone("m.onnx", content)
    assert problems({"sub/m.onnx": content, "sub/data/w.bin": bytes(32)}) == []
    assert problems({"sub/m.onnx": content, "data/w.bin": bytes(32)}) != []
    assert problems({"m.onnx": content, "data/w.bin": bytes(20)}) == [
        "'data/w.bin' is incomplete: 'm.onnx' says 32 B, file has 20 B"
    ]


def test_external_data_deep_in_a_model_is_found() -> None:
    inner = helper.make_graph([], "inner", [], [], [external("w", "deep.bin")])
    node = helper.make_node("If", ["c"], ["o"], then_branch=inner, else_branch=inner)
    constant = helper.make_node("Constant", [], ["o"], value=external("c", "constant.bin"))
    large = helper.make_tensor("large", TensorProto.FLOAT, [1 << 15], bytes(1 << 17), raw=True)
    said = alone("m.onnx", model(large, nodes=(node, constant)))
    assert "'constant.bin', 'deep.bin'" in said
    assert alone("m.onnx", model(large)) == ""


def test_an_onnx_model_that_is_cut() -> None:
    large = helper.make_tensor("large", TensorProto.FLOAT, [1 << 15], bytes(1 << 17), raw=True)
    whole = model(large)
    assert "'m.onnx' is incomplete: header says 131 kB, file has 70.0 kB" in alone("m.onnx", whole[:70_000])
