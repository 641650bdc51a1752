"""A plain web server is read as any store, and never written to."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.files_suite import Place, ReadingSuite
from support.servers.faulty_proxy import FaultyProxy
from support.servers.nginx import WebServer, web_server

from regolo_git.errors import TransportError
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

__all__ = ["web_server"]

pytestmark = pytest.mark.slow


@pytest.fixture
def directory(web_server: WebServer, tmp_path: Path) -> Path:
    """A new directory that the server serves."""
    pytest.importorskip("aiohttp")
    place = web_server.root / tmp_path.name
    place.mkdir()
    return place


class TestWebServer(ReadingSuite):
    prefix = ""

    @pytest.fixture
    def files(self, web_server: WebServer, directory: Path) -> Files:
        return files_at(f"{web_server.url}{self.prefix}/{directory.name}")

    @pytest.fixture
    def place(self, directory: Path) -> Place:
        def write(path: str, data: bytes) -> None:
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_bytes(data)

        return write


class TestWithoutRanges(TestWebServer):
    """A server that sends the whole file, whatever part of it is asked for."""

    prefix = "/no-ranges"


FORKS = """
import os, sys, time
from regolo_git.store.locate import files_at
files = files_at(sys.argv[1])
assert files.read_range("a", 0, 9) == b"123"
if not (child := os.fork()):
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
begun = time.monotonic()
assert files.read_range("a", 0, 9) == b"123"
assert time.monotonic() - begun < 10
"""


def test_a_forked_child_that_ends_leaves_its_parent_the_connections(
    web_server: WebServer, directory: Path
) -> None:
    (directory / "a").write_bytes(b"123")
    done = subprocess.run(
        [sys.executable, "-c", FORKS, f"{web_server.url}/{directory.name}"],
        timeout=120, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


WRITES: dict[str, Callable[[Files], object]] = {
    "create_root": lambda files: files.create_root(),
    "put": lambda files: files.put("a", b"1"),
    "write": lambda files: files.write("a", b"1"),
    "create": lambda files: files.create("a", b"1"),
    "move": lambda files: files.move("a", "b"),
    "remove": lambda files: files.remove("a"),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
def test_nothing_is_written(web_server: WebServer, directory: Path, act: Callable[[Files], object]) -> None:
    (directory / "a").write_bytes(b"as it was")
    with FaultyProxy(web_server.url) as proxy:
        url = f"{proxy.url}/{directory.name}"
        files = files_at(url)
        with pytest.raises(TransportError, match="a web server cannot be written to"), translated(url):
            act(files)
        assert proxy.count() == 0
    assert [path.name for path in directory.iterdir()] == ["a"]


def test_nothing_is_listed(web_server: WebServer, directory: Path) -> None:
    files = files_at(f"{web_server.url}/{directory.name}")
    with pytest.raises(TransportError, match="does not list its files"), translated(files.url):
        files.walk("recipes")
    assert list(files.stale_temporaries()) == []


def test_an_unreadable_file_is_reported(web_server: WebServer, directory: Path) -> None:
    files = files_at(f"{web_server.url}/private/{directory.name}")
    expected = pytest.raises(TransportError, match="at 'a': the server does not allow it")
    with expected as caught, translated(files.url):
        files.read_range("a", 0, 1)
    assert caught.value.hint


def test_a_whole_file_costs_one_request(web_server: WebServer, directory: Path) -> None:
    (directory / "a").write_bytes(b"12345")
    with FaultyProxy(web_server.url) as proxy:
        files = files_at(f"{proxy.url}/{directory.name}")
        assert files.read_into("a", memoryview(bytearray(5)))
        assert proxy.count() == 1
        assert files.read_ranges("a", [(0, 2), (3, 2)]) == [b"12", b"45"]
        assert proxy.count() == 2


def test_a_server_that_refuses_tls_is_reported(web_server: WebServer) -> None:
    files = files_at(f"{web_server.url.replace('http:', 'https:')}/a")
    with pytest.raises(TransportError, match="does not speak TLS") as caught, translated(files.url):
        files.read_range("a", 0, 1)
    assert "http://" in str(caught.value.hint)
