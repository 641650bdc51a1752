"""Azure Storage, as Azurite answers for it."""

import base64
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from support.ports import reserved_port
from support.servers.process import listens, running

ACCOUNT = "regolo"
KEY = base64.b64encode(secrets.token_bytes(32)).decode()


class AzureServer(NamedTuple):
    """A server; clients find it by a connection string."""

    url: str

    def connection_string(self, url: str | None = None, key: str = KEY) -> str:
        """For AZURE_STORAGE_CONNECTION_STRING; `url` is that of a proxy before it."""
        endpoint = f"{url or self.url}/{ACCOUNT}"
        return f"AccountName={ACCOUNT};AccountKey={key};BlobEndpoint={endpoint};"

    def new_container(self) -> str:
        """The name of a new container."""
        from azure.storage.blob import BlobServiceClient

        name = f"models-{secrets.token_hex(6)}"
        with BlobServiceClient.from_connection_string(self.connection_string()) as service:
            service.create_container(name)
        return name

    def signature(self, container: str) -> str:
        """A signature with which a container can be read, and nothing else."""
        from azure.storage.blob import generate_container_sas

        end = datetime.now(UTC) + timedelta(hours=1)
        return generate_container_sas(ACCOUNT, container, KEY, permission="rl", expiry=end)


@contextmanager
def running_azure(home: Path) -> Iterator[AzureServer]:
    """A server; skips the test where it is not installed."""
    pytest.importorskip("adlfs")
    program = shutil.which("azurite-blob")
    if program is None or shutil.which("node") is None:
        pytest.skip("azurite-blob or node is not installed")
    with reserved_port() as port:
        command = [
            program,
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
            "--location",
            home / "azurite",
        ]
        options = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        accounts = {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
        with running([*command, *options], home / "azurite.log", lambda: listens(port), accounts):
            yield AzureServer(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureServer]:
    """Azurite."""
    with running_azure(tmp_path_factory.mktemp("azure")) as server:
        yield server
