"""S3 services: moto, which answers as AWS does, and ministack, whose words are shorter."""

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from regolo_git.records.store_url import StoreAddress, parse_store_address
from support.ports import reserved_port
from support.servers.process import running

REGION = "us-east-1"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "ada", "AWS_SECRET_ACCESS_KEY": "byron"}


MODULES = {"moto": "moto.server", "ministack": "ministack.app"}


class S3Server(NamedTuple):
    """One service; whoever talks to it needs CREDENTIALS in the environment."""

    name: str
    endpoint: str
    client: Any

    def new_bucket(self) -> str:
        """The name of a new bucket."""
        name = f"models-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        return name

    def address(self, bucket: str, path: str = "team/store") -> StoreAddress:
        """A store in a bucket."""
        return parse_store_address(f"s3://{bucket}/{path}", self.endpoint, REGION)


def client(endpoint: str) -> Any:
    """A client of botocore's own."""
    from botocore.session import get_session

    return get_session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def running_s3(name: str, home: Path) -> Iterator[S3Server]:
    """A service, `moto` or `ministack`; skips the test where it is not installed."""
    pytest.importorskip("s3fs")
    pytest.importorskip(name)
    with reserved_port() as port:
        arguments = ["-H", "127.0.0.1", "-p", str(port)] if name == "moto" else []
        environment = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
        endpoint = f"http://127.0.0.1:{port}"
        with running(
            [sys.executable, "-m", MODULES[name], *arguments],
            home / f"{name}.log",
            lambda: _answers(endpoint),
            environment,
        ):
            yield S3Server(name, endpoint, client(endpoint))


def _answers(endpoint: str) -> bool:
    try:
        with urlopen(endpoint, timeout=5):
            return True
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session", params=["moto", "ministack"])
def s3_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Each service in turn."""
    with running_s3(request.param, tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The service that answers as AWS does, where one is enough."""
    with running_s3("moto", tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def s3_credentials(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a client of the service needs in its environment."""
    for name, value in {**CREDENTIALS, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_store(s3_server: S3Server, s3_credentials: None) -> StoreAddress:
    """A place for a store in a new bucket, which these credentials may write to."""
    return s3_server.address(s3_server.new_bucket())
