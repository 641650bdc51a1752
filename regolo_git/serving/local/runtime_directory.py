"""The runtime directory of an engine: sockets, artifacts, lock.

It is in the repository's common directory, so that every work tree finds the same engine.  The path of a unix
socket is limited to about a hundred bytes; for a deeper directory, the sockets are in a short directory under
`/tmp` that belongs to this user alone.
"""

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Self

from regolo_git.errors import ServingError
from regolo_git.hints import Hint
from regolo_git.records.names import check_endpoint_name

LOOK_SECONDS = 0.1
# 108 bytes with the final zero on Linux, less the longest name created in the directory.
ROOM = 107 - len("/w-0000000000000000/http.sock")


@dataclass(frozen=True, slots=True)
class RuntimeDirectory:
    """The directories of one registry's engine; `sockets` is private to the user."""

    home: Path
    sockets: Path

    @classmethod
    def of(cls, common_directory: Path) -> Self:
        """The directories for a repository's common directory; nothing is created."""
        home = common_directory.resolve() / "regolo" / "serving"
        if len(os.fsencode(home)) <= ROOM:
            return cls(home, home)
        name = blake2b(os.fsencode(home), digest_size=8).hexdigest()
        return cls(home, Path(f"/tmp/regolo-{os.getuid()}-{name}"))

    @property
    def admin_socket(self) -> Path:
        """The socket on which a running engine answers its operator."""
        return self.sockets / "admin.sock"

    @property
    def artifacts(self) -> Path:
        """The fetched artifacts, one directory for each digest."""
        return self.home / "artifacts"

    @property
    def counts(self) -> Path:
        """What an engine counted, from its stop until the next one."""
        return self.home / "counts.json"

    @property
    def withheld(self) -> Path:
        """The versions that get no requests although the branch gives them traffic."""
        return self.home / "withheld.json"

    @property
    def canaries(self) -> Path:
        """What was measured of canaries, and which process decides on them."""
        return self.home / "canary"

    def canary(self, endpoint: str) -> Path:
        """The evidence of an endpoint's canary between commits."""
        return self.canaries / f"{check_endpoint_name(endpoint)}.json"

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Holds the directories for one engine until the block ends; a killed engine's files are removed.

        Raises ServingError if another engine serves this registry, or if they belong to another user.
        """
        self._prepare()
        lock = self._lock()
        try:
            self._clear_up()
            self._prepare()
            yield
        finally:
            self._clear_up()
            os.close(lock)

    def wait_until_free(self) -> None:
        """Waits until no engine has the directories."""
        while True:
            try:
                os.close(self._lock())
            except ServingError:
                time.sleep(LOOK_SECONDS)
            else:
                return

    def _prepare(self) -> None:
        """Creates the directories, closed to other users."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.sockets.mkdir(exist_ok=True, mode=0o700)
        for directory in (self.home, self.sockets):
            # Another user may have created the short directory; then it is not used.
            found = directory.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise ServingError(f"'{directory}' belongs to another user")
            if found.st_mode & 0o077:
                directory.chmod(0o700)

    def _clear_up(self) -> None:
        """Removes an engine's sockets; the caller holds the lock."""
        self.admin_socket.unlink(missing_ok=True)
        for left in self.sockets.glob("w-*"):
            shutil.rmtree(left, ignore_errors=True)
        if self.sockets != self.home:
            with suppress(OSError):
                self.sockets.rmdir()

    def _lock(self) -> int:
        """Takes the engine's lock; it is released when the process ends."""
        handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(handle)
            raise ServingError("this registry is already being served", Hint("serve", "--replace")) from error
        return handle
