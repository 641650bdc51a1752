"""Uploads that a server has stopped taking.

The time-outs of HTTP libraries begin when all of a body is sent; before that they wait forever.
"""

import asyncio
import io
from collections.abc import Coroutine
from typing import TypeVar

from regolo_git.store.files.contract import Data

Answer = TypeVar("Answer")
LOOKS = 10


class Body(io.BytesIO):
    """Bytes as a file that is read, without a copy of all of them.

    aiohttp reads a `BytesIO` in its own thread, but hands each 64 KiB of any other file from one thread to
    another, which costs more than sending them.
    """

    def __init__(self, data: Data) -> None:
        super().__init__()
        self._view = memoryview(data).cast("B")
        self._at = 0

    def __len__(self) -> int:
        """How many bytes there are."""
        return self._view.nbytes

    def release(self) -> None:
        """Lets go of the bytes, although an event loop that is busy may keep this body for a while."""
        self._view = memoryview(b"")

    def getbuffer(self) -> memoryview:
        """All of the bytes."""
        return self._view[:]

    def tell(self) -> int:
        """The position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves the position, and returns it; a library reads once for a checksum, and once to send."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """The next bytes, all that are left by default."""
        end = len(self) if size is None or size < 0 else min(self._at + size, len(self))
        found = bytes(self._view[self._at : end])
        self._at = max(self._at, end)
        return found


async def watched(
    request: Coroutine[object, object, Answer], body: Body | io.BytesIO, size: int, silence: float
) -> Answer:
    """The answer to a request that reads this body, of `size` bytes, as it sends it.

    Raises TimeoutError if nothing of it is taken for about as many seconds as a server may be silent.
    """
    sending, sent, silent = asyncio.ensure_future(request), 0, 0
    while not sending.done():
        await asyncio.wait({sending}, timeout=silence / LOOKS)
        at = body.tell()
        silent = silent + 1 if at == sent and (at < size or not at) else 0
        if silent > LOOKS and not sending.done():
            sending.cancel()
            await asyncio.wait({sending})
            raise TimeoutError
        sent = at
    return await sending
