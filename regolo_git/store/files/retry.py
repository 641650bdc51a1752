"""Retries transient failures: the only place where that is done.

The libraries below are told not to retry, so that a request fails once: theirs multiply, and some go on for
minutes.  Each object has tries of its own.  After a while no more are begun, so that a server that is dead is
told within a minute: a request that hears nothing ends after SILENCE_SECONDS.  A server that has done nothing
yet for this process gets fewer tries: somebody waits, often for what another store has too.  One that was
just found to be unreachable gets a single try, because a command may open a store more than once.

A permanent failure becomes a RemoteError with the path of the object, whichever library raised it; a missing
file stays FileNotFoundError.
"""

import errno
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import count
from pathlib import Path
from typing import TypeVar

from regolo_git.forks import tell_in_child
from regolo_git.store.files.at_once import at_once
from regolo_git.store.files.contract import Data, Files, Properties, StoredFile, Writer
from regolo_git.store.files.ranges import read_by_spans
from regolo_git.store.foreign.failure import Failure, said_by
from regolo_git.store.translate import RemoteError, failure_of, remote_error
from regolo_git.system_calls import share_heaps
from regolo_git.text import logs
from regolo_git.text.times import seconds_text

Answer = TypeVar("Answer")
# How long a filesystem waits for a connection, and for the next bytes of one.
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 15.0
TRIES = 8
TRIES_AT_FIRST = 4  # until something has succeeded: less than two seconds of waiting
AWAY_SECONDS = 10.0  # how long a store that was unreachable gets a single try
# No try begins later: the last one then ends within a minute of the first.
PATIENCE_SECONDS = 40.0
FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS = 0.25, 8.0
# What libraries raise for an answer that they cannot make sense of.
UNFORESEEN = (EOFError, ValueError, LookupError, RuntimeError)
# Requests without a body cost little: more of them at once than `connections`, which is for bytes.
QUESTIONS_AT_ONCE = 16

_away: dict[str, float] = {}  # when a store was found to be unreachable, by its URL


