"""A server of each kind that nobody reaches: what is the matter is said, and soon."""

import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.servers.nginx import running_nginx
from support.servers.tls import tls_server

from regolo_git.errors import StoreAbsent, TransportError
from regolo_git.records.store_url import StoreAddress, parse_store_address
from regolo_git.store.files import retry
from regolo_git.store.locate import files_at
from regolo_git.store.shared import SharedStore

pytestmark = pytest.mark.slow

AWAY = {
    "refused": "the server refuses connections",
    "unknown": "the name of the server cannot be resolved",
    "plain": "the server does not speak TLS at this port",
    "untrusted": "the certificate of the server is not trusted",
}
KEY = "c2VjcmV0"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of servers: one that is not there, one without a name, one without TLS, and one unknown."""
    with (
        socket.socket() as unused,
        running_nginx(tmp_path_factory.mktemp("web")) as web,
        tls_server(tmp_path_factory.mktemp("tls")) as tls,
    ):
        unused.bind(("127.0.0.1", 0))
        yield {
            "refused": f"http://127.0.0.1:{unused.getsockname()[1]}",
            "unknown": "http://nothing.invalid:9000",
            "plain": web.url.replace("http:", "https:"),
            "untrusted": tls.url,
        }


@pytest.mark.parametrize("away", AWAY)
@pytest.mark.parametrize(
    ("scheme", "library"), [("s3", "s3fs"), ("http", "aiohttp"), ("gs", "gcsfs"), ("az", "adlfs")]
)
def test_the_reason_for_not_reaching_the_store_is_reported(
    servers: dict[str, str], scheme: str, library: str, away: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(library)
    refused(_address(scheme, servers[away], monkeypatch), AWAY[away], monkeypatch)


@pytest.mark.parametrize("away", ["refused", "unknown"])
def test_so_it_is_of_an_ssh_server(
    servers: dict[str, str], away: str, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sshfs")
    place = servers[away].removeprefix("http://")
    refused(parse_store_address(f"sftp://somebody@{place}/team"), AWAY[away], monkeypatch)


def refused(address: StoreAddress, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(retry.time, "sleep", waits.append)
    with pytest.raises(TransportError, match=words) as caught:
        SharedStore.open(files_at(address))
    assert not isinstance(caught.value, StoreAbsent)
    assert caught.value.hint
    assert sum(waits) < 2


def _address(scheme: str, server: str, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store on a server, with credentials."""
    name = secrets.token_hex(8)
    if scheme == "http":
        return parse_store_address(f"{server}/{name}")
    if scheme == "s3":
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(variable, KEY)
        return parse_store_address(f"s3://{name}/team", server, "us-east-1")
    if scheme == "gs":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server)
        return parse_store_address(f"gs://{name}/team")
    parts = f"AccountName=account;AccountKey={KEY};BlobEndpoint={server}/account"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"DefaultEndpointsProtocol=http;{parts}")
    return parse_store_address(f"az://{name}/team")
