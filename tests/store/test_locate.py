"""A store's path or URL leads to its files, and to nothing that it should not."""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regolo_git.errors import InvalidInput, MissingDependency
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore


def test_a_path_and_a_file_url_are_the_same_store(tmp_path: Path) -> None:
    files_at(str(tmp_path)).put("a", b"1")
    assert files_at(f"file://{tmp_path}").read_range("a", 0, 9) == b"1"


def test_a_relative_path_starts_at_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = files_at("inner/store")
    files.create_root()
    monkeypatch.chdir(os.sep)
    files.put("a", b"1")
    assert (tmp_path / "inner/store/a").read_bytes() == b"1"


def test_a_url_of_a_remote_filesystem_goes_to_fsspec() -> None:
    url = f"memory://{secrets.token_hex(8)}"
    files_at(url).put("a", b"1")
    assert files_at(url).url == url
    assert not isinstance(files_at(url), LocalFiles)
    assert files_at(url).read_range("a", 0, 9) == b"1"


@pytest.mark.parametrize(
    "url",
    ["", "s3://a::memory://b", "filecache::s3://a", "git+x://y", "file://host/dir", "s3://"],
)
def test_an_invalid_store_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        files_at(url)


@pytest.mark.parametrize("act", [LooseStore.open, LooseStore.create, LooseStore.open_or_create])
def test_a_read_only_store_cannot_be_the_store_of_a_clone(act: Callable[[str], object]) -> None:
    with pytest.raises(InvalidInput, match="cannot write"):
        act("http://host/store")


@pytest.mark.parametrize(
    ("url", "extra", "library"),
    [
        ("s3://bucket/store", "s3", "s3fs"),
        ("gs://bucket", "gcs", "gcsfs"),
        ("abfs://container", "azure", "adlfs"),
        ("sftp://host/store", "sftp", "asyncssh"),
        ("https://host/store", "http", "aiohttp"),
    ],
)
def test_a_filesystem_that_is_not_installed_is_named_with_its_extra(
    url: str, extra: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("regolo_git.store.files.filesystems.")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("fsspec.implementations.http", "sshfs", "s3fs"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependency) as caught:
        files_at(url)
    assert caught.value.hint == f"pip install 'regolo-git[{extra}]'"
