"""A bucket of Google Cloud Storage keeps the promises, and is never read without credentials by itself."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.files_suite import FilesSuite
from support.servers.faulty_proxy import RESET, STALL, STALL_IN_UPLOAD, TRUNCATED, FaultyProxy
from support.servers.gcs import GcsServer, gcs_server

from regolo_git.errors import TransportError
from regolo_git.store.files import retry
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

__all__ = ["gcs_server"]

pytestmark = pytest.mark.slow
DATA = os.urandom(1 << 16)


@pytest.fixture
def bucket(gcs_server: GcsServer, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs_server.url)
    return gcs_server.new_bucket()


@pytest.fixture
def proxy(bucket: str, gcs_server: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """Between clients and the server; servers are given up and tried again soon."""
    monkeypatch.setattr("regolo_git.store.files.filesystems.gcs.SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)
    with FaultyProxy(gcs_server.url) as proxy:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", proxy.url)
        yield proxy


class TestBucket(FilesSuite):
    @pytest.fixture
    def files(self, bucket: str) -> Files:
        return files_at(f"gs://{bucket}/team/store")


ACTS: dict[str, Callable[[Files], object]] = {
    "sizes": lambda files: files.sizes(["a"]),
    "read": lambda files: files.read_range("a", 0, 1),
    "write": lambda files: files.write("a", b"1"),
    "create": lambda files: files.create("a", b"1"),
    "walk": lambda files: list(files.walk("a")),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_missing_bucket_is_distinguished_from_a_missing_file(
    bucket: str, act: Callable[[Files], object]
) -> None:
    files = files_at("gs://nothing-here/store")
    with pytest.raises(TransportError, match="the bucket does not exist"), translated(files.url):
        act(files)


@pytest.mark.parametrize("fault", ["500", "503", "429", RESET, TRUNCATED, STALL, STALL_IN_UPLOAD])
def test_two_faults_of_each_object_end_well(bucket: str, proxy: FaultyProxy, fault: str) -> None:
    files = files_at(f"gs://{bucket}/store")
    proxy.inject(fault, 2)
    files.write("chunks/ab/1", DATA)
    assert files.read_range("chunks/ab/1", 0, 1 << 20) == DATA
    assert files.sizes(["chunks/ab/1"]) == [len(DATA)]
    assert files.create("records/1", b"1")
    assert list(files.names("chunks")) == ["1"]


@pytest.mark.parametrize(
    ("fault", "words"), [("403", "access is denied"), ("401", "credentials were rejected")]
)
def test_a_refusal_is_reported_at_once(bucket: str, proxy: FaultyProxy, fault: str, words: str) -> None:
    files = files_at(f"gs://{bucket}/store")
    proxy.inject(fault)
    for act in ACTS.values():
        proxy.asked.clear()
        with pytest.raises(TransportError, match=words), translated(files.url):
            act(files)
        assert proxy.count() == 1


def test_each_act_is_one_request(bucket: str, proxy: FaultyProxy) -> None:
    files = files_at(f"gs://{bucket}/store")
    files.write("a", b"12345")
    assert proxy.count() == 1
    for act in (
        lambda: files.read_range("a", 0, 9),
        lambda: files.read_ranges("a", [(0, 1), (3, 1)]),
        lambda: files.sizes(["a"]),
        lambda: list(files.walk("condemned")),
        lambda: files.remove("a"),
    ):
        proxy.clear()
        act()
        assert proxy.count() == 1


def test_without_credentials_it_says_so(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gcsfs")
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:1")
    monkeypatch.setenv("GCE_METADATA_IP", "127.0.0.1:1")
    with pytest.raises(TransportError, match="there are no credentials") as caught:
        files_at("gs://bucket/store")
    assert "gcloud auth" in str(caught.value.hint)


@pytest.mark.parametrize("text", [None, "{", '{"type": "new"}'], ids=["missing", "not json", "unknown"])
def test_a_file_of_credentials_that_cannot_be_used_is_reported(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    pytest.importorskip("gcsfs")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(isolated / "account.json"))
    if text is not None:
        (isolated / "account.json").write_text(text)
    with pytest.raises(TransportError, match=r"a file of credentials .* cannot be used") as caught:
        files_at("gs://bucket/store")
    assert "GOOGLE_APPLICATION_CREDENTIALS" in str(caught.value.hint)
