"""A container of Azure Storage keeps the promises, and is never read without credentials by itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.files_suite import FilesSuite
from support.servers.azure import ACCOUNT, KEY, AzureServer, azure_server
from support.servers.faulty_proxy import RESET, STALL, STALL_IN_BODY, STALL_IN_UPLOAD, TRUNCATED, FaultyProxy

from regolo_git.errors import TransportError
from regolo_git.store.files import retry
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

__all__ = ["azure_server"]

pytestmark = pytest.mark.slow
DATA = os.urandom(1 << 16)
SETTINGS = "AZURE_STORAGE_CONNECTION_STRING"
MODULE = "regolo_git.store.files.filesystems.azure"


@pytest.fixture
def container(azure_server: AzureServer, isolated: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(SETTINGS, azure_server.connection_string())
    return azure_server.new_container()


@pytest.fixture
def proxy(
    container: str, azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FaultyProxy]:
    """Between clients and the server; servers are given up and tried again soon."""
    monkeypatch.setattr(f"{MODULE}.SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)
    with FaultyProxy(azure_server.url) as proxy:
        monkeypatch.setenv(SETTINGS, azure_server.connection_string(proxy.url))
        yield proxy


class TestContainer(FilesSuite):
    @pytest.fixture
    def files(self, container: str) -> Files:
        return files_at(f"az://{container}/team/store")


def failure(url: str, act: Callable[[], object]) -> TransportError:
    with pytest.raises(TransportError) as caught, translated(url):
        act()
    assert KEY not in f"{caught.value.message} {caught.value.hint}"
    return caught.value


ACTS: dict[str, Callable[[Files], object]] = {
    "sizes": lambda files: files.sizes(["a"]),
    "read": lambda files: files.read_range("a", 0, 1),
    "write": lambda files: files.write("a", b"1"),
    "create": lambda files: files.create("a", b"1"),
    "walk": lambda files: list(files.walk("a")),
}


def test_a_store_may_be_at_the_top_of_a_container(container: str) -> None:
    files = files_at(f"abfs://{container}")
    assert files.create("format.toml", b"1")
    files.put("chunks/ab/1", b"12")
    assert sorted(file.path for file in files.walk("")) == ["chunks/ab/1", "format.toml"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_missing_container_is_distinguished_from_a_missing_file(
    container: str, act: Callable[[Files], object]
) -> None:
    files = files_at("az://nothing-here/store")
    said = failure(files.url, lambda: act(files))
    assert "the container does not exist" in said.message
    assert "create it" in str(said.hint)


@pytest.mark.parametrize(
    "fault", ["500", "503", "429", RESET, TRUNCATED, STALL, STALL_IN_BODY, STALL_IN_UPLOAD]
)
def test_two_faults_of_each_object_end_well(container: str, proxy: FaultyProxy, fault: str) -> None:
    files = files_at(f"az://{container}/store")
    proxy.inject(fault, 2)
    files.write("chunks/ab/1", DATA)
    assert files.read_range("chunks/ab/1", 0, 1 << 20) == DATA
    assert files.sizes(["chunks/ab/1"]) == [len(DATA)]
    assert files.create("records/1", b"1")
    assert list(files.names("chunks")) == ["1"]


def test_a_server_that_takes_no_upload_is_given_up(
    container: str, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "PATIENCE_SECONDS", 2.0)
    files = files_at(f"az://{container}/store")
    proxy.inject(STALL_IN_UPLOAD)
    said = failure(files.url, lambda: files.write("chunks/ab/1", os.urandom(16 << 20)))
    assert "at 'chunks/ab/1': the server does not answer" in said.message
    assert proxy.count("PUT") >= 2


def test_a_creation_whose_answer_was_lost_is_ours(container: str, proxy: FaultyProxy) -> None:
    files = files_at(f"az://{container}/store")
    files.write("format.toml", b"1")
    proxy.inject(RESET, 1, method="PUT", after=True)
    assert files.create("records/1", b"1") is True
    assert files.create("format.toml", b"2") is False
    assert files.read_range("records/1", 0, 9) == b"1"


@pytest.mark.parametrize(("fault", "words"), [("403", "access is denied"), ("401", "rejected")])
def test_a_refusal_is_reported_at_once(container: str, proxy: FaultyProxy, fault: str, words: str) -> None:
    files = files_at(f"az://{container}/store")
    proxy.inject(fault)
    for act in ACTS.values():
        proxy.asked.clear()
        said = failure(files.url, lambda act=act: act(files))
        assert words in said.message
        assert said.hint is not None
        assert proxy.count() == 1


def test_each_act_is_one_request(container: str, proxy: FaultyProxy) -> None:
    files = files_at(f"az://{container}/store")
    files.write("a", DATA)
    assert proxy.count() == 1
    for act in (
        lambda: files.read_range("a", 0, 9),
        lambda: files.read_range("a", 0, 1 << 20),
        lambda: files.read_ranges("a", [(0, 1), (3, 1)]),
        lambda: files.sizes(["a"]),
        lambda: files.sizes(["nothing"]),
        lambda: list(files.walk("condemned")),
        lambda: files.remove("a"),
    ):
        proxy.clear()
        act()
        assert proxy.count() == 1


def test_a_wrong_key_is_reported(
    container: str, azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTINGS, azure_server.connection_string(key="AAAA"))
    files = files_at(f"az://{container}/store")
    for act in ACTS.values():
        said = failure(files.url, lambda act=act: act(files))
        assert "access is denied" in said.message  # Azure itself says more
        assert "check the credentials" in str(said.hint)


def test_a_signature_that_only_reads_cannot_write(
    container: str, azure_server: AzureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    files_at(f"az://{container}/store").write("a", b"123")
    signature = azure_server.signature(container)
    settings = f"BlobEndpoint={azure_server.url}/{ACCOUNT};SharedAccessSignature={signature}"
    monkeypatch.setenv(SETTINGS, settings)
    files = files_at(f"az://{container}/store")
    assert files.read_range("a", 0, 9) == b"123"
    assert [file.path for file in files.walk("")] == ["a"]
    said = failure(files.url, lambda: files.write("b", b"1"))
    assert "access is denied" in said.message
    assert "sig=" not in said.message


FORKS = """
import os, sys
from regolo_git.store.locate import files_at
files = files_at(sys.argv[1])
files.write("a", b"123")
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
sys.exit(files.read_range("a", 0, 9) != b"123")
"""


def test_a_forked_process_reads_and_ends(container: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, f"az://{container}/store"],
        timeout=120, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("text", ["nonsense", "AccountName=a;AccountKey=A;BlobEndpoint=http://x"])
def test_an_invalid_connection_string_is_reported(
    container: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SETTINGS, text)
    said = failure("az://c/store", lambda: files_at("az://c/store").sizes(["a"]))
    assert "cannot be read" in said.message
    assert SETTINGS in str(said.hint)


def test_without_an_account_it_says_so(isolated: Path) -> None:
    pytest.importorskip("adlfs")
    said = failure("az://c/store", lambda: files_at("az://c/store"))
    assert "no storage account" in said.message
    assert "AZURE_STORAGE_ACCOUNT_NAME" in str(said.hint)


@pytest.mark.parametrize("anonymous", ["true", "false"])
@pytest.mark.parametrize("seconds", [0.001, 60.0], ids=["not in time", "none"])
def test_without_credentials_it_says_so(
    isolated: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, anonymous: str
) -> None:
    pytest.importorskip("adlfs")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "nobody")
    monkeypatch.setenv("AZURE_STORAGE_ANON", anonymous)
    # Of all that could have some, only the command line of Azure, which is not signed in.
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "AzureCliCredential")
    monkeypatch.setattr(f"{MODULE}.CREDENTIALS_SECONDS", seconds)
    said = failure("az://c/store", lambda: files_at("az://c/store").sizes(["a"]))
    assert "there are no credentials" in said.message
    assert "az login" in str(said.hint)
