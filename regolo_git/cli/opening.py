"""The way from a command to its repository."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regolo_git.repository.repository import Repository


@contextmanager
def open_repository(start: Path | None = None) -> Iterator[Repository]:
    """The repository that holds `start` (the working directory, after `-C`), or that GIT_DIR names.

    Raises NotFound where there is none.
    """
    repository = Repository.open(start or Path.cwd(), os.environ)
    try:
        yield repository
    finally:
        repository.close()
