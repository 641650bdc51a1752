"""The operator's own server in a version's place."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.fake_workers import eventually
from support.folder_source import FolderRegistry
from support.running_engine import running_engine

from regolo_git.errors import ServingError
from regolo_git.serving.local.supervisor.external_servers import ExternalReplicaSet
from regolo_git.serving.policy import ExternalServer


@pytest.mark.slow
def test_a_server_of_the_operators_stands_in_by_its_address(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry) as behind:
        behind.until_serving("e", commit)
        front = FolderRegistry(registry.folder.parent / "front" / "registry")
        front.version("7.0", {"nothing": "here"})
        commit = front.endpoint("e", {"7.0": 1.0})
        policy = f'[backends."m@7.0"]\nurls = ["{behind.address}"]\nmodel = "e"\n'
        with running_engine(front, policy_text=policy) as engine:
            engine.until_serving("e", commit)
            tensor = '{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
            answer = engine.ask("POST", "/v2/models/e/infer", tensor.encode())
            assert answer.json["outputs"][0]["data"] == [5]
            assert answer.version == "7.0"


class Switch(BaseHTTPRequestHandler):
    """A server that is ready when the test says so."""

    status = 503

    def do_GET(self) -> None:
        assert self.path == "/v2/health/ready"
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def switch() -> Iterator[tuple[type[Switch], str]]:
    class Own(Switch):
        pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Own, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_takes_requests_for_as_long_as_it_says_that_it_is_ready(
    switch: tuple[type[Switch], str],
) -> None:
    server, url = switch

    async def run() -> None:
        foreign = ExternalServer((url,), "m")
        held = ExternalReplicaSet("m@1.0", foreign, 20, lambda: None, check_seconds=0.5)
        await eventually(lambda: held.problem)
        assert held.ready == ()
        server.status = 200
        await held.started()
        assert [replica.address for replica in held.ready] == [url]
        server.status = 503
        await eventually(lambda: not held.ready)
        await held.stop()

    asyncio.run(run())


def test_servers_of_which_none_is_ready_in_time_are_an_error() -> None:
    async def run() -> None:
        held = ExternalReplicaSet("m@1.0", ExternalServer(("http://127.0.0.1:9",), "m"), 0.05, lambda: None)
        with pytest.raises(ServingError, match=r"http://127\.0\.0\.1:9"):
            await held.started()
        await held.stop()

    asyncio.run(run())
