"""The gateway's connections to a server of somebody else, at a URL: aiohttp, with TLS and its many checks."""

from collections.abc import AsyncIterator, Sequence

import aiohttp

from regolo_git.serving.local.gateway.exchange import Header, NoAnswer, Unreachable

# Before most servers close an idle connection.
IDLE_SECONDS = 3.0
CONNECT_SECONDS = 5.0
PIECE_BYTES = 64 << 10


class ServerClient:
    """A pool of connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )

    async def post(self, path: str, body: bytes, headers: Sequence[Header]) -> "ServerAnswer":
        """Sends a request and waits for the head of its answer.  Raises NoAnswer."""
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str) -> "ServerAnswer":
        """Requests a page.  Raises NoAnswer."""
        return await self._ask("GET", path, None, ())

    async def _ask(
        self, method: str, path: str, body: bytes | None, headers: Sequence[Header]
    ) -> "ServerAnswer":
        texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        try:
            return ServerAnswer(
                await self._session.request(
                    method, self._url + path, data=body, headers=texts, allow_redirects=False
                )
            )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(type(error).__name__) from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(type(error).__name__) from error

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()


class ServerAnswer:
    """An answer whose head has arrived."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.raw_headers]

    async def read(self) -> bytes:
        """The whole body.  Raises NoAnswer if it does not arrive."""
        try:
            return await self._response.read()
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(type(error).__name__) from error

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it arrives.  Raises NoAnswer if its end does not."""
        try:
            async for piece in self._response.content.iter_chunked(PIECE_BYTES):
                yield piece
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(type(error).__name__) from error

    def close(self) -> None:
        """Ends the exchange."""
        self._response.close()
