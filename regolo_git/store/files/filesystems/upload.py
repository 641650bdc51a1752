"""Uploads that a server has stopped taking.

The time-outs of HTTP libraries begin when all of a body is sent; before that they wait for ever.
"""

import asyncio
from collections.abc import Coroutine
from io import BytesIO
from typing import TypeVar

Answer = TypeVar("Answer")
LOOKS = 10


async def watched(request: Coroutine[object, object, Answer], body: BytesIO, silence: float) -> Answer:
    """The answer to a request that reads this body as it sends it.

    Raises TimeoutError if nothing of it is taken for about as many seconds as a server may be silent.
    """
    sending, sent, silent = asyncio.ensure_future(request), 0, 0
    while not sending.done():
        await asyncio.wait({sending}, timeout=silence / LOOKS)
        at = body.tell()
        silent = silent + 1 if at == sent and (at < body.getbuffer().nbytes or not at) else 0
        if silent > LOOKS and not sending.done():
            sending.cancel()
            await asyncio.wait({sending})
            raise TimeoutError
        sent = at
    return await sending
