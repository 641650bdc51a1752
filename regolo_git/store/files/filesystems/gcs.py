"""A store in a bucket of Google Cloud Storage.

Credentials are the application default ones; without any, nothing is read anonymously.  The requests are
gcsfs's, without its retries, and without those that find out whether a missing object is a directory.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from io import BytesIO
from typing import Any  # fsspec is not typed; its values stay in this module
from urllib.parse import quote

import aiohttp
from fsspec.asyn import sync

# Not that of the package itself, which probes an API of its own first: it takes a minute where there is none.
from gcsfs.core import GCSFileSystem
from gcsfs.retry import HttpError

from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Data, Files, StoredFile
from regolo_git.store.files.filesystems.upload import watched
from regolo_git.store.files.fsspec import OBJECT_STORE, FsspecFiles, time_of
from regolo_git.store.files.retry import CONNECT_SECONDS, SILENCE_SECONDS
from regolo_git.store.foreign.google import DENIED, NO_BUCKET
from regolo_git.store.translate import remote_error

FORBIDDEN = "Forbidden:"  # how gcsfs begins the text of an error that has no number
_OBJECTS, _OBJECT = "b/{}/o", "b/{}/o/{}"


def open_gcs(address: StoreAddress) -> Files:
    """The files at `gs://bucket/path`; it looks for credentials at once."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS)
    filesystem = GCSFileSystem(
        token="anon",
        requests_timeout=timeout,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    if filesystem.on_google:  # else it is an emulator, named by STORAGE_EMULATOR_HOST
        filesystem.credentials.connect("google_default")
    once = type(filesystem)._request.__wrapped__  # noqa: SLF001 - the method below its retries
    filesystem._request = once.__get__(filesystem)  # noqa: SLF001
    return GcsFiles(filesystem, address)


class GcsFiles(FsspecFiles):
    """Files in a bucket."""

    def __init__(self, filesystem: GCSFileSystem, address: StoreAddress) -> None:
        root = "/".join(filter(None, (address.place, address.path)))
        super().__init__(filesystem, root, address.url, OBJECT_STORE)
        self._bucket = address.place
        self._prefix = f"{address.path}/" if address.path else ""
        self._reached = False  # the bucket is there

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        self._upload(path, bytes(data))

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._size_of(path) is not None

    def move(self, path: str, to: str) -> None:
        """See `Files.move`."""
        copy = f"{_OBJECT}/copyTo/{_OBJECT}"
        self._call("POST", copy, self._bucket, self._key(path), self._bucket, self._key(to))
        self.remove(path)

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        with suppress(FileNotFoundError):
            self._call("DELETE", _OBJECT, self._bucket, self._key(path))

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`: one request for each thousand files."""
        prefix = self._key(f"{directory}/" if directory else "")
        page: dict[str, Any] = {"nextPageToken": None}
        while "nextPageToken" in page:
            try:
                page = self._call(
                    "GET",
                    _OBJECTS,
                    self._bucket,
                    prefix=prefix,
                    pageToken=page["nextPageToken"],
                    json_out=True,
                )
            except FileNotFoundError:
                raise remote_error(NO_BUCKET) from None
            for info in page.get("items", ()):
                yield StoredFile(info["name"][len(self._prefix) :], int(info["size"]), time_of(info))

    def _size_of(self, path: str) -> int | None:
        try:
            found = self._call("GET", _OBJECT, self._bucket, self._key(path), json_out=True)
        except FileNotFoundError:
            self._expect_bucket()
            return None
        return int(found["size"])

    def _read(self, path: str, start: int, end: int) -> bytes:
        try:
            with _denials():
                return super()._read(path, start, end)
        except FileNotFoundError:
            self._expect_bucket()
            raise
        except HttpError as error:
            if str(error.code) == str(int(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)):
                return b""
            raise

    def _create_new(self, path: str, data: bytes) -> bool:
        # As the library does it: what stands for the service in tests checks the condition only then.
        try:
            with _denials():
                return super()._create_new(path, data)
        except FileNotFoundError:
            raise remote_error(NO_BUCKET) from None

    def _expect_bucket(self) -> None:
        """Raises RemoteError for a missing bucket: answers do not distinguish it from a missing object."""
        if self._reached:
            return
        try:
            self._call("GET", _OBJECTS, self._bucket, maxResults=1)
        except FileNotFoundError:
            raise remote_error(NO_BUCKET) from None
        except PermissionError:  # it may not be asked
            return
        self._reached = True

    def _upload(self, path: str, data: bytes) -> None:
        try:
            with _denials():
                sync(self._fs.loop, self._upload_watched, path, data)
        except FileNotFoundError:
            raise remote_error(NO_BUCKET) from None

    async def _upload_watched(self, path: str, data: bytes) -> None:
        body = BytesIO(data)
        place = f"{self._fs._location}/upload/storage/v1/b/{quote(self._bucket, safe='')}/o"  # noqa: SLF001
        request = self._fs._call(  # noqa: SLF001 - the coroutine behind `call`
            "POST", place, uploadType="media", name=self._key(path), data=body,
            headers={"Content-Type": "application/octet-stream"},
        )  # fmt: skip
        await watched(request, body, len(data), SILENCE_SECONDS)

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"

    def _call(self, method: str, place: str, *names: str, **options: Any) -> Any:
        with _denials():
            return self._fs.call(method, place, *names, **options)


@contextmanager
def _denials() -> Iterator[None]:
    """Raises AccessDenied for an answer that something is forbidden."""
    try:
        yield
    except OSError as error:
        if str(error).startswith(FORBIDDEN):
            raise remote_error(DENIED) from None
        raise
