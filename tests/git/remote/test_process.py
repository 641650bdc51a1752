"""Git beside a remote that stops answering, or refuses for reasons of the machine."""

import os
import signal
import time
from pathlib import Path

import pytest
from support.git_program import GIT, git, new_repository
from support.transport_suite import Client, Served, write_hook

from regolo_git.errors import TransportError
from regolo_git.git.remote import connections, process
from regolo_git.git.remote.transport import RefUpdate
from regolo_git.git.remote.with_dulwich import DulwichTransport
from regolo_git.git.remote.with_git import GitTransport

pytestmark = pytest.mark.slow

MAIN = "refs/heads/main"
SILENCE = 3.0  # seconds, in which a slow machine, too, starts the program that then says nothing


@pytest.fixture
def served(tmp_path: Path) -> Served:
    top = new_repository(tmp_path / "served.git", "--bare")
    return Served(top, str(top))


def gone(file: Path) -> bool:
    """Whether the process whose number a hook wrote has ended."""
    for _ in range(200):
        try:
            os.kill(int(file.read_text()), 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_server_that_says_nothing_ends_the_push(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SILENCE_SECONDS", SILENCE)
    client = Client(tmp_path / "client", served.url, GitTransport)
    commit = client.commit()
    served.hook("pre-receive", f"echo $$ > {tmp_path}/pid; exec sleep 600")
    with pytest.raises(TransportError, match="no answer in 3 s"):
        client.transport.push("origin", [RefUpdate(MAIN, commit)])
    assert gone(tmp_path / "pid")
    assert served.has() == {}


@pytest.mark.parametrize("make", [GitTransport, DulwichTransport], ids=["git", "dulwich"])
def test_a_host_that_never_answers_ends_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: type[GitTransport] | type[DulwichTransport]
) -> None:
    monkeypatch.setattr(process, "SILENCE_SECONDS", SILENCE)
    monkeypatch.setattr(connections, "SILENCE_SECONDS", SILENCE)
    ssh = tmp_path / "ssh"
    write_hook(ssh, f"echo $$ > {tmp_path}/pid; exec sleep 600")
    client = Client(tmp_path / "client", "ada@host:repository.git", make)
    git(client.top, "config", "core.sshCommand", str(ssh))
    for patterns in ([MAIN], ["refs/*"]):
        with pytest.raises(TransportError, match="no answer in"):
            client.transport.refs("origin", patterns)
        assert gone(tmp_path / "pid")


def test_a_program_that_stays_behind_does_not_hold_the_command_up(served: Served, tmp_path: Path) -> None:
    client = Client(tmp_path / "client", f"host:{served.top}", GitTransport)
    behind = f'sleep 600 & echo $! > {tmp_path}/pid; eval "{GIT} upload-pack {served.top}"'
    write_hook(tmp_path / "ssh", behind)
    git(client.top, "config", "core.sshCommand", str(tmp_path / "ssh"))
    assert client.transport.refs("origin", ["refs/*"]) == {}
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)  # it is still there


@pytest.mark.parametrize("make", [GitTransport, DulwichTransport], ids=["git", "dulwich"])
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_a_repository_of_another_user_names_the_setting(
    served: Served, tmp_path: Path, make: type[GitTransport] | type[DulwichTransport]
) -> None:
    client = Client(tmp_path / "client", served.url, make)
    commit = client.commit()
    for place in (served.top, *served.top.rglob("*")):
        os.chown(place, 12345, 12345)
    for ask in (
        lambda: client.transport.refs("origin", [MAIN]),
        lambda: client.transport.push("origin", [RefUpdate(MAIN, commit)]),
    ):
        with pytest.raises(TransportError, match="is owned by another user") as caught:
            ask()
        assert str(caught.value.hint) == f"git config --global --add safe.directory {served.top}"
