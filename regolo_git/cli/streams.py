"""The two streams: data on stdout, talk on stderr, and which of them takes colour.

NO_COLOR (any value) wins, then FORCE_COLOR and CLICOLOR_FORCE (any value but 0), then CLICOLOR=0, then what
the terminal is.
"""

import io
import os
import sys
from typing import TextIO

import click

ASCII_SIGNS = str.maketrans({"▲": "+", "▼": "-", "→": "->", "…": "...", "·": "-", "•": "*"})


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads or types there."""
    return stream.isatty()


def takes_colour(stream: TextIO) -> bool:
    """Whether escape sequences belong on this stream."""
    if os.environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        forced = os.environ.get(name)
        if forced:
            return forced != "0"
    if os.environ.get("CLICOLOR") == "0":
        return False
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def takes_symbols(stream: TextIO) -> bool:
    """Whether signs beyond ASCII belong on this stream: where a person looks, with a font for them."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    return is_terminal(stream) and encoding == "utf8" and os.environ.get("TERM") != "dumb"


def signs(text: str, stream: TextIO | None = None) -> str:
    """Our own signs as they are on a terminal, in ASCII elsewhere."""
    return text if takes_symbols(stream or sys.stdout) else text.translate(ASCII_SIGNS)


def paint(text: str, stream: TextIO, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """The text in colour, where the stream takes it."""
    if not text or not takes_colour(stream):
        return text
    return click.style(text, fg=fg, bold=bold or None, dim=dim or None)


def talk(text: str) -> None:
    """A line for the person who types."""
    click.echo(text, file=sys.stderr, color=True)


def talk_note(text: str) -> None:
    """A line on something that went well and that the person should know about."""
    talk(f"{paint('note:', sys.stderr, fg='yellow')} {text}")


def talk_next(step: str) -> None:
    """The command to type next, below what was done."""
    talk(f"  next    {step}")


def put(text: str) -> None:
    """A line of data."""
    click.echo(text, file=sys.stdout, color=True)


def never_fail_on_encoding() -> None:
    """Makes stdout escape what its encoding lacks: a name with an accent must not end a command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
