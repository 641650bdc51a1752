"""Connections that are slow, large or odd: bounded before they cost anything, and declined in silence."""

import http.client
import socket
import time
from contextlib import suppress

import pytest
from support.folder_source import FolderRegistry
from support.raw_http import everything_from
from support.running_engine import PATIENCE_SECONDS, RunningEngine, running_engine

from regolo_git.records.routing import Routing

pytestmark = pytest.mark.slow


def test_a_connection_survives_a_refused_body(engine: RunningEngine) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", engine.port)
    for body, status in ((b"x" * 5000, 413), (b'{"inputs": [1]}', 200)):
        connection.request("POST", "/endpoints/small/invocations", body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()


def test_a_client_that_does_not_finish_its_head_is_hung_up_on(engine: RunningEngine) -> None:
    for beginning in (b"", b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\n"):
        with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
            connection.sendall(beginning)
            with suppress(ConnectionResetError):
                assert connection.recv(100) == b""


def test_a_head_without_end_is_refused_before_it_fills_the_memory(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        # The last of them is the first that is too much, so nothing is unread when the answer comes.
        for _ in range(17):
            connection.sendall(b"x-a: " + b"a" * 4000 + b"\r\n")
        assert b" 431 " in everything_from(connection)


def test_a_head_that_is_too_large_is_refused_in_whatever_pieces_it_comes(engine: RunningEngine) -> None:
    body = b'{"inputs": [1]}'
    head = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\nx-a: " % len(
        body
    )
    for size, is_taken in ((60_000, True), (66_000, False), (200_000, False)):
        for first in (1, len(head), len(head) + 50_000):
            sent = head + b"a" * size + b"\r\n\r\n" + body
            with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
                with suppress(ConnectionError):
                    connection.sendall(sent[:first])
                    time.sleep(0.02)
                    connection.sendall(sent[first:])
                with suppress(ConnectionResetError):
                    answer = connection.recv(1000)
                    assert answer[9:12] == (b"200" if is_taken else b"431")


def test_a_head_as_large_as_cookies_and_tokens_make_it_is_taken(engine: RunningEngine) -> None:
    headers = {f"x-{number}": "a" * 4000 for number in range(12)}
    assert engine.predict([1], "/endpoints/e/invocations", headers).status == 200


def test_an_answer_comes_in_one_packet(engine: RunningEngine) -> None:
    body = b'{"inputs": [1]}'
    head = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        for _ in range(3):
            connection.sendall(head + body)
            assert connection.recv(4000).endswith(b'\r\n\r\n{"predictions":[1]}')


@pytest.mark.parametrize("waits", [False, True])
def test_an_offer_of_another_protocol_is_declined_in_silence(engine: RunningEngine, waits: bool) -> None:
    # As `curl --http2` and Java's own client send every request.
    body = b'{"inputs": [1]}'
    head = (
        b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: %d\r\n" % len(body)
    )
    after = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
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


def test_a_connection_that_begins_no_request_is_closed_as_an_idle_one_is(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0}, routing=Routing(max_body_bytes=1000))
    with running_engine(registry, limits={"keep_alive_seconds": 1}) as engine:
        engine.until_serving("e", commit)
        for request, more in (
            (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\r\n"),
            (b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000\r\n\r\n", b"a" * 2000),
        ):
            with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
                connection.sendall(request)
                said = connection.recv(4000)
                connection.sendall(more)
                assert (said + everything_from(connection)).count(b"HTTP/1.1 ") == 1
