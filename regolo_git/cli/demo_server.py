"""The server of the demo, which ends with it whatever happens, and the requests that it gets."""

import http.client
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from regolo_git.cli.streams import paint, talk
from regolo_git.errors import ServingError
from regolo_git.serving.local.child_process import die_with

STOP_SECONDS = 20.0
CALLERS = 4
# Enough for a few hundred requests each second, and the machine has other things to do.
PAUSE_SECONDS = 0.005
LOOK_SECONDS = 0.25
TRACEBACK = re.compile(r"w-[0-9a-f]+: (Traceback|\s)")


@contextmanager
def server(top: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """`git regolo serve` in a process of its own; gives its address, and stops it at the end.

    Its output is relayed.  Raises ServingError if it does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "regolo_git", "serve", *arguments],
        cwd=top,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the demo, which then stops it; if the demo is killed, the kernel does.
        start_new_session=True,
        preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - no thread is running yet
    )
    assert process.stdout is not None
    assert process.stderr is not None
    relay = threading.Thread(target=_relay, args=(process.stderr,), daemon=True)
    try:
        relay.start()
        address = process.stdout.readline().strip()
        if not address:
            raise ServingError("the server of the demo did not start")
        yield address
    finally:
        _stop(process)
        relay.join()
        process.stdout.close()


def _relay(stream: IO[str]) -> None:
    """Repeats what the server says: of the traceback of each failed request, its last line, once."""
    seen = set()
    with stream:
        for line in map(str.rstrip, stream):
            if line not in seen and not TRACEBACK.search(line):
                talk(paint(f"  server: {line}", sys.stderr, dim=True))
            seen.add(line)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    except KeyboardInterrupt:
        process.kill()
        raise
    finally:
        process.wait()


@dataclass
class Answers:
    """How many times each version answered, and how many times it failed."""

    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """`1.0 answered 900, 0 of them with an error; …`, or that nothing came."""
        parts = [
            f"{version} answered {count}, {self.failed[version]} of them with an error"
            for version, count in sorted(self.answered.items())
        ]
        return "; ".join(parts) or "nothing was answered"


def send_until(
    is_over: Callable[[], bool], url: str, inputs: Sequence[object], *, seconds: float
) -> Answers | None:
    """Sends inputs to a model, at random and from several callers, until it is over; None if it never is."""
    answers, stop, end = Answers(), threading.Event(), time.monotonic() + seconds
    bodies = [json.dumps({"inputs": [given]}) for given in inputs]
    callers = [threading.Thread(target=_call, args=(url, bodies, answers, stop)) for _ in range(CALLERS)]
    try:
        for caller in callers:
            caller.start()
        while not (over := is_over()) and time.monotonic() < end:
            time.sleep(LOOK_SECONDS)
    finally:
        stop.set()
        for caller in callers:
            if caller.is_alive():
                caller.join()
    return answers if over else None


def _call(url: str, bodies: Sequence[str], answers: Answers, stop: threading.Event) -> None:
    parts = urlsplit(url)
    assert parts.hostname is not None
    while not stop.is_set():
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        try:
            while not stop.wait(PAUSE_SECONDS):
                connection.request("POST", parts.path, random.choice(bodies))
                answer = connection.getresponse()
                answer.read()
                version = answer.getheader("x-model-version", "the gateway")
                answers.answered[version] += 1
                answers.failed[version] += answer.status >= 500
        except (OSError, http.client.HTTPException):
            # A gateway that goes closes its connections; the next one is another's.
            stop.wait(LOOK_SECONDS)
        finally:
            connection.close()
