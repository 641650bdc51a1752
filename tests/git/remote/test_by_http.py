"""The transports with `git http-backend` behind basic auth."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.git_program import git, new_repository
from support.servers.git_http import PASSWORD, USER, GitHttp
from support.transport_suite import Client, MakeTransport, Served, TransportSuite

from regolo_git.errors import TransportError
from regolo_git.git.remote.transport import RefUpdate
from regolo_git.git.remote.with_dulwich import DulwichTransport
from regolo_git.git.remote.with_git import GitTransport

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHttp]:
    root = tmp_path / "http"
    root.mkdir()
    with GitHttp(root).running() as running:
        yield running


@pytest.fixture
def served(server: GitHttp) -> Served:
    top = new_repository(server.root / "served.git", "--bare")
    return Served(top, server.url(top))


@pytest.fixture
def credentials(isolated: Path) -> None:
    helper = f"!f() {{ echo username={USER}; echo 'password={PASSWORD}'; }}; f"
    git(isolated, "config", "--global", "credential.helper", helper)


@pytest.mark.usefixtures("credentials")
class TestGitByHttp(TransportSuite):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("credentials", "no_git")
class TestDulwichByHttp(TransportSuite):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport


class AsksForLittle:
    """The refs of one model are all that is transferred, however many there are."""

    @pytest.mark.usefixtures("credentials")
    def test_the_tags_of_one_model_are_all_that_is_transferred(
        self, served: Served, make: MakeTransport, tmp_path: Path, server: GitHttp
    ) -> None:
        client = Client(tmp_path / "client", served.url, make)
        commit = client.commit()
        client.push(RefUpdate("refs/heads/main", commit), RefUpdate("refs/tags/m@v1.0", commit))
        lines = "".join(f"create refs/tags/other@v1.{number} {commit}\n" for number in range(2000))
        git(served.top, "update-ref", "--stdin", given=lines)
        server.seen.clear()
        assert client.transport.refs("origin", ["refs/tags/m@*"]) == {"refs/tags/m@v1.0": commit}
        assert sum(seen.answer for seen in server.seen) < 1000

    @pytest.mark.usefixtures("credentials")
    def test_a_server_of_an_older_protocol_lists_everything(
        self, served: Served, make: MakeTransport, tmp_path: Path, server: GitHttp
    ) -> None:
        client = Client(tmp_path / "client", served.url, make)
        commit = client.commit()
        client.push(RefUpdate("refs/heads/main", commit), RefUpdate("refs/tags/m@v1.0", commit))
        server.knows_protocol_2 = False
        assert client.transport.refs("origin", ["refs/tags/m@*"]) == {"refs/tags/m@v1.0": commit}
        client.fetch()


class TestGitAsksForLittle(AsksForLittle):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("no_git")
class TestDulwichAsksForLittle(AsksForLittle):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport


class BadDays:
    """What a client is told when the server does not serve it."""

    @pytest.fixture
    def client(self, served: Served, make: MakeTransport, tmp_path: Path) -> Client:
        return Client(tmp_path / "client", served.url, make)

    def all_ways(self, client: Client) -> Iterator[TransportError]:
        commit = client.commit()
        for ask in (
            lambda: client.transport.refs("origin", ["refs/heads/main"]),
            client.fetch,
            lambda: client.transport.push("origin", [RefUpdate("refs/heads/main", commit)]),
        ):
            with pytest.raises(TransportError) as caught:
                ask()
            yield caught.value

    def test_no_credentials(self, client: Client) -> None:
        for error in self.all_ways(client):
            assert "the credentials are missing or were rejected" in error.message
            assert str(error.hint).startswith("git ls-remote origin")

    def test_wrong_credentials_are_not_shown(self, client: Client, server: GitHttp) -> None:
        git(
            client.top,
            "config",
            "remote.origin.url",
            server.url(server.root / "served.git", "ada:oh-no-1234@"),
        )
        for error in self.all_ways(client):
            assert "the credentials are missing or were rejected" in error.message
            assert "oh-no-1234" not in f"{error.message} {error.hint}"

    @pytest.mark.usefixtures("credentials")
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (403, "no permission"),
            (429, "HTTP status 429"),
            (500, "HTTP status 500"),
            (503, "HTTP status 503"),
        ],
    )
    def test_the_status_of_the_server_is_explained(
        self, client: Client, server: GitHttp, status: int, words: str
    ) -> None:
        server.status = status
        for error in self.all_ways(client):
            assert words in error.message

    def test_a_server_that_is_not_there(self, client: Client) -> None:
        git(client.top, "config", "remote.origin.url", "http://127.0.0.1:9/x.git")
        for error in self.all_ways(client):
            assert "does not accept connections" in error.message

    def test_a_host_that_has_no_address(self, client: Client) -> None:
        git(client.top, "config", "remote.origin.url", "http://host.invalid/x.git")
        for error in self.all_ways(client):
            assert "host 'host.invalid' is not known" in error.message


class TestBadDaysWithGit(BadDays):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("no_git")
class TestBadDaysWithDulwich(BadDays):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport
