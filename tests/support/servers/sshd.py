"""OpenSSH's server on a port of its own, with a host key and a user key of its own, for git and for SFTP."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from support.ports import reserved_port

WAIT_SECONDS = 60.0


class Sshd(NamedTuple):
    """A running server; `options` make any `ssh` or `sftp` find it, its host key and the user's key."""

    port: int
    user: str
    key: Path
    known_hosts: Path
    config: Path
    log: Path

    @property
    def ssh_command(self) -> str:
        """For GIT_SSH_COMMAND and core.sshCommand."""
        return f"ssh -F {self.config}"


def let_ssh_find(server: Sshd, home: Path) -> Path:
    """Gives a home an `.ssh` that finds the server under the name `store`, with its key and the user's."""
    place = home / ".ssh"
    place.mkdir(mode=0o700)
    (place / "config").write_text(
        f"Host store\n  HostName 127.0.0.1\n  Port {server.port}\n  User {server.user}\n"
        f"  IdentityFile {server.key}\n  HostKeyAlias [127.0.0.1]:{server.port}\n"
    )
    (place / "known_hosts").write_text(server.known_hosts.read_text())
    return place


@contextmanager
def running_sshd(directory: Path, subsystem: str = "internal-sftp") -> Iterator[Sshd]:
    """A server, for the user who runs the tests; `subsystem` answers SFTP.  Skips where there is none."""
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None or shutil.which("ssh-keygen") is None or shutil.which("ssh") is None:
        pytest.skip("OpenSSH's server, ssh or ssh-keygen is not installed")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # without it, sshd does not start as root
    with reserved_port() as port:
        server = _set_up(directory, port, subsystem)
        with server.log.open("wb") as log:
            process = subprocess.Popen(
                [program, "-D", "-e", "-f", directory / "sshd_config"], stdin=subprocess.DEVNULL, stderr=log
            )
            try:
                _await(process, server)
                yield server
            finally:
                process.terminate()
                process.wait()


def _set_up(directory: Path, port: int, subsystem: str) -> Sshd:
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", directory / name], check=True
        )
    shutil.copy(directory / "user.pub", directory / "authorized_keys")
    public = (directory / "host.pub").read_text().split()
    known_hosts = directory / "known_hosts"
    known_hosts.write_text(f"[127.0.0.1]:{port} {public[0]} {public[1]}\n")
    (directory / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {directory}/host\nPidFile none\n"
        f"AuthorizedKeysFile {directory}/authorized_keys\nStrictModes no\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        f"AcceptEnv GIT_PROTOCOL\nSubsystem sftp {subsystem}\nMaxStartups 100\nMaxSessions 100\n"
    )
    config = directory / "ssh_config"
    config.write_text(
        f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n"
        f"  IdentityFile {directory}/user\n  IdentitiesOnly yes\n  UserKnownHostsFile {known_hosts}\n"
        "  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  BatchMode yes\n  HostKeyAlias "
        f"[127.0.0.1]:{port}\n"
    )
    return Sshd(port, getpass.getuser(), directory / "user", known_hosts, config, directory / "sshd.log")


def _await(process: "subprocess.Popen[bytes]", server: Sshd) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as answered:
                if answered.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.05)
    pytest.skip(f"sshd does not start: {server.log.read_text(errors='replace').strip()}")
