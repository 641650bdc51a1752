"""fsspec's filesystems keep the promises; where one cannot, its properties say so."""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from support.files_suite import FilesSuite

from regolo_git.store.files.contract import Files
from regolo_git.store.files.fsspec import FILE_SERVER, OBJECT_STORE, STALE_SECONDS, FsspecFiles
from regolo_git.store.locate import files_at


class TestMemory(FilesSuite):
    @pytest.fixture
    def files(self) -> Iterator[Files]:  # type: ignore[override]
        name = secrets.token_hex(8)
        yield files_at(f"memory://{name}/store")
        MemoryFileSystem().rm(f"/{name}", recursive=True) if MemoryFileSystem().exists(f"/{name}") else None


class TestWithoutWholeWrites(FilesSuite):
    """fsspec's own local filesystem stands for those where half a file can be seen, such as SFTP."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> Files:
        return FsspecFiles(LocalFileSystem(), str(tmp_path / "store"), "test://")


def test_the_properties_of_a_filesystem_are_known() -> None:
    assert files_at("memory://a").properties == OBJECT_STORE
    assert FsspecFiles(LocalFileSystem(), "/a", "test://").properties == FILE_SERVER


class Overtaken(MemoryFileSystem):  # type: ignore[misc]
    """An object store in which another writer is always first."""

    cachable = False
    error: OSError = FileExistsError("a")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: object) -> None:
        assert (path.rpartition("/")[2], value, mode, options) == ("a", b"1", "create", {})
        raise self.error


def test_a_creation_that_lost_a_race_was_not_ours() -> None:
    files = FsspecFiles(Overtaken(), f"/{secrets.token_hex(8)}", "memory://", OBJECT_STORE)
    assert files.create("a", b"1") is False


def test_any_other_refusal_to_create_is_an_error() -> None:
    filesystem = Overtaken()
    filesystem.error = PermissionError("no")
    with pytest.raises(PermissionError) as caught:
        FsspecFiles(filesystem, f"/{secrets.token_hex(8)}", "memory://", OBJECT_STORE).create("a", b"1")
    assert caught.value is filesystem.error


class Shortening(LocalFileSystem):  # type: ignore[misc]
    """A file server that keeps less than it was given."""

    cachable = False

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: object) -> None:
        super().pipe_file(path, value[:-1], mode=mode, **options)


def test_a_file_server_that_keeps_less_is_found_out(tmp_path: Path) -> None:
    files = FsspecFiles(Shortening(), str(tmp_path), "test://")
    with pytest.raises(OSError, match="stored fewer bytes"):
        files.put("a/b", b"12345")
    assert files.sizes(["a/b"]) == [None]
    assert list(files.walk("tmp")) == []


def test_temporaries_of_a_file_server_are_stale_after_a_day(tmp_path: Path) -> None:
    files = FsspecFiles(LocalFileSystem(), str(tmp_path), "test://")
    for name, age in (("old", STALE_SECONDS + 60), ("young", STALE_SECONDS - 60)):
        (tmp_path / "tmp").mkdir(exist_ok=True)
        (tmp_path / "tmp" / name).write_bytes(b"half")
        then = datetime.now(UTC).timestamp() - age
        os.utime(tmp_path / "tmp" / name, (then, then))
    assert [file.path for file in files.stale_temporaries()] == ["tmp/old"]


class Listing(MemoryFileSystem):  # type: ignore[misc]
    """A filesystem that gives the time of the last write in its own way."""

    cachable = False
    info_of_file: dict[str, object] = {}  # noqa: RUF012 - each test gives its own

    def find(self, path: str, **_: object) -> dict[str, dict[str, object]]:
        return {f"{path}/name": {"size": 1, "type": "file", **self.info_of_file}}


THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "info",
    [
        {"mtime": THEN.timestamp()},
        {"LastModified": THEN},
        {"last_modified": THEN.replace(tzinfo=None)},
        {"updated": "2026-01-02T03:04:05Z", "created": "2020-01-01T00:00:00Z"},
    ],
    ids=["seconds", "aware", "naive", "text"],
)
def test_the_time_of_the_last_write_is_read_in_any_form(info: dict[str, object]) -> None:
    filesystem = Listing()
    filesystem.info_of_file = info
    assert [file.modified for file in FsspecFiles(filesystem, "/a", "memory://a").walk("tmp")] == [THEN]


def test_a_file_without_a_time_is_young() -> None:
    files = FsspecFiles(Listing(), "/a", "memory://a")
    assert list(files.stale_temporaries()) == []
    assert [file.path for file in files.walk("tmp")] == ["tmp/name"]
