"""Real processes of the command line, one of whose system calls fails or is its last.

strace counts the calls of a kind and, at the one that was asked for, kills the process or has the kernel say
that the disk is full: every instant at which something is on the disk and something else is not yet.
"""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support.program import Done, run_program

STRACE = shutil.which("strace")
# What changes a file, a directory or a lock; between two of these, the disk stays as it is.
CHANGING = (
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir",
    "fsync", "fdatasync", "ftruncate", "write", "pwrite64", "fchmod", "chmod", "utimensat", "flock", "execve",
)  # fmt: skip
CALL = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
PLACE = re.compile(r"<(/[^>]*)>|\"([^\"]*)\"")


@dataclass(frozen=True)
class Instant:
    """The `number`th call of a kind by any one thread of a command."""

    call: str
    number: int


def can_trace() -> bool:
    """Whether strace is there and may trace."""
    if STRACE is None:
        return False
    return (
        subprocess.run([STRACE, "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0
    )


def instants(top: Path, *arguments: str) -> list[Instant]:
    """The instants at which a command, which is run for this, changes something."""
    log = top.parent / "calls.log"
    done = _run(["-f", "-o", str(log), "-e", f"trace={','.join(CHANGING)}"], top, arguments)
    assert done.returncode == 0, done.stderr
    counted = Counter(CALL.findall(log.read_text()))
    most: dict[str, int] = {}
    for (_, call), count in counted.items():
        most[call] = max(most.get(call, 0), count)
    return [Instant(call, number) for call in sorted(most) for number in range(1, most[call] + 1)]


def calls_on_files(top: Path, calls: Sequence[str], *arguments: str) -> list[tuple[str, list[str]]]:
    """The calls of some kinds that succeed in a command, each with the paths of its arguments, in order."""
    log = top.parent / "calls.log"
    done = _run(["-f", "-y", "-z", "-o", str(log), "-e", f"trace={','.join(calls)}"], top, arguments)
    assert done.returncode == 0, done.stderr
    found = []
    for line in log.read_text().splitlines():
        call = CALL.match(line)
        if call is not None:
            found.append((call[2], [path for pair in PLACE.findall(line) for path in pair if path]))
    return found


def run_killed(top: Path, instant: Instant, *arguments: str) -> Done:
    """The same command, killed as it begins that call."""
    return _run(_injecting(instant, f"signal=KILL:when={instant.number}"), top, arguments)


def run_failing(top: Path, instant: Instant, error: str, *arguments: str) -> Done:
    """The same command, told by the system that this call failed, and all of its kind after it.

    Of the writes only this one: those to a pipe are among them, and what is said is looked at.
    """
    until = "" if instant.call == "write" else "+"
    return _run(_injecting(instant, f"error={error}:when={instant.number}{until}"), top, arguments)


def run_killed_at_path(top: Path, call: str, path: Path, *arguments: str) -> Done:
    """The same command, killed as it begins its first call of a kind on a path (of two, the first)."""
    return _run(_injecting_at_path(call, path, "signal=KILL:when=1"), top, arguments)


def run_failing_at_path(
    top: Path, call: str, path: Path, error: str, *arguments: str, always: bool = False
) -> Done:
    """The same command, told by the system that its first call of a kind on a path failed, or every one."""
    return _run(
        _injecting_at_path(call, path, f"error={error}:when={'1+' if always else '1'}"), top, arguments
    )


def _injecting_at_path(call: str, path: Path, what: str) -> list[str]:
    traced = ["-P", str(path), "-e", f"trace={call}"]
    return ["-f", "-o", os.devnull, *traced, "-e", f"inject={call}:{what}"]


def _injecting(instant: Instant, what: str) -> list[str]:
    return ["-f", "-o", os.devnull, "-e", f"trace={instant.call}", "-e", f"inject={instant.call}:{what}"]


def _run(options: list[str], top: Path, arguments: tuple[str, ...]) -> Done:
    tracer = [STRACE, *options] if options and STRACE else []
    return run_program(top, *arguments, under=tracer, PYTHONDONTWRITEBYTECODE="1")
