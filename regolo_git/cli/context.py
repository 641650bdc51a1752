"""What a command runs in: the command line as it was typed, and the repository that it works on."""

import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

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
def open_handle(start: "Path | None" = None) -> "Iterator[Handle]":
    """The repository that holds `start` (the working directory, after `-C`), or that GIT_DIR names.

    Raises NotFound where there is none.
    """
    # The entry point imports this module, and `--version` must be as quick as click itself.
    from pathlib import Path  # noqa: PLC0415

    from regolo_git.registry.handle import Handle  # noqa: PLC0415

    handle = Handle.open(start or Path.cwd(), os.environ)
    try:
        yield handle
    finally:
        handle.close()