class RetriedFiles:
    """Files that are opened when they are needed, again in a forked child, and again if the connection is."""

    def __init__(self, url: str, open_files: Callable[[], Files]) -> None:
        """Opens them at once.  Raises what `open_files` does, and RemoteError."""
        share_heaps()  # several threads hold whole answers
        self._url = url
        self._open = open_files
        self._lock = threading.Lock()
        self._opened: Files | None = None
        self._heard = False  # the server has done something, or said that a file is not there
        self._properties = self._retried("", lambda files: files.properties)
        tell_in_child(self)

    def after_fork(self) -> None:
        """See `Forked.after_fork`: a connection cannot be shared with the parent."""
        self._lock = threading.Lock()
        self._opened = None

    @property
    def url(self) -> str:
        """See `Files.url`."""
        return self._url

    @property
    def properties(self) -> Properties:
        """See `Files.properties`."""
        return self._opened.properties if self._opened is not None else self._properties

    def create_root(self, rights: int = 0) -> None:
        """See `Files.create_root`."""
        self._retried("", lambda files: files.create_root(rights))

    def writer(self) -> AbstractContextManager[Writer]:
        """See `Files.writer`."""
        return self._retried("", lambda files: files.writer())

    def put(self, path: str, data: Data) -> bool:
        """See `Files.put`."""
        return self._retried(path, lambda files: files.put(path, data))

    def write(self, path: str, data: Data) -> None:
        """See `Files.write`."""
        self._retried(path, lambda files: files.write(path, data))

    def create(self, path: str, data: Data) -> bool:
        """See `Files.create`.

        A file with these bytes that is there after a try that failed counts as created: that try did it.
        """
        tries = 0

        def create(files: Files) -> bool:
            nonlocal tries
            tries += 1
            if files.create(path, data):
                return True
            return tries > 1 and files.read_range(path, 0, len(data) + 1) == bytes(data)

        return self._retried(path, create)

    def settle(self) -> None:
        """See `Files.settle`."""
        self._retried("", lambda files: files.settle())

    def sizes(self, paths: Sequence[str]) -> list[int | None]:
        """See `Files.sizes`: each path has tries of its own."""
        return at_once(self._size_of, paths, QUESTIONS_AT_ONCE)

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return self._retried(path, lambda files: files.exists(path))

    def read_range(self, path: str, offset: int, length: int) -> bytes:
        """See `Files.read_range`."""
        return self._retried(path, lambda files: files.read_range(path, offset, length))

    def read_ranges(self, path: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """See `Files.read_ranges`: each request has tries of its own."""

        def read(span: tuple[int, int]) -> bytes:
            return self.read_range(path, *span)

        threads = self.properties.connections
        return read_by_spans(ranges, read, lambda read, spans: at_once(read, spans, threads))

    def read_into(self, path: str, view: memoryview) -> bool:
        """See `Files.read_into`."""
        return self._retried(path, lambda files: files.read_into(path, view))

    def move(self, path: str, to: str) -> None:
        """See `Files.move`; a try that failed may have done it."""
        tries = 0

        def move(files: Files) -> None:
            nonlocal tries
            tries += 1
            try:
                files.move(path, to)
            except FileNotFoundError:
                if tries == 1 or not files.exists(to):
                    raise

        self._retried(path, move)

    def remove(self, path: str) -> None:
        """See `Files.remove`."""
        self._retried(path, lambda files: files.remove(path))

    def walk(self, directory: str) -> Iterator[StoredFile]:
        """See `Files.walk`."""
        return iter(self._retried(directory, lambda files: list(files.walk(directory))))

    def names(self, directory: str) -> Iterator[str]:
        """See `Files.names`."""
        return iter(self._retried(directory, lambda files: list(files.names(directory))))

    def scratch_directory(self) -> Path | None:
        """See `Files.scratch_directory`."""
        return self._retried("", lambda files: files.scratch_directory())

    def stale_temporaries(self) -> Iterator[StoredFile]:
        """See `Files.stale_temporaries`."""
        return iter(self._retried("", lambda files: list(files.stale_temporaries())))

    def _size_of(self, path: str) -> int | None:
        return self._retried(path, lambda files: files.sizes([path]))[0]

    # -- tries --------------------------------------------------------------------------------------------

    def _retried(self, path: str, call: Callable[[Files], Answer]) -> Answer:
        """What a call on the files answers.  Raises FileNotFoundError or another OSError."""
        end = time.monotonic() + PATIENCE_SECONDS
        for number in count(1):
            files = self._opened
            try:
                files = files or self._files()
                answer = call(files)
                if path:  # without one, there may have been no request
                    self._is_there()
            except FileNotFoundError as error:
                failure = failure_of(error)
                if failure is None:  # a library may have put more than the path in it
                    self._is_there()
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
            except Exception as error:
                failure = _failure(error)
                if failure is None:
                    raise
            else:
                return answer
            if failure.lost:
                self._forget(files)
            wait = _wait_after(number)
            if not failure.passing or number >= self._tries() or time.monotonic() + wait > end:
                raise self._given_up(failure, path) from None
            logs.info("trying again in %s s: %s", seconds_text(wait), str(remote_error(failure, path)))
            time.sleep(wait)
        raise AssertionError  # count has no end

    def _is_there(self) -> None:
        self._heard = True
        _away.pop(self._url, None)

    def _tries(self) -> int:
        if self._heard:
            return TRIES
        since = _away.get(self._url)
        return 1 if since is not None and time.monotonic() < since + AWAY_SECONDS else TRIES_AT_FIRST

    def _given_up(self, failure: Failure, path: str) -> RemoteError:
        if failure.passing and not self._heard:
            _away[self._url] = time.monotonic()
        return remote_error(failure, path)

    def _files(self) -> Files:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def _forget(self, files: Files | None) -> None:
        """Has the files opened again, unless another thread did."""
        with self._lock:
            if self._opened is files:
                self._opened = None


def _failure(error: Exception) -> Failure | None:
    """What a filesystem failed of; None for words of the system's or ours, and for a mistake of a program."""
    if isinstance(error, RemoteError):
        return error.failure
    return failure_of(error) or (Failure(said_by(error)) if isinstance(error, UNFORESEEN) else None)


def _wait_after(tries: int) -> float:
    """How long to wait before the next try: longer each time, and not as long as others who wait."""
    longest: float = FIRST_WAIT_SECONDS * 2 ** (tries - 1)
    return min(longest, LAST_WAIT_SECONDS) * random.uniform(0.5, 1)
