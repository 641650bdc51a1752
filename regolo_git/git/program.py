"""Runs the `git` program for what the library cannot do.

That is writing an index, reading `git -c` settings, and reading a long history fast; talking to remotes is in
`remote/process.py`.  Most commands start no process, so what starting one needs is imported then.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regolo_git.errors import Conflict, RegoloError, TransportError
from regolo_git.forks import no_fork
from regolo_git.git.environment import environment_of_git, git_program
from regolo_git.git.lock import held_lock
from regolo_git.git.translate import is_full
from regolo_git.system_errors import DISK_FULL, FREE_SPACE
from regolo_git.text import logs

if TYPE_CHECKING:
    import subprocess


PROMISED = "from promisor remote"  # git could not fetch what a partial clone lacks
FETCH_ALL = "git fetch --refetch --no-filter"
READERS = ("log", "rev-list")  # the commands of `git_lines`
NOTHING_ELSE: Mapping[str, str] = {}


def run_git(
    git_dir: Path,
    work_tree: Path | None,
    *arguments: str,
    given: bytes = b"",
    index: Path | None = None,
    also: Mapping[str, str] = NOTHING_ELSE,
) -> bytes:
    """Runs a git command and returns its output.

    It can use another `index` than the work tree's, and further environment variables (`also`).  Raises
    Conflict with git's message if the command fails, TransportError if the disk is full.
    """
    done = _run(git_dir, work_tree, arguments, given, index, also)
    if done.returncode != 0:
        raise _failure(arguments[0], done)
    return done.stdout


class Answer(NamedTuple):
    """The exit status of a git command, its output, and its messages without the hints, on one line."""

    status: int
    output: bytes
    words: str


def try_git(
    git_dir: Path,
    work_tree: Path | None,
    *arguments: str,
    given: bytes = b"",
    also: Mapping[str, str] = NOTHING_ELSE,
) -> Answer:
    """Runs a git command whose failure the caller explains in git's own words.

    Raises TransportError if the disk is full.
    """
    done = _run(git_dir, work_tree, arguments, given, None, also)
    words = done.stderr.decode(errors="replace")
    if done.returncode != 0 and is_full(words):
        raise TransportError(f"git {arguments[0]}: {DISK_FULL}", FREE_SPACE)
    lines = (line.strip() for line in words.splitlines())
    told = "; ".join(line for line in lines if line and not line.startswith("hint:"))
    return Answer(done.returncode, done.stdout, told)


def ask_git(git_dir: Path, work_tree: Path, *arguments: str) -> bool:
    """Runs a git command that exits with 0 for yes and 1 for no.  Raises like `run_git` otherwise."""
    done = _run(git_dir, work_tree, arguments)
    if done.returncode not in (0, 1):
        raise _failure(arguments[0], done)
    return done.returncode == 0


def git_lines(git_dir: Path, *arguments: str) -> Generator[str, None, None]:
    """The lines that a git command prints, as they come; closing the iterator ends the command.

    Raises Conflict with git's message if the command fails.
    """
    import subprocess  # noqa: PLC0415 - see the module's docstring

    with no_fork():
        process = subprocess.Popen(
            [git_program(), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment_of_git(git_dir, None, None),
            cwd=git_dir,
        )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                yield line.decode("utf-8", "surrogateescape").removesuffix("\n")
        except GeneratorExit:
            process.kill()
            raise
        message = process.stderr.read()
    if process.returncode != 0:
        done = subprocess.CompletedProcess(arguments, process.returncode, b"", message)
        raise _failure(next(name for name in arguments if name in READERS), done)


def _run(
    git_dir: Path,
    work_tree: Path | None,
    arguments: tuple[str, ...],
    given: bytes = b"",
    index: Path | None = None,
    also: Mapping[str, str] = NOTHING_ELSE,
) -> "subprocess.CompletedProcess[bytes]":
    import subprocess  # noqa: PLC0415 - see the module's docstring

    with given_input(given) as stdin:
        with no_fork():
            process = subprocess.Popen(
                [git_program(), *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**environment_of_git(git_dir, work_tree, index), **also},
                cwd=work_tree or git_dir,
                pass_fds=held_lock(),
            )
        with process:
            try:
                output, messages = process.communicate()
            except BaseException:
                process.kill()
                raise
    logs.debug("git %s: exit status %s", _command_of(arguments), process.returncode)
    return subprocess.CompletedProcess(arguments, process.returncode, output, messages)


def _command_of(arguments: Sequence[str]) -> str:
    """The name of the command, without settings and arguments, which may have an address with a password."""
    pairs = zip(("", *arguments), arguments, strict=False)
    return next((word for before, word in pairs if before != "-c" and not word.startswith("-")), "")


@contextmanager
def given_input(given: bytes) -> Iterator[int]:
    """A file with the input.  A child forked meanwhile would keep a pipe open, and git wait for its end."""
    import subprocess  # noqa: PLC0415 - see the module's docstring
    import tempfile  # noqa: PLC0415 - see the module's docstring

    if not given:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(given)
        file.seek(0)
        yield file.fileno()


def _failure(command: str, done: "subprocess.CompletedProcess[bytes]") -> RegoloError:
    lines = done.stderr.decode(errors="replace").strip().split("\n")
    message = lines[0].rstrip(".")
    if is_full(message):
        return TransportError(f"git {command}: {DISK_FULL}", FREE_SPACE)
    if PROMISED in lines[-1]:
        return TransportError(f"git {command}: {lines[-1].removeprefix('fatal: ')} ({message})", FETCH_ALL)
    return Conflict(f"git {command}: {message}", "try again when no other git command is running here")
