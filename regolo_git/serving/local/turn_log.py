"""What a worker has begun and is busy with, in memory that it shares with the gateways.

A worker is in the middle of a prediction, or killed, just when somebody needs to know which requests it has
begun.  So it writes the number of each request down before it calls the model, in a file that it and the
gateways have mapped; a mapping survives the process and the removal of the file.

A gateway takes a request back by writing its number there too.  Of the worker that begins and then looks for
the number, and the gateway that writes it and then looks whether the request was begun, at least one sees the
other: no request is lost between them, and none is predicted twice.

    count of begun requests; start of the current turn, or 0; the shorter of the last two turns (nanoseconds),
    or STREAMING;
    how many requests it predicts at once: 0 for one, 1 for any number (a coroutine), else that many, joined
    the last ROOM begun numbers, each at the place of its count
    numbers that were taken back, each at the place of its remainder by ROOM

Every request reads and writes it, so both are kept to a few calls.
"""

import mmap
import os
import time
from pathlib import Path
from struct import Struct
from typing import NamedTuple, Self

NAME = "turns"
ROOM = 4096
NUMBER = Struct("<Q")
STATE = Struct("<QQQQ")
TURN = Struct("<QQ")
ONE, ANY = 0, 1
# In place of the shorter of the last two turns, while the model answers piece by piece.
STREAMING = (1 << 64) - 1
COUNT, STARTED, _, AT_ONCE, BEGUN, TAKEN_BACK = (NUMBER.size * place for place in (0, 1, 2, 3, 4, 4 + ROOM))
SIZE = TAKEN_BACK + NUMBER.size * ROOM


class State(NamedTuple):
    """What a worker says of itself; see the layout above."""

    begun: int
    started: int
    last_turn: int
    at_once: int

    @property
    def awaits(self) -> bool:
        """Whether the model is a coroutine, so that it predicts any number of requests at once."""
        return self.at_once == ANY

    @property
    def is_streaming(self) -> bool:
        """Whether the model answers one request piece by piece; it is busy while it makes a piece."""
        return self.last_turn == STREAMING

    @property
    def busy_seconds(self) -> float:
        """For how long the worker has been in the current turn; 0 if it is in none."""
        return (time.monotonic_ns() - self.started) / 1e9 if self.started else 0.0


class TurnLog:
    """The log of one worker; times are those of the machine's monotonic clock."""

    def __init__(self, mapped: mmap.mmap) -> None:
        self._mapped = mapped
        self._count = 0
        self._started = 0
        self._last_turn = 0

    @classmethod
    def create(cls, directory: Path) -> Self:
        """An empty log in a worker's directory, for the worker."""
        # Written, not only sized: on a full disk, filling a hole of a mapped file kills the process.
        handle = os.open(directory / NAME, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, bytes(SIZE))
            return cls(mmap.mmap(handle, SIZE))
        finally:
            os.close(handle)

    @classmethod
    def of_worker(cls, directory: Path) -> Self | None:
        """The log of the worker in a directory; None if it has none, being of an older release."""
        try:
            with (directory / NAME).open("r+b") as file:
                return cls(mmap.mmap(file.fileno(), SIZE))
        except (OSError, ValueError):
            return None

    def _read(self, place: int) -> int:
        return int(NUMBER.unpack_from(self._mapped, place)[0])

    # -- the worker ---------------------------------------------------------------------------------------

    def allow_any(self) -> None:
        """Notes that the model is a coroutine."""
        NUMBER.pack_into(self._mapped, AT_ONCE, ANY)

    def allow_joined(self, most: int) -> None:
        """Notes that up to `most` requests, at least two, are predicted in one call."""
        NUMBER.pack_into(self._mapped, AT_ONCE, most)

    def begin(self, request: int) -> bool:
        """Notes that a request is about to be predicted; False if it was taken back, and must not be."""
        NUMBER.pack_into(self._mapped, BEGUN + NUMBER.size * (self._count % ROOM), request)
        self._count += 1
        NUMBER.pack_into(self._mapped, COUNT, self._count)
        return self._read(_place_of(request)) != request

    def start_turn(self) -> None:
        """Notes that the worker is busy from now on."""
        self._started = time.monotonic_ns()
        NUMBER.pack_into(self._mapped, STARTED, self._started)

    def end_turn(self) -> float:
        """Notes that the worker is no longer busy; returns the shorter of the last two turns in seconds."""
        took = time.monotonic_ns() - self._started
        # On a busy machine a turn is interrupted now and then; two in a row take long because they do.
        shorter = min(took, self._last_turn)
        TURN.pack_into(self._mapped, STARTED, 0, shorter)
        self._last_turn = took
        return shorter / 1e9

    def pause_stream(self) -> None:
        """Notes that a piece of an answer is there; the next one begins by `start_turn`."""
        TURN.pack_into(self._mapped, STARTED, 0, STREAMING)

    def end_stream(self, seconds: float) -> float:
        """Notes the end of an answer whose pieces took that long; returns the same as `end_turn`."""
        self._started = time.monotonic_ns() - int(seconds * 1e9)
        return self.end_turn()

    # -- the gateway --------------------------------------------------------------------------------------

    def state(self) -> State:
        """What the worker says of itself now."""
        return State(*STATE.unpack_from(self._mapped, 0))

    @property
    def begun(self) -> int:
        """How many requests were begun so far."""
        return self._read(COUNT)

    def has_room(self, held: int, quick: int, stuck: int) -> bool:
        """Whether a worker that holds some requests is to be sent more; times in nanoseconds.

        Its turns are shorter than `quick`, and the current one is not yet longer than `stuck`.  One that
        joins requests is sent those of its next call ahead, unless its turns come near to `stuck`: then it is
        sent as many as one call takes, between two turns.
        """
        _, started, last_turn, at_once = STATE.unpack_from(self._mapped, 0)
        if at_once == ANY:
            return True
        if last_turn == STREAMING:
            return False
        is_unstuck = not started or time.monotonic_ns() - started < stuck
        if at_once == ONE:
            return bool(last_turn < quick and is_unstuck)
        if last_turn < stuck - quick:
            return bool(is_unstuck and held < 2 * at_once)
        return bool(not started and held < at_once)

    def has_begun(self, request: int, since: int) -> bool:
        """Whether a request was begun after the first `since`; True if that is no longer known."""
        count = self._read(COUNT)
        return count - since > ROOM or any(
            self._read(BEGUN + NUMBER.size * (number % ROOM)) == request for number in range(since, count)
        )

    def take_back(self, request: int, since: int) -> bool:
        """Takes a request back from the worker; False if it may have begun it."""
        NUMBER.pack_into(self._mapped, _place_of(request), request)
        return not self.has_begun(request, since)

    def close(self) -> None:
        """Unmaps the file."""
        self._mapped.close()


def _place_of(request: int) -> int:
    return TAKEN_BACK + NUMBER.size * (request % ROOM)
