"""A store in a directory of a server that is reached by SFTP.

User, port, keys and the keys of hosts are those of `ssh`, from its configuration, agent and `known_hosts`.
The key of a host is always checked.  Files are written beside their place, synced, and linked or renamed to
it: a link refuses to replace a file, which the rename of OpenSSH does.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncssh
from fsspec.asyn import sync
from sshfs import SSHFileSystem

from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import TEMPORARIES, Data, Files, Properties
from regolo_git.store.files.fsspec import FsspecFiles
from regolo_git.store.files.retry import CONNECT_SECONDS, SILENCE_SECONDS
from regolo_git.store.foreign.failure import Failure
from regolo_git.store.foreign.ssh import SILENCE
from regolo_git.store.translate import remote_error
from regolo_git.system_calls import random_name

SERVER = Properties(connections=4, atomic_create=True, whole_writes=False, views=False)
# As much as a slow line carries before its server counts as silent.
BLOCK = 512 << 10
Answer = TypeVar("Answer")


def open_sftp(address: StoreAddress) -> Files:
    """The files at `sftp://user@host:port/path`; it connects at once."""
    chosen = {"username": address.user, "port": address.port}
    try:
        filesystem = SSHFileSystem(
            address.place,
            **{name: value for name, value in chosen.items() if value is not None},
            known_hosts=(),  # those of ssh: sshfs itself would trust any host
            connect_timeout=CONNECT_SECONDS,
            login_timeout=SILENCE_SECONDS,
            keepalive_interval=SILENCE_SECONDS / 3,
            keepalive_count_max=2,
            skip_instance_cache=True,
        )
    except FileNotFoundError as error:
        text = f"the configuration of ssh names a file that is not there ({error.filename})"
        raise remote_error(Failure(text, "check ~/.ssh/config")) from None
    return SftpFiles(filesystem, address)


class SftpFiles(FsspecFiles):
    """Files in a directory of a server."""

    def __init__(self, filesystem: SSHFileSystem, address: StoreAddress) -> None:
        # A path is from the root of the server, and none is where a session starts.
        super().__init__(filesystem, address.path.rstrip("/") or ".", address.url, SERVER)
        self._made: set[str] = set()
        self._sftp: Any = self._ask(filesystem.client.start_sftp_client)

    def create_root(self, rights: int = 0) -> None:  # noqa: ARG002 - of Files
        """See `Files.create_root`; permissions are the server's."""
        self._ask(self._sftp.makedirs, self._root, exist_ok=True)

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        self._run(self._store, path, bytes(data), self._sftp.posix_rename)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        found: bool = self._ask(self._sftp.lexists, self._at(path))
        return found

    def move(self, path: str, to: str) -> None:
        """See `Files.move`."""
        self._run(self._moved, path, to)

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        with suppress(FileNotFoundError):
            self._ask(self._sftp.unlink, self._at(path))

    def _size_of(self, path: str) -> int | None:
        try:
            found = self._ask(self._sftp.stat, self._at(path))
        except FileNotFoundError:
            return None
        return int(found.size) if found.type == asyncssh.FILEXFER_TYPE_REGULAR else None

    def _read(self, path: str, start: int, end: int) -> bytes:
        return self._run(self._read_blocks, path, start, end)

    def _create_new(self, path: str, data: bytes) -> bool:
        try:
            self._run(self._store, path, data, self._linked)
        except FileExistsError:
            return False
        return True

    # -- one channel, in the event loop of the library ------------------------------------------------------

    def _ask(self, act: Callable[..., Awaitable[Answer]], *arguments: Any, **options: Any) -> Answer:
        """What the server answers to one question.  Raises RemoteError if it is silent."""

        async def asked() -> Answer:
            return await _soon(act(*arguments, **options))

        return self._run(asked)

    def _run(self, act: Callable[..., Awaitable[Answer]], *arguments: Any, **options: Any) -> Answer:
        try:
            answer: Answer = sync(self._fs.loop, act, *arguments, **options)
        except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None
        except TimeoutError:
            raise remote_error(SILENCE) from None
        return answer

    @asynccontextmanager
    async def _opened(self, path: str, mode: str) -> AsyncIterator[Any]:
        file = await _soon(self._sftp.open(self._at(path), mode))
        try:
            yield file
        finally:
            await _soon(file.close())

    async def _read_blocks(self, path: str, start: int, end: int) -> bytes:
        found = bytearray()
        async with self._opened(path, "rb") as file:
            while start < end:
                block = await _soon(file.read(min(BLOCK, end - start), start))
                if not block:
                    break
                found += block
                start += len(block)
        return bytes(found)

    async def _store(self, path: str, data: bytes, place: Callable[[str, str], Awaitable[None]]) -> None:
        temporary = f"{TEMPORARIES}/{random_name(16)}"
        await self._make(TEMPORARIES)
        await self._make(path.rpartition("/")[0])
        try:
            await self._write_blocks(temporary, data)
            await _soon(place(self._at(temporary), self._at(path)))
        except BaseException:
            with suppress(asyncssh.Error, OSError):
                await _soon(self._sftp.unlink(self._at(temporary)))
            raise

    async def _write_blocks(self, path: str, data: bytes) -> None:
        async with self._opened(path, "xb") as file:
            for at in range(0, len(data), BLOCK):
                await _soon(file.write(data[at : at + BLOCK], at))
            with suppress(asyncssh.SFTPOpUnsupported):
                await _soon(file.fsync())
            size = (await _soon(file.stat())).size
        if size != len(data):
            raise OSError("the server stored fewer bytes than it was sent")

    async def _linked(self, temporary: str, place: str) -> None:
        """Gives a file its name unless something has it; raises FileExistsError then."""
        try:
            try:
                await self._sftp.link(temporary, place)
            except asyncssh.SFTPOpUnsupported:  # the rename of the protocol refuses too
                await self._sftp.rename(temporary, place)
                return
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            if await self._sftp.lexists(place):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from None
            raise
        await self._sftp.unlink(temporary)

    async def _moved(self, path: str, to: str) -> None:
        await self._make(to.rpartition("/")[0])
        await _soon(self._sftp.posix_rename(self._at(path), self._at(to)))

    async def _make(self, directory: str) -> None:
        """Creates a directory below the root, which has to be there."""
        if not directory or directory in self._made:
            return
        await self._make(directory.rpartition("/")[0])
        try:
            await _soon(self._sftp.mkdir(self._at(directory)))
        except (asyncssh.SFTPFailure, asyncssh.SFTPFileAlreadyExists):
            if not await _soon(self._sftp.isdir(self._at(directory))):
                raise
        self._made.add(directory)


async def _soon(answer: Awaitable[Answer]) -> Answer:
    """An answer of the server.  Raises TimeoutError if it is silent."""
    return await asyncio.wait_for(answer, SILENCE_SECONDS)
