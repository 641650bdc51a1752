"""The gateway as callers see it, with real workers behind it."""

import http.client
import json
import socket
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from support.folder_source import FolderRegistry
from support.running_engine import ECHO, PYTHON, RunningEngine, running_engine, until

from regolo_git.records.routing import Routing

SLOW = """
import asyncio
def load(path, config):
    async def predict(inputs):
        await asyncio.sleep(inputs[0])
        return inputs
    return predict
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory):
    """One engine for every test that only asks: endpoints `e` (90/10/0), `sticky`, `slow` and `small`."""
    registry = FolderRegistry(tmp_path_factory.mktemp("gateway") / "registry")
    for version in ("1.0", "1.1", "1.2"):
        registry.version(version, {"serve.py": f"# {version}\n{ECHO}"}, PYTHON)
    registry.version("2.0", {"serve.py": SLOW}, PYTHON)
    registry.endpoint("e", {"1.0": 0.9, "1.1": 0.1, "1.2": 0.0})
    registry.endpoint("sticky", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_header="X-User"))
    registry.endpoint("cookie", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_cookie="user"))
    registry.endpoint("key", {"1.0": 0.5, "1.1": 0.5}, routing=Routing(sticky_key="params.user"))
    registry.endpoint("slow", {"2.0": 1.0}, routing=Routing(timeout_seconds=0.5, max_concurrency=2))
    commit = registry.endpoint("small", {"1.0": 1.0}, routing=Routing(max_body_bytes=1000))
    limits = {"head_seconds": 0.5, "body_seconds": 0.5}
    with running_engine(registry, limits=limits) as engine:
        for name in ("e", "sticky", "cookie", "key", "slow", "small"):
            engine.until_serving(name, commit)
        yield engine


def everything_from(connection: socket.socket) -> bytes:
    """What comes until the other end hangs up."""
    return b"".join(iter(lambda: connection.recv(4000), b""))


def test_an_invocation_is_answered_by_a_version_that_says_which(engine: RunningEngine) -> None:
    answer = engine.predict([[1, 2.5]], "/endpoints/e/invocations")
    assert (answer.status, answer.json) == (200, {"predictions": [[1, 2.5]]})
    assert answer.version in ("1.0", "1.1")


def test_every_input_form_of_mlflow_is_taken(engine: RunningEngine) -> None:
    records = [{"a": 1, "b": 2}]
    for body in (
        {"dataframe_records": records},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}},
    ):
        answer = engine.ask("POST", "/endpoints/e/invocations", json.dumps(body).encode())
        assert answer.json == {"predictions": records}
    answer = engine.ask("POST", "/endpoints/e/invocations", b'{"instances": [1]}')
    assert answer.json == {"predictions": [1]}


@pytest.mark.parametrize(
    "body", [b"", b"no json", b"[]", b"{}", b'{"inputs": [], "instances": []}', b"[" * 10**5]
)
def test_a_body_that_makes_no_sense_is_the_callers_mistake(engine: RunningEngine, body: bytes) -> None:
    answer = engine.ask("POST", "/endpoints/e/invocations", body)
    assert (answer.status, answer.json["error_code"]) == (400, "BAD_REQUEST")


def test_the_inference_protocol_is_spoken(engine: RunningEngine) -> None:
    tensor = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1.5, 2.5, 3.5, 4.5]}
    body = json.dumps({"id": "7", "inputs": [tensor]}).encode()
    answer = engine.ask("POST", "/v2/models/e/versions/1.1/infer", body)
    assert answer.json == {"model_name": "e", "model_version": "1.1", "id": "7", "outputs": [tensor]}
    assert answer.version == "1.1"
    assert engine.ask("POST", "/v2/models/e/infer", body).status == 200


def test_the_pages_of_the_inference_protocol_are_there(engine: RunningEngine) -> None:
    assert engine.ask("GET", "/v2").json["name"] == "regolo-git"
    assert engine.ask("GET", "/v2/models/e").json["versions"] == ["1.0", "1.1", "1.2"]
    ready = ("/v2/health/live", "/v2/health/ready", "/v2/models/e/ready", "/v2/models/e/versions/1.2/ready")
    assert {engine.ask("GET", page).status for page in (*ready, "/healthz", "/readyz", "/ping")} == {200}
    assert engine.ask("GET", "/v2/models/nobody").status == 404
    assert engine.ask("GET", "/v2/models/e/versions/9.9/ready").status == 404


def test_the_override_header_reaches_a_version_without_traffic(engine: RunningEngine) -> None:
    for name in ("1.2", "1.2.0", "v1.2"):
        answer = engine.predict([1], "/endpoints/e/invocations", {"x-regolo-version": name})
        assert (answer.status, answer.version) == (200, "1.2")
    answer = engine.predict([1], "/endpoints/e/invocations", {"x-regolo-version": "9.9"})
    assert answer.status == 404


@pytest.mark.parametrize(
    "path", ["/endpoints/nobody/invocations", "/v2/models/nobody/infer", "/invocations", "/x"]
)
def test_what_is_not_served_is_not_found(engine: RunningEngine, path: str) -> None:
    assert engine.predict([1], path).status == 404


@pytest.mark.parametrize("path", ["/invocations", "/endpoints/e/invocations", "/v2/models/e/infer"])
def test_a_prediction_is_asked_for_by_post(engine: RunningEngine, path: str) -> None:
    answer = engine.ask("GET", path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_traffic_is_split_by_weight(engine: RunningEngine) -> None:
    seen = Counter(engine.predict([1], "/endpoints/e/invocations").version for _ in range(400))
    assert seen["1.2"] == 0
    assert abs(seen["1.1"] - 40) < 5 * (400 * 0.1 * 0.9) ** 0.5


def test_a_sticky_key_stays_with_its_version(engine: RunningEngine) -> None:
    def ask(user: int) -> list[str | None]:
        body = json.dumps({"inputs": [1], "params": {"user": user}}).encode()
        return [
            engine.predict([1], "/endpoints/sticky/invocations", {"X-User": f"u{user}"}).version,
            engine.predict([1], "/endpoints/cookie/invocations", {"Cookie": f"a=b; user=u{user}"}).version,
            engine.ask("POST", "/endpoints/key/invocations", body).version,
        ]

    first = [ask(user) for user in range(12)]
    assert first == [ask(user) for user in range(12)]
    assert all(len(set(column)) == 2 for column in zip(*first, strict=True))


def test_a_body_that_is_too_big_is_refused_before_it_is_sent(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port)) as connection:
        connection.sendall(
            b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n"
        )
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_body_that_is_too_big_is_refused_in_pieces_too(engine: RunningEngine) -> None:
    head = b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", engine.port)) as connection:
        connection.sendall(head + b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_connection_survives_a_refused_body(engine: RunningEngine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    for body, status in ((b"x" * 5000, 413), (b'{"inputs": [1]}', 200)):
        connection.request("POST", "/endpoints/small/invocations", body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_a_client_that_does_not_finish_its_head_is_hung_up_on(engine: RunningEngine) -> None:
    for beginning in (b"", b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: x\r\n"):
        with socket.create_connection(("127.0.0.1", engine.port), timeout=5) as connection:
            connection.sendall(beginning)
            with suppress(ConnectionResetError):
                assert connection.recv(100) == b""


def test_a_client_that_does_not_finish_its_body_is_told(engine: RunningEngine) -> None:
    head = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", engine.port), timeout=5) as connection:
        connection.sendall(head)
        assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_head_without_end_is_refused_before_it_fills_the_memory(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        # The last of them is the first that is too much, so nothing is unread when the answer comes.
        for _ in range(17):
            connection.sendall(b"x-a: " + b"a" * 4000 + b"\r\n")
        assert b" 431 " in everything_from(connection)


def test_a_head_as_large_as_cookies_and_tokens_make_it_is_taken(engine: RunningEngine) -> None:
    headers = {f"x-{number}": "a" * 4000 for number in range(12)}
    assert engine.predict([1], "/endpoints/e/invocations", headers).status == 200


@pytest.mark.parametrize("waits", [False, True])
def test_an_offer_of_another_protocol_is_declined_in_silence(engine: RunningEngine, waits: bool) -> None:
    # As `curl --http2` and Java's own client send every request.
    body = b'{"inputs": [1]}'
    head = (
        b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: %d\r\n" % len(body)
    )
    after = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", engine.port), timeout=5) as connection:
        if waits:
            connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
            assert connection.recv(4000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(body + after)
        else:
            connection.sendall(head + b"\r\n" + body + after)
        said = everything_from(connection)
    assert b'{"predictions":[1]}' in said
    assert said.endswith(b"ok\n")
    assert said.count(b"HTTP/1.1 200") == 2


def test_a_model_that_takes_too_long_is_a_timeout(engine: RunningEngine) -> None:
    answer = engine.predict([5], "/endpoints/slow/invocations")
    assert (answer.status, answer.version) == (504, "2.0")
    assert engine.predict([0], "/endpoints/slow/invocations").status == 200


def test_more_requests_at_once_than_allowed_are_put_off(engine: RunningEngine) -> None:
    def open_request() -> socket.socket:
        body = b'{"inputs": [0.4]}'
        connection = socket.create_connection(("127.0.0.1", engine.port))
        head = f"POST /endpoints/slow/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        return connection

    connections = [open_request() for _ in range(6)]
    answers = [connection.recv(2000) for connection in connections]
    for connection in connections:
        connection.close()
    statuses = Counter(answer.split()[1] for answer in answers)
    assert statuses == {b"200": 2, b"503": 4}
    assert all(b"retry-after: 1" in answer for answer in answers if b" 503 " in answer[:20])


def test_a_body_passes_through_byte_for_byte(engine: RunningEngine) -> None:
    odd = '{"inputs" :  [1e0,\n "é", "\\u00e9", 12345678901234567890]}'.encode()
    answer = engine.ask("POST", "/endpoints/e/invocations", odd, {"Content-Type": "application/json"})
    assert answer.json == {"predictions": [1.0, "é", "é", 12345678901234567890]}


def test_a_large_answer_arrives_whole(engine: RunningEngine) -> None:
    numbers = list(range(400_000))
    answer = engine.predict(numbers, "/endpoints/e/invocations")
    assert answer.json == {"predictions": numbers}


def test_counters_are_those_of_the_client(engine: RunningEngine) -> None:
    before = engine.metrics("e").version["1.2"]
    for body in (b'{"inputs": [1]}', b"no json", b'{"inputs": [2]}'):
        engine.ask("POST", "/endpoints/e/invocations", body, {"x-regolo-version": "1.2"})
    after = engine.metrics("e").version["1.2"]
    assert after["requests"] - before["requests"] == 3
    assert after["client_errors"] - before["client_errors"] == 1
    assert after["errors"] == before["errors"] == 0
    text = engine.ask("GET", "/metrics").body.decode()
    assert (
        f'regolo_requests_total{{endpoint="e",outcome="ok",version="1.2"}} {after["requests"] - after["client_errors"]}.0'
        in text
    )
    assert 'regolo_requests_total{endpoint="e",outcome="error",version="1.2"} 0.0' in text
    assert 'regolo_traffic_weight{endpoint="e",version="1.0"} 0.9' in text


def test_a_kept_connection_answers_without_a_pause(engine: RunningEngine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    spent = []
    for _ in range(20):
        begun = time.perf_counter()
        connection.request("POST", "/endpoints/e/invocations", b'{"inputs": [1]}')
        connection.getresponse().read()
        spent.append(time.perf_counter() - begun)
    connection.close()
    # Without TCP_NODELAY on the listening socket every answer after the first takes 41 ms.
    assert sorted(spent)[len(spent) // 2] < 0.03


def test_a_token_is_asked_for_where_one_is_set(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, options={"token": "secret"}, listen="0.0.0.0:0") as engine:
        engine.until_serving("e", commit)
        assert engine.predict([1]).status == 401
        assert engine.predict([1], headers={"Authorization": "Bearer wrong"}).status == 401
        assert engine.ask("GET", "/metrics").status == 401
        assert engine.predict([1], headers={"Authorization": "Bearer secret"}).status == 200
        assert engine.ask("GET", "/readyz").status == 200


def test_a_connection_that_begins_no_request_is_closed_as_an_idle_one_is(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(max_body_bytes=1000))
    with running_engine(registry, limits={"keep_alive_seconds": 1}) as engine:
        engine.until_serving("e", commit)
        for request, more in (
            (b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n"),
            (b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n", b"a" * 2000),
        ):
            with socket.create_connection(("127.0.0.1", engine.port), timeout=20) as connection:
                connection.sendall(request)
                said = connection.recv(4000)
                connection.sendall(more)
                assert (said + everything_from(connection)).count(b"HTTP/1.1 ") == 1


def test_the_gateway_stays_small(engine: RunningEngine) -> None:
    for _ in range(50):
        engine.predict([1] * 1000, "/endpoints/e/invocations")
    (gateway,) = engine.status()["gateways"]
    assert gateway["resident_bytes"] < 80_000_000


def test_requests_before_the_first_worker_wait_for_it(registry: FolderRegistry, tmp_path: Path) -> None:
    registry.version("3.0", {"serve.py": f"import time; time.sleep(1)\n{ECHO}"}, PYTHON)
    registry.endpoint("e", {"3.0": 1.0})
    with running_engine(registry) as engine:
        assert engine.ask("GET", "/readyz").status == 503
        assert engine.predict([1]).status == 200
        assert until(lambda: engine.ask("GET", "/readyz").status == 200)
