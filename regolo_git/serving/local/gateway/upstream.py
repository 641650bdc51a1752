"""The gateway's connections to workers, and the choice between workers.

Of two random replicas, the one with fewer requests in flight is chosen: nearly as even as comparing all of
them, and it avoids a slow one without knowing why it is slow.
"""

import random
import time
from collections.abc import Collection, Sequence

import aiohttp

from regolo_git.serving.traffic.routing_table import Replica

# The gateway closes an idle connection long before a worker would.
IDLE_SECONDS = 60.0
REST_SECONDS = 5.0
# Within this time the supervisor notices a worker's exit and sends a table without it.
DYING_SECONDS = 0.1
CONNECT_SECONDS = 5.0


class Upstream:
    """One worker: its connection pool and its requests in flight."""

    def __init__(self, replica: Replica) -> None:
        self.name = replica.name
        self.in_flight = 0
        self._resting_until = 0.0
        self._dying_until = 0.0
        self.base = "http://worker" if replica.address.startswith("/") else replica.address
        self._session = aiohttp.ClientSession(
            connector=_connector(replica.address),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    @property
    def is_resting(self) -> bool:
        """Whether it failed a moment ago, and is used only if there is no other."""
        return self._resting_until > time.monotonic()

    def rest(self) -> None:
        """Avoids it for a while."""
        self._resting_until = time.monotonic() + REST_SECONDS

    @property
    def may_be_dying(self) -> bool:
        """Whether it broke a connection a moment ago, and may be about to exit."""
        return self._dying_until > time.monotonic()

    def broke(self) -> None:
        """Notes that it broke a connection during a request."""
        self.rest()
        self._dying_until = time.monotonic() + DYING_SECONDS

    async def post(
        self, path: str, body: bytes, headers: Sequence[tuple[str, str]]
    ) -> aiohttp.ClientResponse:
        """Sends a request and waits for the head of its answer.  Raises aiohttp.ClientError, OSError."""
        return await self._session.post(self.base + path, data=body, headers=headers, allow_redirects=False)

    async def get(self, path: str) -> aiohttp.ClientResponse:
        """Requests a page.  Raises aiohttp.ClientError, OSError."""
        return await self._session.get(self.base + path, allow_redirects=False)

    async def close(self) -> None:
        await self._session.close()


def _connector(address: str) -> aiohttp.BaseConnector:
    if address.startswith("/"):
        return aiohttp.UnixConnector(address, limit=0, keepalive_timeout=IDLE_SECONDS)
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS)


def choose_upstream(upstreams: Sequence[Upstream], avoid: Collection[Upstream]) -> Upstream | None:
    """A worker for a request, preferably none of `avoid`; None if there is none."""
    fresh = [upstream for upstream in upstreams if upstream not in avoid] if avoid else upstreams
    drawn = fresh or upstreams
    if len(drawn) < 2:
        return drawn[0] if drawn else None
    first, second = random.sample(drawn, 2)
    return min(first, second, key=_burden)


def _burden(upstream: Upstream) -> tuple[bool, int]:
    return upstream.is_resting, upstream.in_flight
