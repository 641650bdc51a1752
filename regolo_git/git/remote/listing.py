"""Asks for some refs of a remote alone, through git's own connection.

`git ls-remote` transfers every ref and then leaves out those that do not match.  In version 2 of the protocol
the server leaves them out.  Over HTTP, git's remote helper carries the question, with the user's credentials
and proxies; over SSH, dulwich asks it, by the same `ssh`.
"""

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from regolo_git.errors import TransportError
from regolo_git.forks import no_fork
from regolo_git.git.environment import environment_of_git, environment_of_remote, git_program, ssh_command
from regolo_git.git.program import run_git
from regolo_git.git.remote.addresses import HttpAddress, PathAddress, parse_address
from regolo_git.git.remote.failures import remote_failure
from regolo_git.git.remote.patterns import matching, split_patterns
from regolo_git.git.remote.process import PATIENT_SECONDS, SILENCE_SECONDS
from regolo_git.git.remote.watch import Watch
from regolo_git.git.repository import GitRepository

FLUSH, DELIMITER = b"0000", b"0001"
AGENT = b"agent=regolo-git\n"


def list_some(git: GitRepository, remote: str, patterns: Iterable[str]) -> dict[str, str] | None:
    """The refs of a remote that match; None where the server cannot be asked for them alone."""
    wanted = tuple(patterns)
    paths = git.paths
    url = run_git(paths.git_dir, paths.work_tree, "ls-remote", "--get-url", "--", remote).decode().strip()
    try:
        address = parse_address(url, paths.top)
    except TransportError:
        return None  # git has a way of its own
    if isinstance(address, HttpAddress):
        return _converse(git, remote, (f"remote-{address.scheme}", remote, url), wanted, helper=True)
    if isinstance(address, PathAddress):
        return _converse(git, remote, ("upload-pack", str(address.path)), wanted, helper=False)
    if _is_openssh(git):
        from regolo_git.git.remote.with_dulwich import DulwichTransport  # noqa: PLC0415 - takes long to import

        return DulwichTransport(git).refs(remote, wanted)
    return None


def _is_openssh(git: GitRepository) -> bool:
    """Whether the user's SSH is the usual one: others do not know the option that names the protocol."""
    program = shlex.split(ssh_command(git.config_get("core.sshCommand")))[:1]
    usual = git.config_get("ssh.variant") in (None, "auto", "ssh")
    return usual and [Path(path).name for path in program] == ["ssh"]


def _converse(
    git: GitRepository, remote: str, command: tuple[str, ...], wanted: tuple[str, ...], *, helper: bool
) -> dict[str, str] | None:
    """Runs git's end of a connection: a remote `helper`, or the program of the server by path."""
    paths = git.paths
    asks = os.isatty(0) and os.isatty(2)
    environment = environment_of_remote(environment_of_git(paths.git_dir, paths.work_tree, None), asks=asks)
    if not helper:
        environment["GIT_PROTOCOL"] = "version=2"
        del environment["GIT_DIR"]
        environment.pop("GIT_WORK_TREE", None)
    watch = Watch(PATIENT_SECONDS if asks else SILENCE_SECONDS)
    with tempfile.TemporaryFile() as messages:
        with no_fork():
            process = subprocess.Popen(
                [git_program(), *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=messages,
                env=environment,
                cwd=paths.top,
                start_new_session=not asks,
            )
        with process:
            watch.begin(process.kill)
            try:
                return _ask(process, wanted, helper=helper)
            except (EOFError, BrokenPipeError, ValueError) as error:
                process.kill()
                process.wait()
                raise _failure(remote, messages, expired=watch.expired) from error
            except BaseException:
                process.kill()
                raise
            finally:
                watch.stop()


def _ask(
    process: "subprocess.Popen[bytes]", patterns: tuple[str, ...], *, helper: bool
) -> dict[str, str] | None:
    """One question and its answer.  Raises EOFError if the other end ends before."""
    given, answer = process.stdin, process.stdout
    assert given is not None
    assert answer is not None
    if helper and not _is_connected(given, answer):
        return None
    if not any(packet.rstrip() == b"version 2" for packet in list(_packets(answer))[:1]):
        raise ValueError("an answer in another protocol")
    exact, beginnings = split_patterns(patterns)
    prefixes = [f"ref-prefix {text}\n".encode("utf-8", "surrogateescape") for text in (*exact, *beginnings)]
    head = [_packet(b"command=ls-refs\n"), _packet(AGENT), _packet(b"object-format=sha1\n"), DELIMITER]
    given.write(b"".join([*head, *map(_packet, prefixes), FLUSH]))
    given.flush()
    refs = (packet.decode("utf-8", "surrogateescape").split() for packet in _packets(answer))
    found = {words[1]: words[0] for words in refs if len(words) >= 2}
    given.close()
    return matching(found, patterns)


def _is_connected(given: IO[bytes], answer: IO[bytes]) -> bool:
    """Whether the helper has connected; it cannot where the server only knows older protocols."""
    given.write(b"stateless-connect git-upload-pack\n")
    given.flush()
    line = answer.readline()
    if line == b"fallback\n":
        given.write(b"\n")
        return False
    if line != b"\n":
        raise EOFError
    return True


def _packet(data: bytes) -> bytes:
    return b"%04x%b" % (len(data) + 4, data)


def _packets(stream: IO[bytes]) -> Iterator[bytes]:
    """The packets until the next flush.  Raises EOFError, and ValueError for what is not a packet."""
    while True:
        size = int(_whole(stream, 4), 16)
        if size == 0:
            return
        if size >= 4:
            yield _whole(stream, size - 4)


def _whole(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _failure(remote: str, messages: IO[bytes], *, expired: bool) -> Exception:
    if expired:
        return TransportError(f"remote '{remote}': no answer in time", "try again")
    messages.seek(0)
    return remote_failure(remote, messages.read().decode("utf-8", "replace").splitlines())
