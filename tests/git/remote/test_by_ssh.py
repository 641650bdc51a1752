"""The transports with OpenSSH's server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.git_program import git, new_repository
from support.servers.sshd import Sshd, running_sshd
from support.transport_suite import Client, MakeTransport, Served, TransportSuite

from regolo_git.errors import TransportError
from regolo_git.git.remote.with_dulwich import DulwichTransport
from regolo_git.git.remote.with_git import GitTransport

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running_sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def served(sshd: Sshd, tmp_path: Path, isolated: Path) -> Served:
    top = new_repository(tmp_path / "served.git", "--bare")
    git(isolated, "config", "--global", "core.sshCommand", sshd.ssh_command)
    return Served(top, f"ssh://git-host{top}")


class TestGitBySsh(TransportSuite):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("no_git")
class TestDulwichBySsh(TransportSuite):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport


class BadDays:
    @pytest.fixture
    def client(self, served: Served, make: MakeTransport, tmp_path: Path) -> Client:
        return Client(tmp_path / "client", served.url, make)

    def failure(self, client: Client) -> TransportError:
        with pytest.raises(TransportError) as caught:
            client.transport.refs("origin", ["refs/heads/main"])
        return caught.value

    def other_config(self, sshd: Sshd, client: Client, old: str, new: str) -> None:
        changed = client.top.parent / "ssh_config"
        changed.write_text(sshd.config.read_text().replace(old, new))
        git(client.top, "config", "core.sshCommand", f"ssh -F {changed}")

    def test_an_unknown_host_key(self, sshd: Sshd, client: Client) -> None:
        self.other_config(sshd, client, str(sshd.known_hosts), "/dev/null")
        error = self.failure(client)
        assert "its host key is not known" in error.message
        assert str(error.hint).startswith("ssh HOST")

    def test_a_host_key_that_changed(self, sshd: Sshd, client: Client) -> None:
        other = client.top.parent / "known_hosts"
        name, kind, _ = sshd.known_hosts.read_text().split()
        other.write_text(f"{name} {kind} {(sshd.key.with_suffix('.pub')).read_text().split()[1]}\n")
        self.other_config(sshd, client, str(sshd.known_hosts), str(other))
        error = self.failure(client)
        assert "is not the known one: this may be another machine" in error.message
        assert str(error.hint).startswith("ssh-keygen -R")

    def test_a_key_that_the_host_does_not_accept(self, sshd: Sshd, client: Client) -> None:
        self.other_config(sshd, client, str(sshd.key), str(sshd.key.with_name("host")))
        assert "the host accepted none of the SSH keys" in self.failure(client).message

    def test_a_host_that_is_not_there(self, sshd: Sshd, client: Client) -> None:
        self.other_config(sshd, client, f"Port {sshd.port}", "Port 9")
        assert "does not accept connections" in self.failure(client).message
        self.other_config(sshd, client, "HostName 127.0.0.1", "HostName host.invalid")
        assert "host 'host.invalid' is not known" in self.failure(client).message


class TestBadDaysWithGit(BadDays):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("no_git")
class TestBadDaysWithDulwich(BadDays):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport
