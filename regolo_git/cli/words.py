"""Values as people read them: times in their zone, names without addresses, one line, signs that fit."""

import sys
from datetime import UTC, datetime
from typing import TextIO

from regolo_git.cli.streams import takes_symbols
from regolo_git.records.names import printable

ASCII_SIGNS = str.maketrans({"▲": "+", "▼": "-", "→": "->", "…": "...", "·": "-", "•": "*"})


def local_time(when: datetime) -> str:
    """A time in the reader's zone."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def utc_time(when: datetime) -> str:
    """A time for programs: ISO 8601 in UTC."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def person(who: str) -> str:
    """The name alone of `Ada Byron <ada@example.com>`."""
    return who.partition(" <")[0] or who


def short(oid: str) -> str:
    """The first digits of a commit, as git shows them."""
    return oid[:10]


def one_line(text: str) -> str:
    """Somebody's text on one line, with nothing in it that could steer a terminal or split a field."""
    return text if text.isprintable() else printable(" ".join(text.split()))


def signs(text: str, stream: TextIO | None = None) -> str:
    """Our own signs as they are on a terminal, in ASCII elsewhere."""
    return text if takes_symbols(stream or sys.stdout) else text.translate(ASCII_SIGNS)


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
