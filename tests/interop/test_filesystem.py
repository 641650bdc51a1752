"""`regolo://` for fsspec: the files of versions in a real registry, read by what users read them with."""

import errno
import gzip
import multiprocessing
import os
import pickle
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import fsspec
import numpy as np
import pytest
from safetensors.numpy import load, save_file
from support.artifact_files import noise
from support.copies import Once
from support.git_program import git
from support.local_store import delete_recipe, stored_files
from support.places import ROOT
from support.team import clone_of, send_all

from regolo_git import InvalidInput, NotFound, Registry
from regolo_git.errors import IntegrityError, StoreUnconfirmed
from regolo_git.interop.filesystem import RegoloFileSystem
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest

WEIGHTS = noise("weights", 3 << 20)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the entry point does where the package is installed."""
    fsspec.register_implementation("regolo", RegoloFileSystem, clobber=True)
    monkeypatch.delenv("GIT_DIR", raising=False)
    yield
    RegoloFileSystem.clear_instance_cache()


def fill(registry: Registry, tmp_path: Path) -> None:
    """`team/model` has two versions that are directories, `notes` one that is a file."""
    top = tmp_path / "files"
    (top / "data" / "deep").mkdir(parents=True)
    (top / "weights.bin").write_bytes(WEIGHTS)
    (top / "data" / "table.csv").write_text("a,b\n1,2\n3,4\n")
    (top / "data" / "deep" / "empty").write_bytes(b"")
    registry.register_model("team/model", top)
    (top / "data" / "table.csv").write_text("a,b\n5,6\n")
    registry.create_model_version("team/model", model_data=top)
    notes = registry.handle.paths.top / "docs" / "notes.txt"
    notes.parent.mkdir()
    notes.write_bytes(b"some notes")
    registry.register_model("notes", notes)


@pytest.fixture
def files(registry: Registry, tmp_path: Path, once: Once) -> RegoloFileSystem:

    def build() -> None:
        fill(registry, tmp_path)

    once(build)
    return fsspec.filesystem("regolo", repo=str(registry.handle.paths.top))


def test_the_entry_point_names_the_filesystem() -> None:
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["fsspec.specs"]
    module, _, name = entries[RegoloFileSystem.protocol].partition(":")
    assert getattr(import_module(module), name) is RegoloFileSystem


# -- what is there ----------------------------------------------------------------------------------------


def test_versions_are_directories_below_the_names_of_models(files: RegoloFileSystem) -> None:
    assert files.ls("regolo://", detail=False) == ["team", "notes@1.0"]
    assert files.ls("team", detail=False) == ["team/model@1.0", "team/model@1.1"]
    assert files.ls("team/model@1.0", detail=False) == ["team/model@1.0/data", "team/model@1.0/weights.bin"]
    assert files.ls("team/model@1.0/data/", detail=False) == [
        "team/model@1.0/data/deep",
        "team/model@1.0/data/table.csv",
    ]
    assert files.ls("team/model@1.0/weights.bin", detail=False) == ["team/model@1.0/weights.bin"]


def test_everything_below_a_path_is_found(files: RegoloFileSystem) -> None:
    below = ["data/deep/empty", "data/table.csv", "weights.bin"]
    assert files.find("regolo://team/model@latest") == [f"team/model@latest/{path}" for path in below]
    assert len(files.find("")) == 7
    assert [place for place, _, _ in files.walk("team/model@1.0")] == [
        "team/model@1.0",
        "team/model@1.0/data",
        "team/model@1.0/data/deep",
    ]
    assert files.glob("regolo://team/model@*/data/*.csv") == [
        "team/model@1.0/data/table.csv",
        "team/model@1.1/data/table.csv",
    ]
    assert files.glob("team/model@1.0/**/*.bin") == ["team/model@1.0/weights.bin"]


def test_a_pattern_reads_no_version_whose_name_does_not_match(
    files: RegoloFileSystem, registry: Registry
) -> None:
    registry.promote_model_version("team/model", "1.1", "staging")
    for row in (*registry.handle.index.rows("team/model")[:1], *registry.handle.index.rows("notes")):
        delete_recipe(registry.handle.store, read_tagged_manifest(registry.handle, row).artifact.recipe)
    assert files.glob("team/*@1.1/data/*.csv") == ["team/model@1.1/data/table.csv"]
    assert files.glob("*/model@1.[1-9]/weights.bin") == ["team/model@1.1/weights.bin"]
    assert files.glob("**@1.0") == ["notes@1.0", "team/model@1.0"]
    assert files.glob("**@staging") == ["team/model@staging"]
    assert files.glob("*@*") == ["notes@1.0"]
    assert files.glob("nothing@*") == files.glob("notes@2.*") == []
    assert files.glob("**@1.1", detail=True)["team/model@1.1"]["type"] == "directory"


def test_info_has_type_size_and_digest(files: RegoloFileSystem) -> None:
    info = files.info("regolo://team/model@1.0/weights.bin")
    assert (info["name"], info["size"], info["type"]) == ("team/model@1.0/weights.bin", len(WEIGHTS), "file")
    assert str(info["digest"]).startswith("sha256:")
    assert files.info("team/model@1.0/data")["type"] == "directory"
    assert files.info("team")["type"] == "directory"
    assert files.isdir("")
    assert files.du("team/model@1.1") == len(WEIGHTS) + len("a,b\n5,6\n")
    assert files.ukey("team/model@latest/data/table.csv") != files.ukey("team/model@1.0/data/table.csv")


def test_a_version_that_is_a_single_file_is_one(files: RegoloFileSystem) -> None:
    assert files.info("notes@1.0")["type"] == "file"
    assert files.cat_file("notes@latest") == b"some notes"
    assert files.cat_file("notes@1.0/notes.txt") == b"some notes"
    assert files.find("notes@1.0") == ["notes@1.0"]
    with pytest.raises(FileNotFoundError, match=r"'notes@1\.0' is a single file") as caught:
        files.open("notes@1.0/other.txt")
    assert caught.value.hint == "use regolo://notes@1.0"


def test_references_follow_the_registry(files: RegoloFileSystem, registry: Registry) -> None:
    registry.promote_model_version("team/model", "1.0", "production", new_environment=True)
    assert files.cat_file("team/model@production/data/table.csv") == b"a,b\n1,2\n3,4\n"
    assert files.cat_file("team/model@latest/data/table.csv") == b"a,b\n5,6\n"
    registry.create_model_version("team/model", model_data=b"third")
    assert files.cat_file("team/model@latest") == b"third"


# -- reading ----------------------------------------------------------------------------------------------


def test_any_part_of_a_file_is_read(files: RegoloFileSystem) -> None:
    path = "team/model@1.0/weights.bin"
    assert files.cat_file(path) == WEIGHTS
    assert files.cat_file(path, 1_000_000, 2_500_000) == WEIGHTS[1_000_000:2_500_000]
    assert files.cat_file(path, -10) == WEIGHTS[-10:]
    assert files.cat_file(path, 5, -5) == WEIGHTS[5:-5]
    assert files.cat_file(path, 10, 5) == b""
    assert files.cat_file(path, len(WEIGHTS) + 5) == b""
    assert files.cat_file("team/model@1.0/data/deep/empty") == b""
    with files.open(path) as file:
        file.seek(-7, os.SEEK_END)
        assert file.read() == WEIGHTS[-7:]
    assert files.head(path, 9) == WEIGHTS[:9]
    assert files.tail(path, 9) == WEIGHTS[-9:]


def test_several_ranges_are_read(files: RegoloFileSystem) -> None:
    path, table = "team/model@1.0/weights.bin", "team/model@1.0/data/table.csv"
    found = files.cat_ranges([path, table, path, path], [9, 0, 2_000_000, 5], [20, 3, 2_000_100, 2_000_050])
    assert found == [WEIGHTS[9:20], b"a,b", WEIGHTS[2_000_000:2_000_100], WEIGHTS[5:2_000_050]]
    lost, right = files.cat_ranges(["team/model@1.0/lost", table], 0, 3)
    assert isinstance(lost, FileNotFoundError)
    assert right == b"a,b"
    with pytest.raises(FileNotFoundError):
        files.cat_ranges(["team/model@1.0/lost"], 0, 3, on_error="raise")
    with pytest.raises(ValueError, match="2 paths have 1"):
        files.cat_ranges([path, table], [0], 3)


def test_files_are_copied_out(files: RegoloFileSystem, tmp_path: Path) -> None:
    files.get("team/model@1.0", str(tmp_path / "out"), recursive=True)
    assert (tmp_path / "out" / "weights.bin").read_bytes() == WEIGHTS
    assert (tmp_path / "out" / "data" / "table.csv").read_text() == "a,b\n1,2\n3,4\n"


def test_text_and_compression_are_fsspecs(registry: Registry) -> None:
    top = registry.handle.paths.top
    (top / "log.gz").write_bytes(gzip.compress(b"line\n"))
    registry.register_model("log", top / "log.gz")
    options = {"repo": str(top)}
    with fsspec.open("regolo://log@1.0/log.gz", "rt", compression="infer", **options) as file:
        assert file.read() == "line\n"


def test_only_the_chunks_that_are_read_are_needed(files: RegoloFileSystem, registry: Registry) -> None:
    chunks = stored_files(registry.handle.store, "chunks")
    places = {registry.handle.local_directory / "store" / "chunks" / name[:2] / name for name in chunks}
    for place in places:
        if place.stat().st_size > 1000:
            place.unlink()
    assert files.cat_file("team/model@1.0/data/table.csv") == b"a,b\n1,2\n3,4\n"
    with pytest.raises(NotFound, match="chunk"):
        files.cat_file("team/model@1.0/weights.bin")


def test_every_byte_is_verified(files: RegoloFileSystem, registry: Registry) -> None:
    for place in (registry.handle.local_directory / "store" / "chunks").glob("??/*"):
        content = bytearray(place.read_bytes())
        content[0] ^= 1
        place.chmod(0o644)
        place.write_bytes(content)
    with pytest.raises(IntegrityError), files.open("team/model@1.0/weights.bin") as file:
        file.read(10)
    with pytest.raises(IntegrityError):
        files.cat_file("team/model@1.0/weights.bin", -10)


# -- which registry ---------------------------------------------------------------------------------------


def test_the_registry_is_that_of_the_directory_or_the_variable(
    files: RegoloFileSystem, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = registry.handle.paths.top
    found = fsspec.filesystem("regolo")
    monkeypatch.chdir(top)
    assert found.cat_file("notes@1.0") == b"some notes"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with pytest.raises(NotFound, match="not in a Git repository"):
        found.exists("notes@1.0")
    monkeypatch.setenv("REGOLO_REPO", str(top))
    assert found.exists("notes@1.0")


def test_an_unconfirmed_store_is_not_used(tmp_path: Path, publisher: Registry, team: Path) -> None:
    fill(publisher, tmp_path)
    send_all(publisher)
    top = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(publisher.handle.paths.top), str(top))
    with pytest.raises(StoreUnconfirmed):
        fsspec.filesystem("regolo", repo=str(top)).cat_file("notes@1.0")
    with pytest.raises(StoreUnconfirmed):
        fsspec.filesystem("regolo", repo=str(top), trust_store="s3://other").cat_file("notes@1.0")
    trusting = fsspec.filesystem("regolo", repo=str(top), trust_store=str(team))
    assert trusting.cat_file("notes@1.0") == b"some notes"


def test_chunks_of_the_shared_store_alone_are_read_from_it(tmp_path: Path, publisher: Registry) -> None:
    fill(publisher, tmp_path)
    send_all(publisher)
    files = fsspec.filesystem("regolo", repo=str(clone_of(publisher, tmp_path / "clone")))
    path = "team/model@1.0/weights.bin"
    assert files.cat_ranges([path, path], [5, 2_000_000], [9, 2_000_009]) == [
        WEIGHTS[5:9],
        WEIGHTS[2_000_000:2_000_009],
    ]
    with files.open(path) as file:
        assert file.read() == WEIGHTS


# -- errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["team/model@7.0/x", "lost@1.0", "lost", "team/model@1.0/lost", "team/model@staging", "team/mod"]
)
def test_a_missing_path_is_not_found(files: RegoloFileSystem, path: str) -> None:
    assert not files.exists(path)
    assert not files.isfile(path)
    for read in (files.info, files.ls, files.cat_file, files.open):
        with pytest.raises(FileNotFoundError) as caught:
            read(path)
        assert isinstance(caught.value, NotFound)
        assert path.partition("@")[0] in caught.value.message


@pytest.mark.parametrize("path", ["team", "team/model@1.0", "team/model@1.0/data"])
def test_a_directory_is_not_read(files: RegoloFileSystem, path: str) -> None:
    with pytest.raises(IsADirectoryError, match="is a directory"):
        files.open(path)
    with pytest.raises(InvalidInput):
        files.cat_file(path)


def test_an_invalid_reference_is_refused(files: RegoloFileSystem) -> None:
    for path in ("@1.0/x", "m@", "m@1/x", "no spaces@1.0"):
        with pytest.raises(InvalidInput):
            files.info(path)


def test_nothing_is_written(files: RegoloFileSystem, tmp_path: Path) -> None:
    path = "regolo://team/model@1.0/new"
    (tmp_path / "new").write_bytes(b"new")
    writes = (
        lambda: files.open(path, "wb"),
        lambda: files.open(path, "ab"),
        lambda: files.open(path, "xb"),
        lambda: files.open(path, "w"),
        lambda: files.pipe(path, b"new"),
        lambda: files.pipe_file(path, b"new"),
        lambda: files.put(str(tmp_path / "new"), path),
        lambda: files.touch(path),
        lambda: files.mkdir(path),
        lambda: files.makedirs(path),
        lambda: files.rm("team/model@1.0/weights.bin"),
        lambda: files.rm_file("team/model@1.0/weights.bin"),
        lambda: files.mv("team/model@1.0/weights.bin", path),
        lambda: files.copy("team/model@1.0/weights.bin", path),
    )
    for write in writes:
        with pytest.raises(OSError, match="versions never change") as caught:
            write()
        assert isinstance(caught.value, InvalidInput)
        assert caught.value.errno == errno.EROFS


def test_the_place_that_cannot_be_written_to_is_named(files: RegoloFileSystem, tmp_path: Path) -> None:
    (tmp_path / "mine").write_bytes(b"new")
    for source, write in ((str(tmp_path / "mine"), files.put), ("notes@1.0", files.copy)):
        with pytest.raises(OSError, match=r"cannot write to '[^']*model@1\.0/new'"):
            write(source, "regolo://team/model@1.0/new")


# -- threads and processes --------------------------------------------------------------------------------


def _read(files: RegoloFileSystem) -> bytes:
    return files.cat_file("team/model@1.0/weights.bin", 100, 200)


def test_it_is_pickled(files: RegoloFileSystem) -> None:
    again = pickle.loads(pickle.dumps(files))
    assert again.cat_file("notes@1.0") == b"some notes"
    opened = fsspec.open("regolo://notes@1.0", **files.storage_options)
    with pickle.loads(pickle.dumps(opened)) as file:
        assert file.read() == b"some notes"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read(files: RegoloFileSystem, method: str) -> None:
    assert _read(files) == WEIGHTS[100:200]
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(len, [b"x"]) == [1]
        assert pool.apply_async(files.cat_file, ("notes@1.0",)).get(120) == b"some notes"


def test_threads_read(files: RegoloFileSystem) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(_read, [files] * 40)) == {WEIGHTS[100:200]}


# -- what users read with ---------------------------------------------------------------------------------


def test_pandas_reads_it(files: RegoloFileSystem, registry: Registry, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = "regolo://team/model@1.0/data/table.csv"
    assert pandas.read_csv(path, storage_options=files.storage_options)["b"].tolist() == [2, 4]
    pytest.importorskip("pyarrow")
    pandas.DataFrame({"a": range(1000), "b": range(1000)}).to_parquet(tmp_path / "t.parquet")
    registry.register_model("table", tmp_path / "t.parquet")
    table = pandas.read_parquet("regolo://table@1.0", columns=["b"], storage_options=files.storage_options)
    assert table["b"].sum() == 499_500


def test_blocks_of_whole_lines_are_read(files: RegoloFileSystem) -> None:
    path = "team/model@1.0/data/table.csv"
    assert files.open(path).size == 12
    blocks = [files.read_block(path, offset, 4, b"\n") for offset in (0, 4, 8)]
    assert b"".join(blocks) == b"a,b\n1,2\n3,4\n"


def test_pyarrow_reads_it(files: RegoloFileSystem, registry: Registry, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    dataset, parquet = import_module("pyarrow.dataset"), import_module("pyarrow.parquet")
    top = tmp_path / "parts"
    top.mkdir()
    for part in range(2):
        parquet.write_table(pyarrow.table({"a": [part] * 10}), top / f"{part}.parquet")
    registry.register_model("parts", top)
    assert dataset.dataset("parts@1.0", filesystem=files).to_table().num_rows == 20
    assert parquet.read_table("parts@1.0/1.parquet", filesystem=files)["a"].to_pylist() == [1] * 10


def test_single_tensors_are_read(registry: Registry, files: RegoloFileSystem, tmp_path: Path) -> None:
    top = tmp_path / "tensors"
    top.mkdir()
    tensors = {name: np.full((256, 1024), value, np.float32) for name, value in (("a", 1), ("b", 2))}
    save_file(tensors, top / "x.safetensors")
    save_file({"c": np.zeros(3, np.float32)}, top / "y.safetensors")
    registry.register_model("tensors", top)
    path = "regolo://tensors@1.0/x.safetensors"
    assert {name: tensor.shape for name, tensor in load(files.cat_file(path)).items()} == {
        "a": (256, 1024),
        "b": (256, 1024),
    }
    (needed,) = {
        tensor.blake3
        for tensor in registry.handle.store.read_recipe(
            registry.get_model_version("tensors").manifest.artifact.recipe
        ).tensors
        if tensor.name == "b"
    }
    for place in (registry.handle.local_directory / "store" / "chunks").glob("??/*"):
        if place.name != needed:
            place.unlink()
    (b,) = load(files.cat_tensors(path, ["b"])).values()
    assert b.tobytes() == tensors["b"].tobytes()
    for names in (["lost"], "c"):
        with pytest.raises(NotFound, match="no tensor in the version matches"):
            files.cat_tensors(path, names)
    for lost in ("regolo://tensors@1.0/z", "regolo://tensors"):
        with pytest.raises(FileNotFoundError):
            files.cat_tensors(lost, ["a"])


def test_torch_reads_it(registry: Registry, files: RegoloFileSystem, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.ones(3)}, tmp_path / "m.pt")
    registry.register_model("checkpoint", tmp_path / "m.pt")
    with files.open("checkpoint@1.0") as file:
        assert torch.load(file, weights_only=True)["a"].sum() == 3
    torch.save({"a": torch.ones(3)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    registry.register_model("legacy", tmp_path / "old.pt")
    with files.open("legacy@1.0") as file:
        assert torch.load(file, weights_only=True)["a"].sum() == 3


def test_several_files_are_read_together(files: RegoloFileSystem, registry: Registry) -> None:
    table, weights = "team/model@1.0/data/table.csv", "team/model@1.0/weights.bin"
    everything = files.cat("team/model@1.0", recursive=True)
    assert everything[weights] == WEIGHTS
    assert len(everything) == 3
    assert files.cat("regolo://team/model@1.*/data/*.csv").keys() == {
        table,
        "team/model@1.1/data/table.csv",
    }
    assert files.cat([table]) == {table: b"a,b\n1,2\n3,4\n"}
    assert files.cat(table) == b"a,b\n1,2\n3,4\n"
    for place in (registry.handle.local_directory / "store" / "chunks").glob("??/*"):
        if place.stat().st_size > 1000:
            place.unlink()
    assert files.cat([table, weights], on_error="omit") == {table: b"a,b\n1,2\n3,4\n"}
    found = files.cat([table, weights], on_error="return")
    assert isinstance(found[weights], NotFound)
    with pytest.raises(NotFound):
        files.cat([table, weights])
