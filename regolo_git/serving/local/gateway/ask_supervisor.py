"""Questions of a gateway to its supervisor, over the admin socket; no prediction waits for one."""

from pathlib import Path
from typing import NamedTuple

import aiohttp

SECONDS = aiohttp.ClientTimeout(total=10)


class Said(NamedTuple):
    """What the supervisor answered."""

    status: int
    body: bytes
    media_type: str


async def ask_supervisor(admin_socket: Path, path: str) -> Said | None:
    """The supervisor's answer to GET; None if it does not answer."""
    connector = aiohttp.UnixConnector(str(admin_socket))
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=SECONDS) as session,
            session.get(f"http://supervisor{path}") as answer,
        ):
            return Said(answer.status, await answer.read(), answer.headers["content-type"])
    except (aiohttp.ClientError, OSError, TimeoutError):
        return None
