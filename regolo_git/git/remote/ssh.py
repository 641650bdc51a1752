"""SSH for dulwich: the user's `ssh` with the user's configuration, ended when nothing is heard any more."""

import io
import os
import shlex
import subprocess
import tempfile
from typing import IO

from dulwich.client import SSHVendor, SubprocessWrapper

from regolo_git.errors import MissingDependency
from regolo_git.forks import no_fork
from regolo_git.git.environment import environment_of_remote
from regolo_git.git.remote.watch import Watch


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
