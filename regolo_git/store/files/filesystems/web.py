"""A store behind a plain web server, which is read-only.

Nothing can be listed, so a reader asks for paths that it knows.  A server may ignore that only a range is
asked for and send the file from its beginning: that is seen by the status of its answer.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any, NoReturn  # fsspec is not typed; its values stay in this module

import aiohttp
from fsspec.asyn import sync_wrapper
from fsspec.implementations.http import HTTPFileSystem

from regolo_git.records.store_format import FORMAT_FILE, HINTS_SUFFIX
from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Data, Files, Properties, StoredFile
from regolo_git.store.files.fsspec import FsspecFiles
from regolo_git.store.files.retry import CONNECT_SECONDS, QUESTIONS_AT_ONCE, SILENCE_SECONDS
from regolo_git.store.foreign.failure import Failure
from regolo_git.store.foreign.web import status_failure
from regolo_git.store.translate import remote_error

WEB = Properties(connections=4, atomic_create=False, whole_writes=True, lists=False)
# Bytes as they are stored: a compressed answer has other ranges.
HEADERS = {"Accept-Encoding": "identity"}
BLOCK = 1 << 20
_Answer = AbstractAsyncContextManager[aiohttp.ClientResponse]
# The files of a store that may be replaced.
REPLACED = (FORMAT_FILE, HINTS_SUFFIX)
_READ_ONLY = Failure(
    "a web server cannot be written to", "use the URL at which the store can be written, such as s3://…"
)
_NO_LIST = Failure(
    "a web server does not list its files", "use the URL at which the store can be listed, such as s3://…"
)


def open_web(address: StoreAddress) -> Files:
    """The files at `http://host/path` or `https://host/path`."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    filesystem = WebFilesystem(
        client_kwargs={"timeout": timeout, "trust_env": True, "auto_decompress": False, "headers": HEADERS},
        get_client=_client,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    host = address.place if address.port is None else f"{address.place}:{address.port}"
    return WebFiles(filesystem, f"{address.scheme}://{host}{address.path}", address.url, WEB)


async def _client(**options: Any) -> aiohttp.ClientSession:
    options.pop("loop", None)
    connector = aiohttp.TCPConnector(limit=QUESTIONS_AT_ONCE + WEB.connections)
    return aiohttp.ClientSession(connector=connector, **options)


class WebFilesystem(HTTPFileSystem):  # type: ignore[misc]
    """fsspec's, with reads that know what the server has answered."""

    async def _cat_file(self, url: str, start: int = 0, end: int = 0, **_: object) -> bytes:
        async with await self._get(url, start, end) as answer:
            if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return b""
            _check(answer.status, url)
            skipped = start if answer.status == HTTPStatus.OK else 0
            return await _part(answer, skipped, end - start)

    async def _fill(self, url: str, view: memoryview) -> bool:
        """Reads a file into memory of its size as it arrives; False if the file has another size."""
        async with await self._get(url, 0, len(view) + 1) as answer:
            if answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return not view
            _check(answer.status, url)
            at = 0
            async for block in answer.content.iter_chunked(BLOCK):
                if at + len(block) > len(view):
                    return False
                view[at : at + len(block)] = block
                at += len(block)
            return at == len(view)

    fill = sync_wrapper(_fill)

    async def _get(self, url: str, start: int, end: int) -> _Answer:
        session = await self.set_session()
        headers = {"Range": f"bytes={start}-{end - 1}"}
        if url.endswith(REPLACED):  # a cache on the way may have the former one
            headers["Cache-Control"] = "no-cache"
        answer: _Answer = session.get(self.encode_url(url), headers=headers)
        return answer

    async def _size_of(self, url: str) -> int | None:
        session = await self.set_session()
        async with session.head(self.encode_url(url), allow_redirects=True) as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return None
            _check(answer.status, url)
            length = answer.headers.get("Content-Length", "")
            return int(length) if length.isdecimal() else None

    size_of = sync_wrapper(_size_of)


class WebFiles(FsspecFiles):
    """Files of a web server."""

    def create_root(self, rights: int = 0) -> None:  # noqa: ARG002 - of Files
        """See `Files.create_root`: it cannot."""
        self._refuse()

    def put(self, path: str, data: Data) -> NoReturn:  # noqa: ARG002 - of Files
        """See `Files.put`: it cannot."""
        self._refuse(path)

    def write(self, path: str, data: Data) -> NoReturn:  # noqa: ARG002 - of Files
        """See `Files.write`: it cannot."""
        self._refuse(path)

    def create(self, path: str, data: Data) -> NoReturn:  # noqa: ARG002 - of Files
        """See `Files.create`: it cannot."""
        self._refuse(path)

    def move(self, path: str, to: str) -> NoReturn:  # noqa: ARG002 - of Files
        """See `Files.move`: it cannot."""
        self._refuse(path)

    def remove(self, path: str) -> NoReturn:
        """See `Files.remove`: it cannot."""
        self._refuse(path)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._size_of(path) is not None

    def read_into(self, path: str, view: memoryview) -> bool:
        """See `Files.read_into`: no answer is held a second time."""
        whole: bool = self._fs.fill(self._at(path), view)
        return whole

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`: it cannot."""
        raise remote_error(_NO_LIST, directory)

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """See `Files.stale_temporaries`: nothing was written, so there are none."""
        return iter(())

    def _size_of(self, path: str) -> int | None:
        found: int | None = self._fs.size_of(self._at(path))
        return found

    def _refuse(self, path: str = "") -> NoReturn:
        raise remote_error(_READ_ONLY, path)


def _check(status: int, url: str) -> None:
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return
    failure = status_failure(status)
    if failure is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url)
    raise remote_error(failure)


async def _part(answer: aiohttp.ClientResponse, skip: int, length: int) -> bytes:
    """The part of a body that was asked for; what follows is not read."""
    found = bytearray()
    async for block in answer.content.iter_chunked(BLOCK):
        found += block[skip:]
        skip = max(0, skip - len(block))
        if len(found) >= length:
            break
    return bytes(found[:length])
