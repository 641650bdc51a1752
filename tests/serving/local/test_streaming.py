"""Answers in pieces, from a model that yields or the operator's own server, through a real gateway."""

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.raw_http import everything_from
from support.running_engine import PATIENCE_SECONDS, PYTHON, RunningEngine, running_engine, until

from regolo_git.records.routing import Routing
from regolo_git.serving.local import engine as local_engine

pytestmark = pytest.mark.slow  # CI runs it, too

# Each item waits for a file that the test creates, so that the test decides what is there when.
WAITING = """
import os, time
def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.005)
"""
FUNCTION = f"""{WAITING}
def load(path, config):
    def predict(inputs):
        try:
            for item in inputs:
                if isinstance(item, str) and item.startswith("/"):
                    wait_for(item)
                elif item == "fail":
                    raise RuntimeError("no more")
                elif item == "reject":
                    raise ValueError("not like this")
                elif item == "endless":
                    while True:
                        yield "x" * 100_000
                yield item
        finally:
            with open(os.path.join({{home!r}}, "ended"), "a") as file:
                file.write("ended\\n")
    return predict
"""
COROUTINE = """
import asyncio, os
def load(path, config):
    async def predict(inputs):
        for item in inputs:
            while isinstance(item, str) and item.startswith("/") and not os.path.exists(item):
                await asyncio.sleep(0.005)
            yield item
    return predict
"""
EVENTS = {"Accept": "text/event-stream"}


def begin(engine: RunningEngine, inputs: object, accept: str = "*/*", endpoint: str = "e") -> socket.socket:
    body = json.dumps({"inputs": inputs}).encode()
    connection = socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS)
    head = f"POST /endpoints/{endpoint}/invocations HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return connection


def read_until(connection: socket.socket, end: bytes) -> bytes:
    read = b""
    while end not in read:
        piece = connection.recv(1000)
        assert piece, read
        read += piece
    return read


def outcome(engine: RunningEngine, name: str, version: str = "2.0", endpoint: str = "e") -> int:
    series = f'regolo_requests_total{{endpoint="{endpoint}",outcome="{name}",version="{version}"}} '
    for line in engine.ask("GET", "/metrics").body.decode().splitlines():
        if line.startswith(series):
            return int(float(line.rpartition(" ")[2]))
    return 0


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    home = tmp_path_factory.mktemp("streaming")
    registry = FolderRegistry(home / "registry")
    registry.version("2.0", {"serve.py": FUNCTION.replace("{home!r}", repr(str(home)))}, PYTHON)
    registry.version("2.1", {"serve.py": COROUTINE}, PYTHON)
    registry.endpoint("a", {"2.1": 1.0})
    registry.endpoint("short", {"2.1": 1.0}, routing=Routing(timeout_seconds=3))
    commit = registry.endpoint("e", {"2.0": 1.0})
    with running_engine(registry, limits={"send_seconds": 2.0}) as engine:
        for name in ("a", "short", "e"):
            engine.until_serving(name, commit)
        yield engine


def test_the_accepted_type_decides_the_form(engine: RunningEngine) -> None:
    items = ["a", {"n": 1.5}, "x\r\ndata: y\n\nz"]
    lines = engine.predict(items, "/endpoints/e/invocations")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line) for line in lines.body.splitlines()] == items
    events = engine.predict(items, "/endpoints/e/invocations", EVENTS)
    assert events.headers["content-type"] == "text/event-stream"
    assert events.headers["transfer-encoding"] == "chunked"
    assert events.version == "2.0"
    assert events.body.decode().split("\n\n") == [
        "data: a", 'data: {"n":1.5}', "data: x\ndata: data: y\ndata: \ndata: z", ""
    ]  # fmt: skip
    text = engine.predict(items[::2], "/endpoints/a/invocations", {"Accept": "text/plain; q=1, */*"})
    assert text.body.decode() == "ax\r\ndata: y\n\nz"


@pytest.mark.parametrize("endpoint", ["e", "a"])
def test_each_item_comes_as_it_is_there_and_the_worker_is_held(
    engine: RunningEngine, tmp_path: Path, endpoint: str
) -> None:
    go = tmp_path / "go"
    with begin(engine, ["first", str(go)], "text/event-stream", endpoint) as connection:
        read_until(connection, b"data: first\n\n")
        with ThreadPoolExecutor() as pool:
            other = pool.submit(engine.predict, ["other"], f"/endpoints/{endpoint}/invocations")
            if endpoint == "a":
                assert other.result().status == 200
            time.sleep(0.2)
            assert other.done() == (endpoint == "a")
            go.touch()
            assert read_until(connection, b"0\r\n\r\n").endswith(b"\n\n\r\n0\r\n\r\n")
            assert other.result().status == 200


def test_a_failure_before_the_first_item_is_an_error_and_after_it_a_broken_answer(
    engine: RunningEngine,
) -> None:
    assert engine.predict(["fail"], "/endpoints/e/invocations").status == 500
    assert engine.predict(["reject"], "/endpoints/e/invocations").status == 400
    before = until(lambda: outcome(engine, "error"))
    with begin(engine, ["first", "fail"]) as connection:
        said = everything_from(connection)
    assert b'"first"\n' in said
    assert not said.endswith(b"0\r\n\r\n")
    until(lambda: outcome(engine, "error") == before + 1)
    assert engine.predict(["fine"], "/endpoints/e/invocations").status == 200


