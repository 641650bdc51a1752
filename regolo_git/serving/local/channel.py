"""The line between the supervisor and a gateway: one question, one answer, as framed JSON on a socket pair.

Questions are asked one at a time, so an answer needs no number.  When either end goes, the other reads an end
of file: a gateway whose supervisor is gone ends too.
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
    """One end of the line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def on(cls, end: socket.socket) -> Self:
        """Takes one end of a socket pair."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    async def ask(self, message: dict[str, Json], *, seconds: float) -> dict[str, Json]:
        """Sends a question and waits for its answer.  Raises ServingError where none comes."""
        # An asker that is cancelled in the middle would leave its answer to the next one.
        asking = asyncio.create_task(self._ask(message, seconds))
        # Nor does anybody then hear that none came.
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
            raise ServingError("the gateway is gone")
        return answer

    async def send(self, message: dict[str, Json]) -> None:
        """Sends one message."""
        body = json.dumps(message).encode()
        self._writer.write(len(body).to_bytes(HEADER, "big") + body)
        await self._writer.drain()

    async def receive(self) -> dict[str, Json] | None:
        """The next message; None when the other end is gone."""
        try:
            size = int.from_bytes(await self._reader.readexactly(HEADER), "big")
            if size > LIMIT:
                return None
            message = json.loads(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return message if isinstance(message, dict) else None

    def close(self) -> None:
        """Hangs up."""
        self._writer.close()
