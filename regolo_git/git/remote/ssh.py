"""SSH for dulwich: the user's `ssh` with the user's configuration, ended when nothing is heard any more."""

import io
import os
import shlex
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from typing import IO

from dulwich.client import SSHVendor, SubprocessWrapper

from regolo_git.errors import MissingDependency
from regolo_git.forks import no_fork
from regolo_git.git.environment import environment_of_remote

LOOK_SECONDS = 0.2


class Watch:
    """Ends a process when nothing was heard of it for some time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._heard = time.monotonic()
        self._over = threading.Event()
        self._end: Callable[[], None] | None = None
        self.expired = False

    def heard(self, _size: int = 0, _kind: str = "") -> None:
        """Notes that something happened; dulwich calls it for all that it reads and writes."""
        self._heard = time.monotonic()

    def begin(self, end: Callable[[], None]) -> None:
        """Watches from now on; `end` is called at most once."""
        self._end = end
        self.heard()
        threading.Thread(target=self._look, daemon=True).start()

    def stop(self) -> None:
        """Watches no longer."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            if time.monotonic() - self._heard > self._seconds and self._end is not None:
                self.expired = True
                self._end()
                return


class _Messages(io.RawIOBase):
    """What a process wrote to a file, read when it has ended; a pipe that nobody reads would stop it."""

    def __init__(self, process: "subprocess.Popen[bytes]", file: IO[bytes]) -> None:
        super().__init__()
        self._process = process
        self._file = file

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        """The lines."""
        self._process.wait()
        self._file.seek(0)
        return self._file.readlines(hint)


class _Connection(SubprocessWrapper):
    """The process, with its messages in a file."""

    def __init__(self, process: "subprocess.Popen[bytes]", file: IO[bytes]) -> None:
        super().__init__(process)
        self._messages = _Messages(process, file)

    @property
    def stderr(self) -> IO[bytes]:
        """The messages."""
        return self._messages  # type: ignore[return-value]


class SshProgram(SSHVendor):
    """Runs `ssh` as git does."""

    def __init__(self, command: str, watch: Watch) -> None:
        self._command = command
        self._watch = watch

    def run_command(
        self,
        host: str,
        command: bytes,
        username: str | None = None,
        port: int | None = None,
        password: str | None = None,  # noqa: ARG002 - ssh asks
        key_filename: str | None = None,  # noqa: ARG002 - the user's configuration
        ssh_command: str | None = None,  # noqa: ARG002 - decided before
        protocol_version: int | None = None,
    ) -> SubprocessWrapper:
        """Starts git's command on the host.  Raises MissingDependency if there is no `ssh`."""
        asks = os.isatty(0) and os.isatty(2)
        environment = environment_of_remote({}, asks=asks)
        arguments = shlex.split(self._command)
        if protocol_version is None or protocol_version > 0:
            environment["GIT_PROTOCOL"] = f"version={protocol_version or 2}"
            arguments += ["-o", "SendEnv=GIT_PROTOCOL"]
        arguments += ["-p", str(port)] if port else []
        place = f"{username}@{host}" if username else host
        messages = tempfile.TemporaryFile()  # noqa: SIM115 - for as long as the connection
        try:
            with no_fork():
                process = subprocess.Popen(
                    [*arguments, place, command],
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=messages,
                    env=environment,
                    start_new_session=not asks,  # without the terminal, on which ssh would ask
                )
        except FileNotFoundError as error:
            raise MissingDependency(
                f"the program '{arguments[0]}' is not on PATH", "apt-get install openssh-client"
            ) from error
        self._watch.begin(process.kill)
        return _Connection(process, messages)
