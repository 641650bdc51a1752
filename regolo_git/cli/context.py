"""What a command runs in: the command line as it was typed, and the repository that it works on."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regolo_git.registry.handle import Handle


@dataclass(slots=True)
class Invocation:
    """One run of the command line; `debug` shows where an error comes from."""

    debug: bool = False
    arguments: tuple[str, ...] = ()

    def again_with(self, option: str) -> str:
        """The same command line with one more option, as it can be typed."""
        end = self.arguments.index("--") if "--" in self.arguments else len(self.arguments)
        return shlex.join(["git", "regolo", *self.arguments[:end], option, *self.arguments[end:]])


@contextmanager
def open_handle(start: Path | None = None) -> "Iterator[Handle]":
    """The repository that holds `start` (the working directory, after `-C`), or that GIT_DIR names.

    Raises NotFound where there is none.
    """
    # The entry point imports this module, and `--version` must not pay for the registry.
    from regolo_git.registry.handle import Handle  # noqa: PLC0415

    handle = Handle.open(start or Path.cwd(), os.environ)
    try:
        yield handle
    finally:
        handle.close()
