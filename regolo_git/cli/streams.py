"""The two streams, results on stdout and messages on stderr, and whether each supports colour.

Everything that the command line prints leaves here (rich, which draws tables, gets the same text): whatever
could control a terminal is made visible, except for the styles that `paint` adds.

NO_COLOR (any value) wins, then FORCE_COLOR and CLICOLOR_FORCE (any value but 0), then CLICOLOR=0, then the
kind of terminal.
"""

import io
import os
import sys
from typing import TextIO

import click

from regolo_git.text.printable import without_controls

QUIET = "regolo_git.quiet"
NO_PAGER = "regolo_git.no_pager"
ESCAPE = "\x1b["
# How `paint` writes a style until it is printed: nobody else's text can have it.
STYLE = f"\0{os.urandom(8).hex()}["
ASCII_SIGNS = str.maketrans({"▲": "+", "▼": "-", "→": "->", "…": "...", "·": "-", "•": "*", "±": "+-"})


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal."""
    return stream.isatty()


def takes_colour(stream: TextIO) -> bool:
    """Whether escape sequences may be written to this stream."""
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
    """Whether symbols beyond ASCII may be written to this stream: on a UTF-8 terminal."""
    encoding = (stream.encoding or "").lower().replace("-", "")
    return is_terminal(stream) and encoding == "utf8" and os.environ.get("TERM") != "dumb"


def signs(text: str, stream: TextIO | None = None) -> str:
    """Replaces symbols by ASCII unless the stream supports them."""
    if text.isascii() or takes_symbols(stream or sys.stdout):
        return text
    return text.translate(ASCII_SIGNS)


def paint(text: str, stream: TextIO, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """Adds colour if the stream supports it."""
    if not text or not takes_colour(stream):
        return text
    start, end = click.style("|", fg=fg, bold=bold or None, dim=dim or None).split("|")
    return f"{start.replace(ESCAPE, STYLE)}{text}{end.replace(ESCAPE, STYLE)}"


def visible(text: str) -> str:
    """The text as it may be printed: control characters escaped, the styles of `paint` as they are."""
    first, *others = text.split(STYLE)
    styled = (rest.partition("m") for rest in others)
    return without_controls(first) + "".join(
        f"{ESCAPE}{style}m{without_controls(rest)}" for style, _, rest in styled
    )


def be_quiet(ctx: click.Context) -> None:
    """Suppresses the messages of a command: `-q`."""
    ctx.meta[QUIET] = True


def is_quiet() -> bool:
    """Whether the running command suppresses messages."""
    ctx = click.get_current_context(silent=True)
    return ctx is not None and bool(ctx.meta.get(QUIET))


def no_pager(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    """Has the pages of a command line printed as they are: `--no-pager`."""
    if value:
        ctx.meta[NO_PAGER] = True


def may_page() -> bool:
    """Whether a page that is too long may go to a pager: on a terminal, unless `--no-pager` was given."""
    ctx = click.get_current_context(silent=True)
    return is_terminal(sys.stdout) and not (ctx is not None and ctx.meta.get(NO_PAGER))


def talk(text: str) -> None:
    """Prints a message on stderr, unless the command is quiet."""
    if not is_quiet():
        warn(text)


def warn(text: str) -> None:
    """Prints on stderr what a quiet command prints too: notes and errors.

    Further lines are indented, so that none looks like another message.
    """
    talk_block(text.replace("\n", "\n  "))


def talk_block(text: str) -> None:
    """Prints lines on stderr as they are."""
    click.echo(visible(text), file=sys.stderr, color=True)


def talk_note(text: str) -> None:
    """Prints a note about something that succeeded but deserves attention."""
    warn(f"{paint('note:', sys.stderr, fg='yellow')} {text}")


def talk_next(step: str) -> None:
    """Prints the suggested next command."""
    talk(f"  next    {step}")


def talk_on_line(text: str) -> None:
    """Writes over the present line of stderr, which is a terminal."""
    click.echo(f"\r{ESCAPE}K{visible(text)}", file=sys.stderr, nl=False, color=True)


def clear_line() -> None:
    """Clears the present line of stderr, which is a terminal."""
    click.echo(f"\r{ESCAPE}K", file=sys.stderr, nl=False, color=True)


def put(text: str) -> None:
    """Prints a line of results on stdout."""
    click.echo(visible(text), file=sys.stdout, color=True)


def clear_screen() -> None:
    """Clears the terminal."""
    click.echo(f"{ESCAPE}H{ESCAPE}2J", nl=False)


def never_fail_on_encoding() -> None:
    """Makes stdout escape characters that its encoding lacks, rather than fail."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
