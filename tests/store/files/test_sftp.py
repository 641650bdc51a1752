"""A directory of a server keeps the promises, and its host is always checked."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from support.files_suite import FilesSuite
from support.servers.sshd import Sshd, let_ssh_find, running_sshd

from regolo_git.errors import TransportError
from regolo_git.store.files import retry
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.translate import translated

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    pytest.importorskip("sshfs")
    with running_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def ssh_home(sshd: Sshd, isolated: Path) -> Path:
    """A home whose ssh finds the server under the name `store`, with its key and the user's."""
    return let_ssh_find(sshd, isolated)


class TestServer(FilesSuite):
    @pytest.fixture
    def files(self, ssh_home: Path, tmp_path: Path) -> Files:  # noqa: ARG002
        files = files_at(f"sftp://store{tmp_path}/team/store")
        files.create_root()
        return files


def test_user_and_port_of_the_url_come_first(sshd: Sshd, ssh_home: Path, tmp_path: Path) -> None:
    (ssh_home / "config").write_text(f"Host *\n  Port 1\n  User nobody\n  IdentityFile {sshd.key}\n")
    files = files_at(f"sftp://{sshd.user}@127.0.0.1:{sshd.port}{tmp_path}")
    files.write("a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"


@pytest.mark.parametrize("known", ["", "another"])
def test_a_host_that_is_not_known_is_not_talked_to(
    sshd: Sshd, ssh_home: Path, tmp_path: Path, known: str
) -> None:
    if known:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
        key = (tmp_path / "key.pub").read_text().split()
        known = f"[127.0.0.1]:{sshd.port} {key[0]} {key[1]}\n"
    (ssh_home / "known_hosts").write_text(known)
    with pytest.raises(TransportError, match="the key of the host is not known, or is another") as caught:
        files_at(f"sftp://store{tmp_path}")
    assert "ssh" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("there", "words"),
    [(True, "accepts neither this user nor a key"), (False, "names a file that is not there")],
    ids=["another key", "no key"],
)
def test_a_user_without_a_key_is_reported(
    sshd: Sshd, ssh_home: Path, tmp_path: Path, there: bool, words: str
) -> None:
    key = tmp_path / "key"
    if there:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    config = (ssh_home / "config").read_text()
    (ssh_home / "config").write_text(config.replace(str(sshd.key), str(key)))
    with pytest.raises(TransportError, match=words) as caught:
        files_at(f"sftp://store{tmp_path}")
    assert caught.value.hint


def test_a_missing_server_is_reported(ssh_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.0)
    with pytest.raises(TransportError, match=r"/models' failed: the server refuses"):
        files_at("sftp://127.0.0.1:1/models")


def test_a_root_that_is_not_there_is_not_created_by_the_way(ssh_home: Path, tmp_path: Path) -> None:
    files = files_at(f"sftp://store{tmp_path}/disk/store")
    for act in (files.write, files.put, files.create):
        with pytest.raises(FileNotFoundError):
            act("chunks/ab/1", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_place_of_a_directory_is_reported(ssh_home: Path, tmp_path: Path) -> None:
    files = files_at(f"sftp://store{tmp_path}")
    files.write("chunks", b"1")
    with pytest.raises(TransportError, match="at 'chunks/ab/1'"), translated(files.url):
        files.write("chunks/ab/1", b"1")


def test_a_server_that_does_not_let_write_is_read_from(isolated: Path, tmp_path: Path) -> None:
    pytest.importorskip("sshfs")
    (tmp_path / "server").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store/a").write_bytes(b"123")
    with running_sshd(tmp_path / "server", "internal-sftp -R") as server:
        let_ssh_find(server, isolated)
        files = files_at(f"sftp://store{tmp_path}/store")
        assert files.read_range("a", 1, 9) == b"23"
        for act in (files.write, files.put, files.create):
            with pytest.raises(TransportError, match="at 'b': access is denied") as caught, translated("s"):
                act("b", b"1")
            assert "permissions on the server" in str(caught.value.hint)
    assert [path.name for path in (tmp_path / "store").rglob("*") if path.is_file()] == ["a"]


def test_a_server_that_falls_silent_is_given_up_and_found_again(
    sshd: Sshd, ssh_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regolo_git.store.files.filesystems.sftp.SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(retry, "FIRST_WAIT_SECONDS", 0.01)
    data = os.urandom(4 << 20)
    with Relay(sshd.port) as relay:
        config = (ssh_home / "config").read_text()
        (ssh_home / "config").write_text(config.replace(f"Port {sshd.port}", f"Port {relay.port}"))
        files = files_at(f"sftp://store{tmp_path}")
        files.write("a", data)
        relay.silence()  # the connections there are, and not the next ones
        assert files.read_range("a", 0, len(data)) == data
        relay.silence()
        files.write("b", data)
        assert files.read_range("b", 0, len(data)) == data
        relay.silence(for_ever=True)
        monkeypatch.setattr(retry, "PATIENCE_SECONDS", 2.0)
        with pytest.raises(TransportError, match="at 'c': ") as caught, translated(files.url):
            files.write("c", data)
        assert caught.value.hint


class Relay:
    """A port that leads to another one, until the network is silent."""

    def __init__(self, upstream: int) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open = threading.Event()
        self._open.set()
        self._ends: list[socket.socket] = []

    def silence(self, *, for_ever: bool = False) -> None:
        """Nothing that is sent on a connection arrives any more; with `for_ever` on later ones, too."""
        self._open.clear()
        self._open = threading.Event()
        if not for_ever:
            self._open.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for end in (self._listener, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, far = (
                    self._listener.accept()[0],
                    socket.create_connection(("127.0.0.1", self._upstream)),
                )
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_pass_on, args=(one, other, self._open), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, is_open: threading.Event) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            if is_open.is_set():
                target.sendall(data)


def test_a_connection_that_was_cut_is_made_again(sshd: Sshd, ssh_home: Path, tmp_path: Path) -> None:
    files = files_at(f"sftp://store{tmp_path}")
    files.write("a", b"1")
    listed = subprocess.run(
        ["pgrep", "-P", str(_of_port(sshd.port))], capture_output=True, text=True, check=True
    )
    for child in listed.stdout.split():
        subprocess.run(["kill", child], check=True)
    assert files.read_range("a", 0, 9) == b"1"


def _of_port(port: int) -> int:
    """The process that listens at a port."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    inode = next(
        line.split()[9]
        for line in lines
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    )
    for place in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(place.readlink()) == f"socket:[{inode}]":
                return int(place.parts[2])
        except OSError:
            continue
    raise AssertionError("nothing listens")
