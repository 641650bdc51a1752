"""A request's body: read whole, within its bytes and seconds, and within what all may hold together."""

import asyncio
import gzip
import json
import socket
import tracemalloc
import zlib

import pytest
from starlette.types import Message, Receive
from support.folder_source import FolderRegistry
from support.raw_http import begin_request
from support.running_engine import PATIENCE_SECONDS, RunningEngine, running_engine, until

from regolo_git.serving.local.gateway.refusal import Refusal
from regolo_git.serving.local.gateway.request_body import BodyReader


def test_a_body_that_is_too_big_is_refused_before_it_is_sent(engine: RunningEngine) -> None:
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(
            b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n"
        )
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_body_that_is_too_big_is_refused_in_pieces_too(engine: RunningEngine) -> None:
    head = (
        b"POST /endpoints/small/invocations HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head + b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert b" 413 " in connection.recv(1000).split(b"\r\n")[0]


def test_a_client_that_does_not_finish_its_body_is_told(engine: RunningEngine) -> None:
    head = b"POST /endpoints/e/invocations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", engine.port), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(head)
        assert b" 408 " in connection.recv(1000).split(b"\r\n")[0]


def is_refused(engine: RunningEngine, body: bytes) -> bool:
    """Whether a body is refused that is only announced: one that was sent could be in the way of the other."""
    with begin_request(engine, "/invocations", body) as connection:
        connection.settimeout(0.2)
        try:
            return b" 503 " in connection.recv(1000).split(b"\r\n")[0]
        except TimeoutError:
            return False


def test_large_bodies_together_have_a_bound(registry: FolderRegistry) -> None:
    commit = registry.endpoint("e", {"1.0": 1.0})
    with running_engine(registry, limits={"buffered_bytes": 1_000_000}) as engine:
        engine.until_serving("e", commit)
        large = json.dumps({"inputs": ["x" * 700_000]}).encode()
        with begin_request(engine, "/invocations", large) as connection:
            # What is only announced keeps nobody out.
            assert engine.ask("POST", "/invocations", large).status == 200
            connection.sendall(large[1:-1])
            until(lambda: is_refused(engine, large))
            assert engine.ask("POST", "/invocations", large).status == 503
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


ZEROS = b"0" * 3_000_000


def gzipped(data: bytes) -> bytes:
    """Without the time, so that every process that collects the tests finds the same ones."""
    return gzip.compress(data, mtime=0)


GZIPPED = gzipped(ZEROS)


def read_encoded(
    encoding: bytes, body: bytes, *, limit: int = 4_000_000, reader: BodyReader | None = None
) -> bytes:
    reader = reader or BodyReader(most_held=10_000_000, seconds=10)
    headers = [(b"content-encoding", encoding)]

    async def run() -> bytes:
        with reader.holding([(b"content-length", b"%d" % len(body))], limit) as holding:
            return await reader.read(headers, receiving(part(body)), limit, holding)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", GZIPPED),
        (b"GZIP", GZIPPED),
        (b"x-gzip", GZIPPED),
        (b"identity, gzip", GZIPPED),
        (b"gzip", gzipped(ZEROS[:1]) + gzipped(b"") + gzipped(ZEROS[1:])),
        (b"deflate", zlib.compress(ZEROS)),
        (b"identity", ZEROS),
        (b"", ZEROS),
    ],
)
def test_a_compressed_body_is_inflated(encoding: bytes, body: bytes) -> None:
    assert read_encoded(encoding, body) == ZEROS


@pytest.mark.parametrize(
    ("encoding", "body", "reason"),
    [
        (b"br", b"x", "unsupported_encoding"),
        (b"zstd", b"x", "unsupported_encoding"),
        (b"gzip, gzip", gzipped(GZIPPED), "unsupported_encoding"),
        (b"gzip", b"", "bad_encoding"),
        (b"gzip", b"no gzip", "bad_encoding"),
        (b"gzip", GZIPPED[:-1], "bad_encoding"),
        (b"gzip", GZIPPED[:2000], "bad_encoding"),
        (b"gzip", GZIPPED + b"x", "bad_encoding"),
        (b"gzip", GZIPPED[:-8] + b"\0" * 8, "bad_encoding"),
        (b"gzip", zlib.compress(ZEROS), "bad_encoding"),
        (b"gzip", gzipped(b"") * 5000, "bad_encoding"),
        (b"deflate", zlib.compress(b"a") * 2, "bad_encoding"),
        (b"gzip", gzipped(b"0" * 4_000_001), "body_too_large"),
        (b"gzip", gzipped(b"0" * 2_000_001) * 2, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_inflated_is_refused(encoding: bytes, body: bytes, reason: str) -> None:
    with pytest.raises(Refusal) as raised:
        read_encoded(encoding, body)
    assert raised.value.reason == reason


def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    # A hundred megabytes of nothing are a hundred kilobytes.
    bomb = gzip.compress(b"\0" * 100_000_000)
    tracemalloc.start()
    with pytest.raises(Refusal):
        read_encoded(b"gzip", bomb)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_an_inflated_body_counts_for_its_own_size_among_large_bodies() -> None:
    reader = BodyReader(most_held=4_000_000, seconds=10)
    with reader.holding([(b"content-length", b"2000000")], 1 << 22) as other:
        other.grow(2_000_000)
        with pytest.raises(Refusal) as raised:
            read_encoded(b"gzip", GZIPPED, reader=reader)
        assert raised.value.reason == "overloaded"
    assert read_encoded(b"gzip", GZIPPED, reader=reader) == ZEROS
    assert reader.held == 0


def test_compressed_requests_are_answered_and_others_told_what_is_read(engine: RunningEngine) -> None:
    body = json.dumps({"inputs": ["x" * 900]}).encode()
    headers = {"Content-Encoding": "gzip"}
    for sent, status in ((gzip.compress(body), 200), (gzip.compress(body * 2), 413), (body, 400)):
        assert engine.ask("POST", "/endpoints/small/invocations", sent, headers).status == status
    refused = engine.ask("POST", "/endpoints/small/invocations", body, {"Content-Encoding": "br"})
    assert (refused.status, refused.headers["accept-encoding"]) == (415, "gzip, deflate")


def test_what_large_bodies_hold_is_given_back() -> None:
    reader = BodyReader(most_held=300_000, seconds=10)
    large, small = [(b"content-length", b"200000")], [(b"content-length", b"1000")]
    for _ in range(2):
        with reader.holding(large, 1 << 20) as held:
            held.grow(200_000)
            with pytest.raises(Refusal), reader.holding(large, 1 << 20):
                pass
            with reader.holding(small, 1 << 20):
                pass
    assert reader.held == 0


def test_one_body_alone_may_be_larger_than_all_together() -> None:
    reader = BodyReader(most_held=1000, seconds=10)
    with reader.holding([], 1 << 20) as held:
        held.grow(1 << 20)
        with reader.holding([], 1 << 20) as other, pytest.raises(Refusal):
            other.grow(1 << 20)


def test_a_body_counts_as_it_arrives_and_is_refused_when_there_is_no_room_for_more() -> None:
    reader = BodyReader(most_held=300_000, seconds=10)
    piece = part(b"x" * 100_000, more=True)

    async def run() -> None:
        with reader.holding([], 1 << 20) as held, reader.holding([], 1 << 20) as other:
            other.grow(150_000)
            with pytest.raises(Refusal) as raised:
                await reader.read([], receiving(piece, piece, piece), 1 << 20, held)
            assert (raised.value.reason, held.size) == ("overloaded", 100_000)
        assert reader.held == 0

    asyncio.run(run())
