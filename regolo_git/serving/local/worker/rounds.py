"""Turns of a worker's event loop between the calls of its model, in which it reads its sockets."""

import asyncio
from collections.abc import Callable

# Reading the sockets after each quick request would cost an echo model a tenth of its throughput.
QUICK_SECONDS = 0.005
# Accepting a connection, reading from it and answering take one iteration of the loop each.
ROUNDS = 10


def after_rounds(rounds: int, call: Callable[[], None]) -> None:
    """Calls a function after so many iterations of the loop, at least one."""
    loop = asyncio.get_running_loop()
    if rounds > 1:
        loop.call_soon(after_rounds, rounds - 1, call)
    else:
        loop.call_soon(call)
