"""The way from a command to its repository."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regolo_git.registry.handle import Handle


@contextmanager
def open_handle(start: Path | None = None) -> Iterator[Handle]:
    """The repository that holds `start` (the working directory, after `-C`), or that GIT_DIR names.

    Raises NotFound where there is none.
    """
    handle = Handle.open(start or Path.cwd(), os.environ)
    try:
        yield handle
    finally:
        handle.close()
