"""An answer that a model yields item by item, from a generator or an asynchronous one.

A generator makes each item in the worker's event loop, as a function predicts (decision 0007): its turn lasts
until its end, and between two items the loop reads its sockets.  An asynchronous one is like a coroutine.
"""

import asyncio
import time
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import aclosing
from dataclasses import dataclass
from types import AsyncGeneratorType, GeneratorType
from typing import TypeGuard

from regolo_git.serving.local.turn_log import TurnLog
from regolo_git.serving.local.worker.item_form import ItemForm
from regolo_git.serving.local.worker.rounds import QUICK_SECONDS, ROUNDS

Items = Generator[object] | AsyncGenerator[object]


@dataclass(frozen=True, slots=True)
class StreamedAnswer:
    """An answer of which the first piece is there; `pieces` raises what the model raises."""

    media_type: bytes
    pieces: AsyncGenerator[bytes]


def is_generator(outputs: object) -> TypeGuard[Generator[object]]:
    """Whether a function yields its answer."""
    return isinstance(outputs, GeneratorType)


def is_async_generator(outputs: object) -> TypeGuard[AsyncGenerator[object]]:
    """Whether a coroutine does."""
    return isinstance(outputs, AsyncGeneratorType)


def is_items(outputs: object) -> TypeGuard[Items]:
    """Whether either does."""
    return is_generator(outputs) or is_async_generator(outputs)


class Turn:
    """The one turn of a model that lasts for all items of a generator."""

    def __init__(self, items: Generator[object], log: TurnLog) -> None:
        self._items = items
        self._log = log
        self._seconds = 0.0
        log.pause_stream()

    async def run(self) -> AsyncGenerator[object]:
        """Makes the items, and lets the event loop do other things before each further one."""
        while True:
            begun = time.monotonic()
            self._log.start_turn()
            try:
                item = next(self._items)
            except StopIteration:
                return
            finally:
                took = time.monotonic() - begun
                self._seconds += took
                self._log.pause_stream()
            yield item
            for _ in range(ROUNDS if took > QUICK_SECONDS else 1):
                await asyncio.sleep(0)

    def end(self) -> float:
        """Ends the turn, wherever it is; returns the shorter of the last two turns in seconds."""
        try:
            self._items.close()
        except BaseException as error:  # noqa: BLE001 - a model's code may raise anything
            traceback.print_exception(error)
        return self._log.end_stream(self._seconds)


async def in_any_turn(items: Items) -> AsyncGenerator[object]:
    """The items of a model that predicts any number of requests at once."""
    if is_async_generator(items):
        async with aclosing(items):
            async for item in items:
                yield item
    elif is_generator(items):
        for item in items:
            yield item
            await asyncio.sleep(0)


async def begun(items: AsyncGenerator[object], form: ItemForm) -> StreamedAnswer:
    """The answer, once the first item is made.  Raises what the model raises, TypeError for a bad item."""
    pieces = _pieces(items, form)
    try:
        first = await anext(pieces, b"")
    except BaseException:
        await items.aclose()
        raise
    return StreamedAnswer(form.media_type, _with_first(first, pieces))


async def _pieces(items: AsyncIterator[object], form: ItemForm) -> AsyncGenerator[bytes]:
    async for item in items:
        piece = form.encode(item)
        if piece:
            yield piece


async def _with_first(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        if first:
            yield first
        async for piece in rest:
            yield piece


async def all_items(items: Items) -> list[object]:
    """Every item, for a warm-up."""
    return [item async for item in in_any_turn(items)]
