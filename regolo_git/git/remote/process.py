"""Runs `git` where it talks to a remote: with progress, and an end when nothing comes any more."""

import os
import selectors
import signal
import subprocess
import time
from pathlib import Path
from typing import IO, NamedTuple

from regolo_git.errors import TransportError
from regolo_git.forks import no_fork
from regolo_git.git.discover import RepositoryPaths
from regolo_git.git.environment import environment_of_git, environment_of_remote, git_program
from regolo_git.git.lock import held_lock
from regolo_git.git.program import given_input
from regolo_git.git.remote.failures import remote_failure
from regolo_git.git.remote.progress import Lines
from regolo_git.git.remote.transport import OnGitProgress, ignore_git_progress

SILENCE_SECONDS = 120.0
PATIENT_SECONDS = 1800.0  # while a person may be typing, or a hook of the user may be at work
LOOK_SECONDS = 0.2  # a process that git leaves behind (ssh) can keep the pipes open
AT_ONCE = 1 << 16


class Finished(NamedTuple):
    """The exit status of a git command, its output, and what else it wrote."""

    status: int
    output: bytes
    lines: Lines


def run_with_remote(
    git_dir: Path | None,
    work_tree: Path | None,
    arguments: tuple[str, ...],
    *,
    given: bytes = b"",
    patient: bool = False,
    on_progress: OnGitProgress = ignore_git_progress,
) -> Finished:
    """Runs a git command that talks to a remote, with whatever the user has set up for that.

    Git may ask for a password where there is a terminal.  Raises TransportError if nothing is heard for two
    minutes, or, if it is `patient` or may be asking, for half an hour.
    """
    asks = os.isatty(0) and os.isatty(2)
    lines = Lines(on_progress)
    with given_input(given) as stdin:
        with no_fork():
            process = subprocess.Popen(
                [git_program(), *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(git_dir, work_tree, asks=asks),
                cwd=work_tree or git_dir,
                pass_fds=held_lock(),
                start_new_session=not asks,  # without the terminal, on which ssh would ask
            )
        with process:
            try:
                output = _read(process, lines, PATIENT_SECONDS if asks or patient else SILENCE_SECONDS)
            except BaseException:
                _end(process, alone=not asks)
                raise
    return Finished(process.returncode, output, lines)


def ask_remote(paths: RepositoryPaths, remote: str, *arguments: str, given: bytes = b"") -> bytes:
    """The output of a git command that talks to a remote.  Raises as `Transport` says."""
    # In the work tree, because the path of a remote may be relative to it.
    done = run_with_remote(paths.git_dir, paths.work_tree, arguments, given=given)
    if done.status != 0:
        raise remote_failure(remote, done.lines.own, done.lines.said)
    return done.output


def _environment(git_dir: Path | None, work_tree: Path | None, *, asks: bool) -> dict[str, str]:
    if git_dir is None:
        return environment_of_remote({}, asks=asks)
    return environment_of_remote(environment_of_git(git_dir, work_tree, None), asks=asks)


def _read(process: "subprocess.Popen[bytes]", lines: Lines, silence: float) -> bytes:
    """The output, until both pipes are at their end or the process is."""
    assert process.stdout is not None
    assert process.stderr is not None
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output.extend)
        selector.register(process.stderr, selectors.EVENT_READ, lines.feed)
        heard = time.monotonic()
        while selector.get_map():
            ended = process.poll() is not None
            if _take(selector, 0 if ended else LOOK_SECONDS):
                heard = time.monotonic()
            elif ended:
                break
            elif time.monotonic() - heard > silence:
                raise TransportError(f"no answer in {silence:.0f} s", "try again")
    lines.end()
    process.wait()
    return bytes(output)


def _take(selector: selectors.BaseSelector, seconds: float) -> bool:
    """Whether something was there to read within some time."""
    ready = selector.select(seconds)
    for key, _ in ready:
        stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
        data = os.read(stream.fileno(), AT_ONCE)
        if data:
            key.data(data)
        else:
            selector.unregister(stream)
    return bool(ready)


def _end(process: "subprocess.Popen[bytes]", *, alone: bool) -> None:
    """Ends git, and the programs that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            if alone:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            pass
        return
