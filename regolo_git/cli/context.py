"""What a command runs in: the command line as it was typed, and the repository that it works on."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regolo_git.cli.streams import talk_note

if TYPE_CHECKING:
    from pathlib import Path

    from regolo_git.registry.handle import Handle


class Invocation:
    """One run of the command line; `debug` shows where an error comes from."""

    def __init__(self, arguments: Sequence[str], *, debug: bool = False) -> None:
        self.arguments = list(arguments)
        self.debug = debug

    def again_with(self, option: str) -> str:
        """The same command line with one more option, as it can be typed."""
        end = self.arguments.index("--") if "--" in self.arguments else len(self.arguments)
        return shlex.join(["git", "regolo", *self.arguments[:end], option, *self.arguments[end:]])


@contextmanager
def open_handle(start: "Path | None" = None, *, quiet: bool = False) -> "Iterator[Handle]":
    """The repository that holds `start` (the working directory, after `-C`), or that GIT_DIR names.

    Its notices are printed when the work is done, so that they do not break a progress bar; not at all where
    it is to be `quiet`.  Raises NotFound where there is no repository.
    """
    # The entry point imports this module, and `--version` must be as quick as click itself.
    from pathlib import Path  # noqa: PLC0415

    from regolo_git.registry.handle import Handle  # noqa: PLC0415

    notices: list[str] = []
    handle = Handle.open(start or Path.cwd(), os.environ, notices.append)
    try:
        yield handle
    finally:
        handle.close()
        for notice in notices if not quiet else ():
            talk_note(notice)
