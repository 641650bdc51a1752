"""The checks of a head: a page that reaches the loopback interface by a name of its own is refused."""

import socket

import pytest
from support.folder_source import FolderRegistry
from support.raw_http import everything_from
from support.running_engine import PATIENCE_SECONDS, TRUSTING, RunningEngine, running_engine

pytestmark = pytest.mark.slow

PATH = "/endpoints/e/invocations"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "", "10.0.0.1"]
)
def test_a_request_to_another_host_is_refused(engine: RunningEngine, host: str) -> None:
    for answer in (
        engine.predict([1], PATH, {"Host": host}),
        engine.ask("GET", "/metrics", None, {"Host": host}),
    ):
        assert (answer.status, answer.json["error_code"]) == (403, "FOREIGN_HOST")
    assert f"'{host}'" in str(answer.json["message"])
    assert engine.ask("GET", "/readyz", None, {"Host": host}).status == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8080"])
def test_a_request_to_this_machine_is_answered(engine: RunningEngine, host: str) -> None:
    assert [engine.predict([1], PATH, {"Host": host}).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /version HTTP/1.1\r\n", b"400"),
        (b"GET /version HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", b"400"),
        (b"GET /version HTTP/1.1\r\nHost: localhost\r\n", b"200"),
        (b"GET /version HTTP/1.0\r\n", b"200"),
    ],
)
def test_a_request_has_one_host_unless_it_is_of_http_1_0(
    engine: RunningEngine, head: bytes, status: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head + b"Connection: close\r\n\r\n")
        assert everything_from(connection).split()[1] == status


def test_a_page_of_another_site_may_not_call(engine: RunningEngine) -> None:
    for origin in ("https://evil.example", "null"):
        answer = engine.predict([1], PATH, {"Origin": origin, "Content-Type": "text/plain"})
        assert (answer.status, answer.json["error_code"]) == (403, "FOREIGN_ORIGIN")
    answer = engine.predict([1], PATH, {"Origin": "http://localhost:3000"})
    assert (answer.status, "access-control-allow-origin" in answer.headers) == (200, False)
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert engine.ask("OPTIONS", PATH, None, asked).status == 403
    assert engine.ask("OPTIONS", PATH).status == 405


def test_pages_of_a_site_that_the_policy_names_may_call_and_read(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    policy = TRUSTING + '[gateway]\norigins = ["https://app.example"]\nhosts = ["models.example"]\n'
    options = {"token": "secret"}
    ours = {"Origin": "https://app.example"}
    with running_engine(registry, policy_text=policy) as engine:
        engine.until_serving("e", commit)
        answer = engine.predict([1], headers={"Host": "models.example", **ours})
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "https://app.example")
        assert "x-model-version" in answer.headers["access-control-expose-headers"]
    with running_engine(registry, policy_text=policy, options=options) as engine:
        engine.until_serving("e", commit)
        asked = ours | {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        answer = engine.ask("OPTIONS", "/invocations", None, asked)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.headers["access-control-allow-origin"] == "https://app.example"
        assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
        assert "POST" in answer.headers["access-control-allow-methods"]
        # A page has to be able to read why it is refused.
        refused = engine.predict([1], headers=ours)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (
            401,
            "https://app.example",
        )
        other = asked | {"Origin": "https://evil.example"}
        assert "access-control-allow-origin" not in engine.ask("OPTIONS", "/invocations", None, other).headers
