"""The line between supervisor and gateway: each question has its own answer, and a line that breaks is noticed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from regolo_git.errors import ServingError
from regolo_git.serving.local.channel import LIMIT, Channel

Ends = Callable[[Channel, Channel], Awaitable[None]]


def on_a_line(use: Ends) -> None:
    async def run() -> None:
        ends = socket.socketpair()
        ours, theirs = [await Channel.on(end) for end in ends]
        try:
            async with asyncio.timeout(20):
                await use(ours, theirs)
        finally:
            ours.close()
            theirs.close()

    asyncio.run(run())


async def echo(end: Channel) -> None:
    while (message := await end.receive()) is not None:
        await end.send({"echo": message})


def test_questions_asked_at_once_each_have_their_own_answer() -> None:
    async def use(ours: Channel, theirs: Channel) -> None:
        answering = asyncio.create_task(echo(theirs))
        answers = await asyncio.gather(*(ours.ask({"n": n}, seconds=10) for n in range(20)))
        assert [answer["echo"] for answer in answers] == [{"n": n} for n in range(20)]
        answering.cancel()

    on_a_line(use)


def test_an_asker_that_is_cancelled_leaves_its_answer_to_nobody() -> None:
    async def use(ours: Channel, theirs: Channel) -> None:
        first = asyncio.create_task(ours.ask({"n": 1}, seconds=10))
        assert await theirs.receive() == {"n": 1}
        first.cancel()
        second = asyncio.create_task(ours.ask({"n": 2}, seconds=10))
        await theirs.send({"answer": 1})
        assert await theirs.receive() == {"n": 2}
        await theirs.send({"answer": 2})
        assert await second == {"answer": 2}
        assert first.cancelled()

    on_a_line(use)


def test_no_answer_in_time_is_an_error_and_ends_the_line() -> None:
    async def use(ours: Channel, theirs: Channel) -> None:
        with pytest.raises(ServingError, match="does not answer"):
            await ours.ask({}, seconds=0.01)
        assert await theirs.receive() == {}
        assert await theirs.receive() is None

    on_a_line(use)


def test_an_end_that_is_gone_is_an_error_to_who_asks_and_none_to_who_waits() -> None:
    async def use(ours: Channel, theirs: Channel) -> None:
        theirs.close()
        assert await ours.receive() is None
        with pytest.raises(ServingError):
            await ours.ask({}, seconds=10)

    on_a_line(use)


@pytest.mark.parametrize("body", [b"[]", b"3"])
def test_what_is_not_an_object_is_not_a_message(body: bytes) -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        channel = await Channel.on(ours)
        theirs.sendall(len(body).to_bytes(4, "big") + body)
        assert await channel.receive() is None
        channel.close()
        theirs.close()

    asyncio.run(run())


def test_a_message_beyond_the_limit_is_not_read() -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        channel = await Channel.on(ours)
        theirs.sendall((LIMIT + 1).to_bytes(4, "big"))
        assert await channel.receive() is None
        channel.close()
        theirs.close()

    asyncio.run(run())
