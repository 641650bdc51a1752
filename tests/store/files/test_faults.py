"""What fails in passing is tried again, and what fails for good is said, with the object, in the end."""

import os
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from support.servers.faulty_proxy import (
    FLIPPED,
    RESET,
    STALL,
    STALL_IN_BODY,
    STALL_IN_UPLOAD,
    TRUNCATED,
    FaultyProxy,
)
from support.servers.nginx import WebServer, web_server
from support.servers.s3 import S3Server, moto, s3_credentials

from regolo_git.errors import TransportError
from regolo_git.store.files import retry
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

__all__ = ["moto", "s3_credentials", "web_server"]

pytestmark = pytest.mark.slow
FILESYSTEMS = "regolo_git.store.files.filesystems"
DATA = os.urandom(1 << 16)
PASSING = ("503", "InternalError", "SlowDown", "ConditionalRequestConflict", RESET)
STALLS = (STALL, STALL_IN_BODY, STALL_IN_UPLOAD)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are silent for a moment only before they are given up, and tried again soon."""
    for library, module in (("s3fs", "s3"), ("aiohttp", "web")):
        pytest.importorskip(library)
        monkeypatch.setattr(f"{FILESYSTEMS}.{module}.SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)


@pytest.fixture
def proxy(moto: S3Server) -> Iterator[FaultyProxy]:
    with FaultyProxy(moto.endpoint) as proxy:
        yield proxy


@pytest.fixture
def files(moto: S3Server, s3_credentials: None, proxy: FaultyProxy) -> Files:
    files = files_at(moto.address(moto.new_bucket())._replace(endpoint=proxy.url))
    files.create("format.toml", b"1")
    proxy.clear()
    return files


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        *((fault, after) for fault in PASSING for after in (False, True)),
        *((fault, False) for fault in STALLS),
    ],
)
def test_two_faults_of_each_object_end_well(
    files: Files, proxy: FaultyProxy, fault: str, after: bool
) -> None:
    proxy.inject(fault, 2, after=after)
    paths = [f"chunks/ab/{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: files.write(path, DATA), paths))
        assert files.sizes(paths) == [len(DATA)] * 4
        assert list(pool.map(lambda path: files.read_range(path, 0, len(DATA) + 1), paths)) == [DATA] * 4
    assert files.create("records/1", b"1") is True
    assert sorted(files.names("chunks")) == ["0", "1", "2", "3"]
    files.remove("records/1")
    assert files.sizes(["records/1"]) == [None]


def test_a_flipped_bit_is_seen_by_the_library_or_by_whoever_reads(files: Files, proxy: FaultyProxy) -> None:
    files.write("chunks/ab/1", DATA)
    proxy.inject(FLIPPED, 1, method="GET")
    first = files.read_range("chunks/ab/1", 0, len(DATA))
    assert (first == DATA) == (proxy.count("GET") == 2)
    assert files.read_range("chunks/ab/1", 0, len(DATA)) == DATA


@pytest.mark.parametrize("fault", ["500", "SlowDown", RESET, TRUNCATED])
def test_a_lasting_failure_is_reported_with_its_object(files: Files, proxy: FaultyProxy, fault: str) -> None:
    files.write("chunks/ab/1", DATA)
    proxy.inject(fault, path="chunks/ab/1")
    with pytest.raises(TransportError, match="at 'chunks/ab/1': ") as caught, translated(files.url):
        files.read_range("chunks/ab/1", 0, len(DATA))
    assert caught.value.hint
    assert 3 <= proxy.count("GET", "chunks/ab/1") <= 2 * retry.TRIES  # the library below repeats a reset one


@pytest.mark.parametrize("fault", STALLS)
def test_a_server_that_is_silent_is_given_up(
    files: Files, proxy: FaultyProxy, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("chunks/ab/1", DATA)
    proxy.inject(fault)
    assert retry.PATIENCE_SECONDS + retry.SILENCE_SECONDS < 60
    monkeypatch.setattr(retry, "PATIENCE_SECONDS", retry.PATIENCE_SECONDS / retry.SILENCE_SECONDS)
    ends = pytest.raises(TransportError, match="at 'chunks/ab/1': the server does not answer")
    with ends, translated(files.url):
        files.read_range("chunks/ab/1", 0, 1)
    assert proxy.count("GET", "chunks/ab/1") >= 2
    if fault != STALL_IN_BODY:  # the answer to a write has none
        with ends, translated(files.url):
            files.write("chunks/ab/1", os.urandom(4 << 20))
        assert proxy.count("PUT", "chunks/ab/1") >= 2


def test_a_slow_upload_is_not_a_silent_server(
    moto: S3Server, s3_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FILESYSTEMS}.s3.SILENCE_SECONDS", 5.0)
    data = os.urandom(8 << 20)
    with FaultyProxy(moto.endpoint, buffer=1 << 16) as proxy:
        proxy.upload_rate = 1 << 20
        files = files_at(moto.address(moto.new_bucket())._replace(endpoint=proxy.url))
        files.write("chunks/ab/1", data)
        assert proxy.count("PUT") == 1
        assert files.read_range("chunks/ab/1", 0, 1 << 30) == data


def test_a_slow_download_is_not_a_silent_server(
    moto: S3Server, s3_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{FILESYSTEMS}.s3.SILENCE_SECONDS", 3.0)
    data = os.urandom(5 << 20)
    with FaultyProxy(moto.endpoint) as proxy:
        files = files_at(moto.address(moto.new_bucket())._replace(endpoint=proxy.url))
        files.write("chunks/ab/1", data)
        proxy.download_rate = 1 << 20
        assert files.read_range("chunks/ab/1", 0, 1 << 30) == data
        assert proxy.count("GET") == 1


@pytest.mark.parametrize("fault", ["500", "503", RESET, TRUNCATED, STALL, STALL_IN_BODY])
def test_a_web_server_is_asked_again(web_server: WebServer, fault: str) -> None:
    pytest.importorskip("aiohttp")
    name = secrets.token_hex(8)
    (web_server.root / name).write_bytes(DATA)
    with FaultyProxy(web_server.url) as proxy:
        proxy.inject(fault, 2)
        files = files_at(proxy.url)
        assert files.read_range(name, 0, 1 << 20) == DATA
        assert files.sizes([name, "nothing"]) == [len(DATA), None]


def test_a_forked_child_has_a_connection_of_its_own(files: Files) -> None:
    files.write("a", DATA)
    child = os.fork()
    if not child:
        threading.Timer(60, os._exit, [2]).start()
        with suppress(OSError):
            same = files.read_range("a", 0, 1 << 20) == DATA
            files.write("b", DATA)
            os._exit(0 if same else 1)
        os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert files.sizes(["a", "b"]) == [len(DATA)] * 2
