"""The connections to a worker: kept, dropped, cut off, and never with the answer to another request."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from regolo_git.serving.local.gateway.exchange import NoAnswer, Unreachable
from regolo_git.serving.local.gateway.worker_client import MOST_UNREAD, WorkerClient

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Use = Callable[[WorkerClient, list[bytes]], Awaitable[None]]


def whole(body: bytes, head: bytes = b"200 OK\r\nX-A: 1") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def with_worker(answers: list[bytes | None], use: Use) -> None:
    """A worker that gives these answers in turn, then hangs up, on each connection; None is never given.

    `use` gets a client and the list of what each connection has received.
    """

    async def run() -> None:
        received: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            received.append(b"")
            at = len(received) - 1
            for answer in answers:
                received[at] += await reader.readuntil(b"\r\n\r\n")
                if answer is None:
                    await reader.read()
                    received[at] += b"<hung up>"
                    break
                writer.write(answer)
                await writer.drain()
            writer.close()

        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "http.sock")
            server = await asyncio.start_unix_server(serve, path)
            client = WorkerClient(path)
            async with asyncio.timeout(20):
                await use(client, received)
            await client.close()
            server.close()

    asyncio.run(run())


def test_a_request_goes_out_as_it_is_and_its_answer_comes_back() -> None:
    async def use(client: WorkerClient, received: list[bytes]) -> None:
        answer = await client.post("/invocations", b"", [(b"x-b", b"\xe9"), (b"x-b", b"2")])
        assert (answer.status, answer.headers[0], await answer.read()) == (404, (b"x-a", b"2"), b"body")
        assert received == [
            b"POST /invocations HTTP/1.1\r\nhost: worker\r\ncontent-length: 0\r\nx-b: \xe9\r\nx-b: 2\r\n\r\n"
        ]

    with_worker([whole(b"body", b"404 Not Found\r\nX-A: 2")], use)


def test_a_connection_is_used_again_and_those_at_once_have_one_each() -> None:
    async def use(client: WorkerClient, received: list[bytes]) -> None:
        for _ in range(3):
            assert await (await client.get("/")).read() == b"x"
        assert len(received) == 1
        answers = await asyncio.gather(*(client.get("/") for _ in range(4)))
        assert [await answer.read() for answer in answers] == [b"x"] * 4
        assert len(received) == 4

    with_worker([whole(b"x")] * 8, use)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nCont", b"\x00\x01 no HTTP\r\n\r\n"])
def test_a_worker_that_hangs_up_before_the_head_gave_no_answer(answer: bytes) -> None:
    async def use(client: WorkerClient, _: list[bytes]) -> None:
        with pytest.raises(NoAnswer) as raised:
            await client.get("/")
        assert not isinstance(raised.value, Unreachable)

    with_worker([answer], use)


def test_an_answer_that_breaks_off_is_none() -> None:
    async def use(client: WorkerClient, _: list[bytes]) -> None:
        answer = await client.get("/")
        with pytest.raises(NoAnswer, match="broke off"):
            await answer.read()

    with_worker([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"], use)


def test_a_worker_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    async def run() -> None:
        with pytest.raises(Unreachable):
            await WorkerClient(str(tmp_path / "none.sock")).get("/")

    asyncio.run(run())


def test_what_nobody_asked_for_is_nobodys_answer() -> None:
    async def use(client: WorkerClient, _: list[bytes]) -> None:
        assert await (await client.get("/")).read() == b"1"
        assert await (await client.get("/")).read() == b"1"

    with_worker([whole(b"1") + whole(b"stray")] * 2, use)


def test_a_request_that_is_cancelled_hangs_up() -> None:
    async def use(client: WorkerClient, received: list[bytes]) -> None:
        asking = asyncio.create_task(client.get("/"))
        while not received:
            await asyncio.sleep(0.001)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while not received[0].endswith(b"<hung up>"):
            await asyncio.sleep(0.001)

    with_worker([None], use)


def test_a_large_answer_is_received_as_it_is_read() -> None:
    body = b"x" * (64 * MOST_UNREAD)

    async def use(client: WorkerClient, _: list[bytes]) -> None:
        answer = await client.get("/")
        await asyncio.sleep(0.2)
        assert answer._unread < len(body) / 2
        assert sum([len(piece) async for piece in answer.pieces()]) == len(body)
        assert await (await client.get("/")).read() == b"y"

    with_worker([whole(body), whole(b"y")], use)


def test_a_closed_answer_takes_its_connection_along() -> None:
    async def use(client: WorkerClient, received: list[bytes]) -> None:
        (await client.get("/")).close()
        (await client.get("/")).close()
        assert len(received) == 2

    with_worker([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", whole(b"y")], use)


def test_an_idle_connection_is_closed_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.serving.local.gateway.worker_client.IDLE_SECONDS", 0.1)

    async def use(client: WorkerClient, received: list[bytes]) -> None:
        await (await client.get("/")).read()
        while client._open:
            await asyncio.sleep(0.01)
        await (await client.get("/")).read()
        assert len(received) == 2

    with_worker([whole(b"x")] * 2, use)