def test_a_protocol_without_streams_is_refused(engine: RunningEngine) -> None:
    tensor = b'{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
    for name in ("e", "a"):
        answer = engine.ask("POST", f"/v2/models/{name}/infer", tensor)
        assert (answer.status, "POST /invocations" in str(answer.json["error"])) == (400, True)


def test_who_hangs_up_in_the_middle_ends_the_stream(engine: RunningEngine, tmp_path: Path) -> None:
    before = outcome(engine, "abandoned")
    connection = begin(engine, ["endless"])
    read_until(connection, b"xxx")
    connection.close()
    until(lambda: outcome(engine, "abandoned") == before + 1)
    assert engine.predict(["next"], "/endpoints/e/invocations").status == 200
    # Between two items that are far apart, too.
    before = outcome(engine, "abandoned", "2.1", "a")
    connection = begin(engine, ["first", str(tmp_path / "never")], endpoint="a")
    read_until(connection, b"first")
    connection.close()
    until(lambda: outcome(engine, "abandoned", "2.1", "a") == before + 1)


def test_items_that_are_too_far_apart_are_a_timeout(engine: RunningEngine, tmp_path: Path) -> None:
    with begin(engine, ["first", str(tmp_path / "never")], endpoint="short") as connection:
        said = everything_from(connection)
    assert b'"first"\n' in said
    assert not said.endswith(b"0\r\n\r\n")
    until(lambda: outcome(engine, "timeout", "2.1", "short") == 1)


def _resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_slow_reader_holds_up_the_model_and_is_left(engine: RunningEngine) -> None:
    gateway = engine.status()["gateways"][0]["process"]
    (worker,) = engine.workers("e", "2.0")
    before, abandoned = (_resident(gateway), _resident(worker)), outcome(engine, "abandoned")
    with begin(engine, ["endless"]) as connection:
        read_until(connection, b"xxx")
        # Nothing is read until the gateway gives up: an endless stream meanwhile takes no memory.
        until(lambda: outcome(engine, "abandoned") == abandoned + 1)
        after = _resident(gateway), _resident(worker)
    assert all(now - then < 16 << 20 for now, then in zip(after, before, strict=True))
    assert engine.predict(["next"], "/endpoints/e/invocations").status == 200


def test_a_stream_is_finished_while_the_server_stops(tmp_path: Path, registry: FolderRegistry) -> None:
    go = tmp_path / "go"
    registry.version("2.1", {"serve.py": COROUTINE}, PYTHON)
    commit = registry.endpoint("e", {"2.1": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        with begin(engine, ["first", str(go), "last"]) as connection, ThreadPoolExecutor() as pool:
            read_until(connection, b"first")
            stopped = pool.submit(engine.stop)
            time.sleep(0.3)
            assert not stopped.done()
            go.touch()
            assert everything_from(connection).endswith(b"0\r\n\r\n")
            stopped.result()


def test_a_stream_is_finished_by_the_gateway_that_was_replaced(
    tmp_path: Path, registry: FolderRegistry
) -> None:
    go = tmp_path / "go"
    registry.version("2.1", {"serve.py": COROUTINE}, PYTHON)
    commit = registry.endpoint("e", {"2.1": 1.0})
    with running_engine(registry) as engine:
        engine.until_serving("e", commit)
        (before,) = engine.status()["gateways"]
        with begin(engine, ["first", str(go), "last"]) as connection, ThreadPoolExecutor() as pool:
            read_until(connection, b"first")
            replaced = pool.submit(local_engine.replace, engine.common)
            until(lambda: any(g["process"] != before["process"] for g in engine.status()["gateways"]))
            assert engine.predict(["next"], "/endpoints/e/invocations").status == 200
            go.touch()
            said = everything_from(connection)
            assert b"last" in said
            assert said.endswith(b"0\r\n\r\n")
            replaced.result()
        until(lambda: outcome(engine, "ok", "2.1") == 2)


class Server(BaseHTTPRequestHandler):
    """The operator's own server: events that come when the test says so."""

    protocol_version = "HTTP/1.1"
    go = threading.Event()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")  # or the gateway may send the next request as this one closes
        self.end_headers()
        self.go.wait(30)
        self.wfile.write(b"a\r\ndata: one\n\r\n1\r\n\n\r\n")
        self.close_connection = True
        if self.path == "/invocations":
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_events_of_an_external_server_pass_through_from_the_head_on(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with served() as address:
        policy = f'[backends."m@1.0"]\nurls = ["{address}"]\n'
        with running_engine(registry, policy_text=policy) as engine:
            engine.until_serving("e", commit)
            with begin(engine, [1]) as connection:
                # The head is there before anything else is.
                assert b"text/event-stream" in read_until(connection, b"\r\n\r\n")
                Server.go.set()
                assert b"data: one\n" in read_until(connection, b"0\r\n\r\n")
            # One that breaks off in the middle breaks off for the caller.
            tensor = b'{"inputs": [{"name": "x", "shape": [1], "datatype": "INT64", "data": [5]}]}'
            with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
                head = f"POST /v2/models/e/infer HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(tensor)}"
                connection.sendall(f"{head}\r\n\r\n".encode() + tensor)
                said = everything_from(connection)
            assert b"data: one\n" in said
            assert not said.endswith(b"0\r\n\r\n")
            until(lambda: outcome(engine, "error", "1.0") == 1)
