"""A store in a bucket of S3, or of a service that speaks its protocol.

Credentials are those of the AWS command line: environment, profiles, roles.  The requests are s3fs's, without
the further ones that it makes to find out whether a missing object is a directory.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any  # fsspec is not typed; its values stay in this module

from fsspec.asyn import sync
from s3fs import S3FileSystem
from s3fs.core import _error_wrapper

from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Data, Files, Properties, StoredFile
from regolo_git.store.files.filesystems.upload import Body, watched
from regolo_git.store.files.fsspec import OBJECT_STORE, FsspecFiles, time_of
from regolo_git.store.files.retry import CONNECT_SECONDS, QUESTIONS_AT_ONCE, SILENCE_SECONDS
from regolo_git.store.foreign.aws import NO_BUCKET, code_of
from regolo_git.store.translate import remote_error
from regolo_git.system_calls import random_name

BLOCK = 1 << 20
_WRITER = "writer"
_EXISTS = ("PreconditionFailed", "412")
_HIDDEN = ("AccessDenied", "Forbidden", "403")
_PAST_THE_END = ("InvalidRange", "416")


def open_s3(address: StoreAddress) -> Files:
    """The files at `s3://bucket/path`; connections are made when they are needed."""
    signs_content = (address.endpoint or "").startswith("http:")
    filesystem = S3FileSystem(
        endpoint_url=address.endpoint,
        client_kwargs={"region_name": address.region} if address.region else {},
        config_kwargs={
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": SILENCE_SECONDS,
            "retries": {"total_max_attempts": 1},
            # Every chunk has a name that says its bytes: CRCs are a tenth of the CPU of a pull.
            "response_checksum_validation": "when_required",
            # Without TLS the signature has the SHA-256 of what is sent, so a CRC besides finds nothing more.
            "request_checksum_calculation": "when_required" if signs_content else "when_supported",
            "max_pool_connections": QUESTIONS_AT_ONCE + OBJECT_STORE.connections,
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    filesystem.retries = 1
    return S3Files(filesystem, address)


class S3Files(FsspecFiles):
    """Files in a bucket."""

    def __init__(self, filesystem: S3FileSystem, address: StoreAddress) -> None:
        root = "/".join(filter(None, (address.place, address.path)))
        super().__init__(filesystem, root, address.url, OBJECT_STORE)
        self._bucket = address.place
        self._prefix = f"{address.path}/" if address.path else ""
        self._lock = threading.Lock()
        self._reached = False  # the bucket is there, and something in it may be read
        self._refuses: bool | None = None  # to create what exists; not known before the first creation
        self._lists: bool | None = None  # whether these credentials may list it

    @property
    def properties(self) -> Properties:
        """See `Files.properties`; `atomic_create` is True until a service shows that it does not do it."""
        return OBJECT_STORE._replace(atomic_create=self._refuses is not False, views=True)

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        self._put(path, data)

    def create(self, path: str, data: Data) -> bool:
        """See `Files.create`.

        Some services ignore the condition and replace the object: the first file that is created here is
        created twice, to see whether the second time is refused.
        """
        if self._refuses:
            return self._create_new(path, bytes(data))
        with self._lock:
            if self._size_of(path) is not None:
                return False
            created = self._create_new(path, bytes(data))
            if self._refuses is None:
                self._refuses = not created or not self._try_to_create(path, bytes(data), "")
            return created

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._size_of(path) is not None

    def read_into(self, path: str, view: memoryview) -> bool:
        """See `Files.read_into`: no answer is held a second time."""
        try:
            with self._reading(path):
                whole: bool = sync(self._fs.loop, self._fill, path, view)
        except OSError as error:
            if code_of(error.__cause__) in _PAST_THE_END:
                return not view
            raise
        return whole

    def move(self, path: str, to: str) -> None:
        """See `Files.move`."""
        source = {"Bucket": self._bucket, "Key": self._key(path)}
        self._call("copy_object", to, CopySource=source)
        self._call("delete_object", path)

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        self._call("delete_object", path)

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`: one request for each thousand files."""
        prefix = self._key(f"{directory}/" if directory else "")
        more: dict[str, str] = {}
        while True:
            page = self._fs.call_s3("list_objects_v2", Bucket=self._bucket, Prefix=prefix, **more)
            self._reached = self._lists = True
            for info in page.get("Contents", ()):
                yield StoredFile(info["Key"][len(self._prefix) :], int(info["Size"]), time_of(info))
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _size_of(self, path: str) -> int | None:
        try:
            head = self._call("head_object", path)
        except FileNotFoundError:
            self._expect_bucket()
            return None
        except PermissionError as error:
            if self._hides_what_is_missing(error):
                return None
            raise
        self._reached = True
        return int(head["ContentLength"])

    def _read(self, path: str, start: int, end: int) -> bytes:
        try:
            with self._reading(path):
                return super()._read(path, start, end)
        except OSError as error:
            if code_of(error.__cause__) in _PAST_THE_END:
                return b""
            raise

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            if self._hides_what_is_missing(error):
                raise FileNotFoundError(path) from None
            raise
        self._reached = True

    async def _fill(self, path: str, view: memoryview) -> bool:
        """Reads a file into memory of its size as it arrives; False if the file has another size."""

        async def filled() -> bool:
            # One byte more than there should be.
            asked = {"Bucket": self._bucket, "Key": self._key(path), "Range": f"bytes=0-{len(view)}"}
            answer = await self._fs._call_s3("get_object", **asked)  # noqa: SLF001 - see `_put_watched`
            body, at = answer["Body"], 0
            try:
                while block := await body.read(BLOCK):
                    if at + len(block) > len(view):
                        return False
                    view[at : at + len(block)] = block
                    at += len(block)
            finally:
                body.close()
            return at == len(view)

        whole: bool = await _error_wrapper(filled, retries=self._fs.retries)
        return whole

    def _expect_bucket(self) -> None:
        """Raises RemoteError for a missing bucket; a HEAD does not distinguish it from a missing object."""
        if self._reached:
            return
        try:
            self._fs.call_s3("head_bucket", Bucket=self._bucket)
        except FileNotFoundError:
            raise remote_error(NO_BUCKET) from None
        except PermissionError:  # it may not be asked
            return
        self._reached = True

    def _hides_what_is_missing(self, error: PermissionError) -> bool:
        """Whether this is how it answers for a missing object: only to those who may not list the bucket."""
        if not self._reached or code_of(error.__cause__) not in _HIDDEN:
            return False
        if self._lists is None:
            try:
                self._fs.call_s3("list_objects_v2", Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1)
                self._lists = True
            except PermissionError:
                self._lists = False
        return not self._lists

    def _create_new(self, path: str, data: bytes) -> bool:
        # A library below sends a request again if the connection ends before the answer, and is then refused
        # what it has created itself: the object says who did.
        mark = random_name(16)
        if self._try_to_create(path, data, mark):
            return True
        metadata = self._call("head_object", path).get("Metadata", {})
        return bool(metadata.get(_WRITER) == mark)

    def _try_to_create(self, path: str, data: bytes, mark: str) -> bool:
        try:
            self._put(path, data, IfNoneMatch="*", Metadata={_WRITER: mark})
        except OSError as error:
            if isinstance(error, FileExistsError) or code_of(error.__cause__) in _EXISTS:
                return False
            raise
        return True

    def _put(self, path: str, data: Data, **options: Any) -> None:
        body = Body(data)
        try:
            sync(self._fs.loop, self._put_watched, path, body, options)
        finally:
            body.release()

    async def _put_watched(self, path: str, body: Body, options: dict[str, Any]) -> None:
        request = self._fs._call_s3(  # noqa: SLF001 - the coroutine behind `call_s3`
            "put_object", Bucket=self._bucket, Key=self._key(path), Body=body, **options
        )
        await watched(request, body, len(body), SILENCE_SECONDS)

    def _key(self, path: str) -> str:
        return f"{self._prefix}{path}"

    def _call(self, method: str, path: str, **options: Any) -> Any:
        return self._fs.call_s3(method, Bucket=self._bucket, Key=self._key(path), **options)
