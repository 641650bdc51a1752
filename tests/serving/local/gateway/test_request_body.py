"""A request's body: read whole, within its bytes and seconds, and within what all may hold together."""

import asyncio
import json
import socket

import pytest
from starlette.types import Message, Receive
from support.folder_source import FolderRegistry
from support.raw_http import begin_request
from support.running_engine import RunningEngine, running_engine, until

from regolo_git.serving.local.gateway.refusal import Refusal
from regolo_git.serving.local.gateway.request_body import BodyReader


def test_a_body_that_is_too_big_is_refused_before_it_is_sent(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port)) as connection:
        connection.sendall(
            b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"
        )
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_body_that_is_too_big_is_refused_in_pieces_too(engine: RunningEngine) -> None:
    head = (
        b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", engine.port)) as connection:
        connection.sendall(head + b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_client_that_does_not_finish_its_body_is_told(engine: RunningEngine) -> None:
    head = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", engine.port), timeout=5) as connection:
        connection.sendall(head)
        assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]


def test_large_bodies_together_have_a_bound(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, limits={"buffered_bytes": 1_000_000}) as engine:
        engine.until_serving("e", commit)
        large = json.dumps({"inputs": ["x" * 700_000]}).encode()
        with begin_request(engine, "/invocations", large):
            until(lambda: engine.ask("POST", "/invocations", large).status == 503)
            assert engine.predict([1]).status == 200
        until(lambda: engine.ask("POST", "/invocations", large).status == 200)


def receiving(*messages: dict[str, object]) -> Receive:
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    return receive


def part(body: bytes, *, more: bool = False) -> dict[str, object]:
    return {"type": "http.request", "body": body, "more_body": more}


def read(
    reader: BodyReader, *messages: dict[str, object], announced: int | None = None, limit: int = 10
) -> bytes:
    headers = [(b"content-length", b"%d" % announced)] if announced is not None else []
    return asyncio.run(reader.read(headers, receiving(*messages), limit))


def test_the_pieces_of_a_body_are_put_together() -> None:
    reader = BodyReader(most_held=100, seconds=10)
    assert read(reader, part(b"abc", more=True), part(b"", more=True), part(b"def")) == b"abcdef"
    assert read(reader, part(b"0123456789")) == b"0123456789"


@pytest.mark.parametrize(
    ("messages", "announced", "reason"),
    [
        ([part(b"0123456789x")], None, "body_too_large"),
        ([part(b"01234", more=True), part(b"56789", more=True), part(b"x")], None, "body_too_large"),
        ([part(b"")], 11, "body_too_large"),
        ([part(b"abc", more=True), {"type": "http.disconnect"}], None, "disconnected"),
        ([{"type": "http.disconnect"}], None, "disconnected"),
    ],
)
def test_a_body_that_is_too_large_or_breaks_off_is_refused(
    messages: list[dict[str, object]], announced: int | None, reason: str
) -> None:
    with pytest.raises(Refusal) as raised:
        read(BodyReader(most_held=100, seconds=10), *messages, announced=announced)
    assert raised.value.reason == reason


def test_what_large_bodies_hold_is_given_back() -> None:
    reader = BodyReader(most_held=300_000, seconds=10)
    large, small = [(b"content-length", b"200000")], [(b"content-length", b"1000")]
    for _ in range(2):
        with reader.holding(large, 1 << 20):
            with pytest.raises(Refusal), reader.holding(large, 1 << 20):
                pass
            with reader.holding(small, 1 << 20):
                pass


def test_one_body_alone_may_be_larger_than_all_together() -> None:
    reader = BodyReader(most_held=1000, seconds=10)
    with reader.holding([], 1 << 20), pytest.raises(Refusal), reader.holding([], 1 << 20):
        pass
