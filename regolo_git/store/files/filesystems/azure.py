"""A store in a container of Azure Storage.

The account and its credentials are found by adlfs: a connection string, a key or a signature in the
environment, or what the Azure command line, a machine or a service of Azure has.  The requests are those of
the Azure SDK below it, without its retries.
"""

import asyncio
import atexit
import errno
import os
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeVar  # fsspec is not typed; its values stay in this module

from adlfs import AzureBlobFileSystem
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from fsspec.asyn import sync

from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Data, Files, StoredFile
from regolo_git.store.files.filesystems.upload import watched
from regolo_git.store.files.fsspec import OBJECT_STORE, FsspecFiles, time_of
from regolo_git.store.files.retry import CONNECT_SECONDS, SILENCE_SECONDS
from regolo_git.store.foreign.azure import BROKEN_ACCOUNT, NO_ACCOUNT, NO_CREDENTIALS
from regolo_git.store.translate import failure_of, remote_error
from regolo_git.system_calls import random_name

# How long all of those that may have credentials are asked; some wait for services that are not there.
CREDENTIALS_SECONDS = 12.0
_WRITER = "writer"
_EXISTS = "BlobAlreadyExists"
_DIRECTORY = "hdi_isfolder"  # the metadata of a directory, where an account has a hierarchy of names
Answer = TypeVar("Answer")


def open_azure(address: StoreAddress) -> Files:
    """The files at `az://container/path`; connections are made when they are needed."""
    filesystem = _connected()
    if filesystem.credential is not None:
        filesystem = _connected(credential=_PatientCredential(filesystem.credential))
    return AzureFiles(filesystem, address)


def _connected(**options: Any) -> AzureBlobFileSystem:
    try:
        # Anonymously only by a URL at https://, whatever is in the environment or the library's default.
        filesystem = AzureBlobFileSystem(
            anon=False, use_listings_cache=False, skip_instance_cache=True, **options
        )
    except ValueError as error:
        raise remote_error(NO_ACCOUNT if "Must provide" in str(error) else BROKEN_ACCOUNT) from None
    _close_at_the_end(filesystem)
    return filesystem


def _close_at_the_end(filesystem: AzureBlobFileSystem) -> None:
    """Closes connections when this process ends, and not in a fork of it.

    The library's own finalizers wait there forever for a thread that only this process has.
    """
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined] # noqa: SLF001
        if (found := finalizer.peek()) is not None and found[0] is filesystem:
            finalizer.detach()
    atexit.register(_close, os.getpid(), filesystem, filesystem.loop)


def _close(process: int, filesystem: AzureBlobFileSystem, loop: asyncio.AbstractEventLoop) -> None:
    if os.getpid() != process:
        # They are the parent's, and are not reported as forgotten by a loop that does not run here.
        loop.set_exception_handler(lambda *_: None)
        return
    for each in (filesystem.service_client, filesystem.credential):
        if hasattr(each, "close"):
            with suppress(Exception):  # nobody waits for it any more
                sync(loop, each.close, timeout=CONNECT_SECONDS)


class _PatientCredential:
    """A chain of credentials that ends; without an end, it takes longer than a minute to find none."""

    def __init__(self, chain: Any) -> None:
        self._chain = chain

    async def get_token(self, *scopes: str, **options: Any) -> Any:
        """A token.  Raises RemoteError if there is none, or not in time."""
        try:
            async with asyncio.timeout(CREDENTIALS_SECONDS):
                return await self._chain.get_token(*scopes, **options)
        except TimeoutError:
            raise remote_error(NO_CREDENTIALS) from None

    async def close(self) -> None:
        """Ends its connections."""
        await self._chain.close()


class AzureFiles(FsspecFiles):
    """Files in a container."""

    def __init__(self, filesystem: AzureBlobFileSystem, address: StoreAddress) -> None:
        root = "/".join(filter(None, (address.place, address.path)))
        super().__init__(filesystem, root, address.url, OBJECT_STORE)
        self._prefix = f"{address.path}/" if address.path else ""
        self._container = filesystem.service_client.get_container_client(address.place)
        self._options = {
            "retry_total": 0,
            "connection_timeout": CONNECT_SECONDS,
            "read_timeout": SILENCE_SECONDS,
        }

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        self._run(self._upload, path, bytes(data), overwrite=True)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._size_of(path) is not None

    def move(self, path: str, to: str) -> None:
        """See `Files.move`: a copy by the service may go on for a while, and needs a signature of its own."""
        self.write(to, self._run(self._download, path))
        self.remove(path)

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        try:
            self._run(self._container.delete_blob, self._key(path), **self._options)
        except FileNotFoundError:
            return

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`: one request for each five thousand files."""
        return iter(self._run(self._listed, self._key(f"{directory}/" if directory else "")))

    def _size_of(self, path: str) -> int | None:
        blob = self._container.get_blob_client(self._key(path))
        try:
            found = self._run(blob.get_blob_properties, **self._options)
        except FileNotFoundError:
            return None
        return None if _is_directory(found) else int(found.size)

    def _read(self, path: str, start: int, end: int) -> bytes:
        try:
            return self._run(self._download, path, offset=start, length=end - start)
        except HttpResponseError as error:
            if error.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return b""
            raise

    def _create_new(self, path: str, data: bytes) -> bool:
        # A library below sends a request again if the connection ends before the answer, and is then refused
        # what it has created itself: the object says who did.
        mark = random_name(16)
        try:
            self._run(self._upload, path, data, overwrite=False, metadata={_WRITER: mark})
        except ResourceExistsError as error:
            if getattr(error, "error_code", None) != _EXISTS:
                raise
            blob = self._container.get_blob_client(self._key(path))
            found = self._run(blob.get_blob_properties, **self._options)
            return bool((found.metadata or {}).get(_WRITER) == mark)
        return True

    # -- in the event loop of the library -------------------------------------------------------------------

    def _run(self, act: Callable[..., Awaitable[Answer]], *arguments: Any, **options: Any) -> Answer:
        try:
            answer: Answer = sync(self._fs.loop, act, *arguments, **options)
        except ResourceNotFoundError as error:
            failure = failure_of(error)
            if failure is not None:
                raise remote_error(failure) from None
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        return answer

    async def _upload(self, path: str, data: bytes, **options: Any) -> None:
        body = BytesIO(data)

        def give_body(request: Any) -> None:
            if data:
                request.http_request.data = body  # what was sent of it can be seen

        blob = self._container.get_blob_client(self._key(path))
        request = blob.upload_blob(data, raw_request_hook=give_body, **options, **self._options)
        await watched(request, body, len(data), SILENCE_SECONDS)

    async def _download(self, path: str, **part: int) -> bytes:
        blob = self._container.get_blob_client(self._key(path))
        found = await blob.download_blob(**part, **self._options)
        return bytes(await found.readall())

    async def _listed(self, prefix: str) -> list[StoredFile]:
        pages = self._container.list_blobs(name_starts_with=prefix, include=["metadata"], **self._options)
        start = len(self._prefix)
        return [
            StoredFile(blob.name[start:], int(blob.size), time_of(blob))
            async for blob in pages
            if not _is_directory(blob)
        ]

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"


def _is_directory(blob: Any) -> bool:
    return (blob.metadata or {}).get(_DIRECTORY) == "true"
