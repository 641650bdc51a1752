"""The context of a command: the command line as typed, and the repository it works on."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from regolo_git.cli.streams import talk_note
from regolo_git.errors import Conflict

if TYPE_CHECKING:
    from pathlib import Path

    from regolo_git.registry.handle import Handle


class Cancelled(Conflict):
    """The user declined a confirmation; reported without `error:`."""


class Invocation:
    """One run of the command line; `debug` asks for tracebacks."""

    def __init__(self, arguments: Sequence[str], *, debug: bool = False) -> None:
        self.arguments = list(arguments)
        self.debug = debug

    def again_with(self, *words: str) -> str:
        """The same command line with more options or arguments, quoted for a shell."""
        end = self.arguments.index("--") if "--" in self.arguments else len(self.arguments)
        return shlex.join(["git", "regolo", *self.arguments[:end], *words, *self.arguments[end:]])

    def corrected(self, wrong: str, right: str) -> str | None:
        """The same command line with a name corrected, as in `wrong@1.0`; None if no argument has it."""
        for at, word in enumerate(self.arguments[1:], start=1):
            before, found, after = word.partition(wrong)
            if found and (not before or before.endswith(":")) and (not after or after.startswith("@")):
                words = [*self.arguments[:at], f"{before}{right}{after}", *self.arguments[at + 1 :]]
                return shlex.join(["git", "regolo", *words])
        return None


@contextmanager
def open_handle(start: "Path | None" = None, *, quiet: bool = False) -> "Iterator[Handle]":
    """Opens the repository that contains `start` (default: the working directory) or that GIT_DIR names.

    Prints its notices at the end, so that they do not break a progress bar, unless `quiet`.  Raises NotFound
    outside a repository.
    """
    # `cli.main` imports this module, and `--version` must be as fast as click itself.
    from pathlib import Path  # noqa: PLC0415

    from regolo_git.registry.handle import Handle  # noqa: PLC0415

    notices: list[str] = []
    handle = Handle.open(start or Path.cwd(), os.environ, notices.append)
    handle.reports_late = True
    try:
        yield handle
        # The result may be printed only after this block.
        context = click.get_current_context(silent=True)
        if context is not None:
            context.call_on_close(handle.reported)
    finally:
        handle.close()
        for notice in notices if not quiet else ():
            talk_note(notice)
