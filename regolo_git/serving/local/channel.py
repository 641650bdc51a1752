"""The channel between the supervisor and a gateway: requests and responses as framed JSON on a socket pair.

Requests are sent one at a time, so a response needs no number.  When either end closes, the other reads an
end of file: a gateway whose supervisor is gone exits too.
"""

import asyncio
import json
import socket
from typing import Self

from regolo_git.errors import ServingError
from regolo_git.records.json_reader import Json

HEADER = 4
LIMIT = 64 << 20


class Channel:
    """One end of the channel."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def on(cls, end: socket.socket) -> Self:
        """Opens a channel on one end of a socket pair."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    async def ask(self, message: dict[str, Json], *, seconds: float) -> dict[str, Json]:
        """Sends a request and waits for the response.  Raises ServingError if there is none in time."""
        # A caller that is cancelled halfway would leave its response to the next caller.
        asking = asyncio.create_task(self._ask(message, seconds))
        # After that nobody awaits the task, so its exception is retrieved here.
        asking.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(asking)

    async def _ask(self, message: dict[str, Json], seconds: float) -> dict[str, Json]:
        async with self._turn:
            try:
                async with asyncio.timeout(seconds):
                    await self.send(message)
                    answer = await self.receive()
            except (TimeoutError, OSError) as error:
                self.close()
                raise ServingError("the gateway does not answer") from error
        if answer is None:
            raise ServingError("the gateway has ended")
        return answer

    async def send(self, message: dict[str, Json]) -> None:
        """Sends one message."""
        body = json.dumps(message).encode()
        self._writer.write(len(body).to_bytes(HEADER, "big") + body)
        await self._writer.drain()

    async def receive(self) -> dict[str, Json] | None:
        """The next message; None if the other end is closed."""
        try:
            size = int.from_bytes(await self._reader.readexactly(HEADER), "big")
            if size > LIMIT:
                return None
            message = json.loads(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return message if isinstance(message, dict) else None

    def close(self) -> None:
        self._writer.close()
