"""A bounded load from a process of its own: so many connections, so many requests a second, one line for each.

Reads one line from standard input to end.  Each line that it writes is one request as JSON:

    [sent, answered, version, status]      times of the machine's monotonic clock; status 0: no answer came
"""

import argparse
import asyncio
import json
import sys
import time

import aiohttp

MOST_SECONDS = 300.0


async def one(session: aiohttp.ClientSession, url: str, body: bytes) -> list[object]:
    sent = time.monotonic()
    try:
        async with session.post(url, data=body) as answer:
            await answer.read()
            return [sent, time.monotonic(), answer.headers.get("x-model-version"), answer.status]
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return [sent, time.monotonic(), repr(error), 0]


async def visitor(
    session: aiohttp.ClientSession, url: str, pause: float, ended: asyncio.Event, records: list[list[object]]
) -> None:
    body = b'{"inputs": [[1.5, 2.5]]}'
    while not ended.is_set():
        begun = time.monotonic()
        records.append(await one(session, url, body))
        await asyncio.sleep(max(0.0, pause - (time.monotonic() - begun)))


async def load(url: str, connections: int, rate: float) -> list[list[object]]:
    ended = asyncio.Event()
    records: list[list[object]] = []
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), ended.set)
    loop.call_later(MOST_SECONDS, ended.set)
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        pause = connections / rate
        await asyncio.gather(*(visitor(session, url, pause, ended, records) for _ in range(connections)))
    return records


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rate", type=float, default=400)
    given = parser.parse_args()
    for record in asyncio.run(load(given.url, given.connections, given.rate)):
        print(json.dumps(record))


if __name__ == "__main__":
    main()
