"""The opcodes that push plain values: numbers, texts and bytes."""

import codecs
from collections.abc import Callable

from regolo_git.layouts.pickles.content import Broken, Budget
from regolo_git.layouts.pickles.cursor import LINE_LIMIT, Cursor
from regolo_git.layouts.pickles.stack import Stack
from regolo_git.layouts.pickles.values import OPAQUE, TEXT_LIMIT

INSIDE_LIMIT = 1 << 24  # bytes of a value that are looked at for a pickle inside
STOP = 0x2E
NUMBER = b" \t\r\x0b\x0c0123456789abcdefABCDEFxXoO_+-L"
BLANKS = b" \t\r\x0b\x0c"


class Literals(Stack):
    """A stack with the values that a cursor spells out."""

    def __init__(self, cursor: Cursor, budget: Budget, examine: Callable[[bytes], None]) -> None:
        super().__init__()
        self._cursor, self._budget, self._examine = cursor, budget, examine

    def opaque(self, width: int = 0) -> None:
        """A value whose content cannot matter, in the next `width` bytes."""
        self._cursor.skip(width)
        self.push(OPAQUE)

    def opaque_line(self) -> None:
        """One that ends with its line."""
        self._cursor.line()
        self.push(OPAQUE)

    def small(self, width: int) -> None:
        """An integer of `width` bytes."""
        self.push(int.from_bytes(self._cursor.take(width), "little", signed=width == 4))

    def integer(self) -> None:
        """An integer, or a truth value, on a line."""
        line = self._cursor.line()
        if line.strip(NUMBER):
            raise Broken("a number of it is not valid")
        try:
            self.push(int(line, 0) if len(line) < 20 else OPAQUE)
        except ValueError:
            self.push(OPAQUE)  # `01` is True

    def long_integer(self, width: int) -> None:
        """An integer, after the number of its bytes."""
        count = self._cursor.number(width)
        if count <= 16:
            self.push(int.from_bytes(self._cursor.take(count), "little", signed=True))
        else:
            self.opaque(count)

    def text(self, data: bytes, encoding: str = "utf-8") -> None:
        """A text, which may be a name."""
        try:
            text = data.decode(encoding, "surrogatepass" if encoding == "utf-8" else "strict")
        except UnicodeDecodeError as error:
            raise Broken("a text of it is not valid") from error
        if data[-1:] == b"." or data[:2] == b"\xc2\x80":
            self._look_inside(text.encode("latin-1", "replace"))
        self._hold(text)

    def old_text(self, data: bytes) -> None:
        """A string of Python 2: text, or bytes if the loader asks for them."""
        self._look_inside(data)
        self._hold(data.decode("latin-1"))

    def _hold(self, text: str) -> None:
        if len(text) > TEXT_LIMIT:
            self.push(OPAQUE)
            return
        self._budget.spend_text(len(text))
        self.push(text)

    def sized(self, width: int, take: Callable[[bytes], None]) -> None:
        """Hands the content that follows its own length to `take`; of a long one only the start is read."""
        count = self._cursor.number(width)
        data = self._cursor.take(min(count, INSIDE_LIMIT))
        if count == len(data):
            take(data)
        else:
            self._cursor.skip(count - len(data))
            self.byte_string(data)

    def byte_string(self, data: bytes) -> None:
        """Bytes, which cannot be a name."""
        self._look_inside(data)
        self.push(OPAQUE)

    def _look_inside(self, data: bytes) -> None:
        if len(data) > 2 and (data[-1] == STOP or data[0] == 0x80):
            self._examine(data)

    def line_text(self) -> None:
        """A text on a line."""
        line = self._cursor.line()
        if len(line) > LINE_LIMIT:
            self.byte_string(line)
        else:
            self.text(line, "raw-unicode-escape")

    def quoted(self) -> None:
        """A string of Python 2 on a line."""
        line = self._cursor.line()
        if len(line) > LINE_LIMIT:
            self.byte_string(line)
            return
        data = line.strip(BLANKS)
        if len(data) < 2 or data[0] != data[-1] or data[:1] not in (b'"', b"'"):
            raise Broken("a string of it lacks its quotes")
        try:
            self.old_text(codecs.escape_decode(data[1:-1])[0])
        except ValueError as error:
            raise Broken("a string of it is not valid") from error
