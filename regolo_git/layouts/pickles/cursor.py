"""Reads content byte by byte."""

from regolo_git.layouts.pickles.content import Ended, GivesUp, Stream

BLOCK = 1 << 16
TAKE_LIMIT = 1 << 24  # bytes held at once; longer content is skipped over
LINE_LIMIT = 1 << 16


class Cursor:
    """Reads a stream byte by byte; `held` is its buffer and `at` the place there.

    Every read raises Ended past the end.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.held = b""
        self.at = 0
        self._before = 0  # the position of the buffer in the stream

    @property
    def position(self) -> int:
        """The offset from the start of the stream, in bytes."""
        return self._before + self.at

    def at_end(self) -> bool:
        """Whether nothing follows."""
        return self.at >= len(self.held) and not self._refill()

    def byte(self) -> int:
        """The next byte."""
        if self.at >= len(self.held) and not self._refill():
            raise Ended
        value = self.held[self.at]
        self.at += 1
        return value

    def take(self, count: int) -> bytes:
        """The next `count` bytes, at most `TAKE_LIMIT`."""
        if count > TAKE_LIMIT:
            raise GivesUp("a part of it is too long")
        end = self.at + count
        if end <= len(self.held):
            data = self.held[self.at : end]
            self.at = end
            return data
        parts = [self.held[self.at :]]
        missing = count - len(parts[0])
        self._before += len(self.held)
        more = self._stream.read(missing)
        self.held, self.at = b"", 0
        self._before += len(more)
        if len(more) < missing:
            raise Ended
        return parts[0] + more

    def skip(self, count: int) -> None:
        """Skips the next `count` bytes."""
        inside = min(count, len(self.held) - self.at)
        self.at += inside
        if count > inside:
            self._stream.skip(count - inside)
            self._before += len(self.held) + count - inside
            self.held, self.at = b"", 0

    def line(self) -> bytes:
        """The bytes up to the next line break, without it; of a longer line, `LINE_LIMIT` and one.

        Python's own unpickler takes what is left for a line, and drops its last byte; so does this.
        """
        line = b""
        while (end := self.held.find(b"\n", self.at)) < 0:
            line += self.held[self.at : self.at + LINE_LIMIT + 1 - len(line)]
            if not self._refill():
                if not line:
                    raise Ended
                return line[:-1]
        line += self.held[self.at : min(end, self.at + LINE_LIMIT + 1 - len(line))]
        self.at = end + 1
        return line

    def number(self, width: int) -> int:
        """The next `width` bytes as an unsigned integer, the lowest byte first."""
        return int.from_bytes(self.take(width), "little")

    def _refill(self) -> bool:
        self._before += len(self.held)
        self.held, self.at = self._stream.read(BLOCK), 0
        return bool(self.held)
