"""The way from a command to its repository."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regolo_git.repository.repository import Repository


@contextmanager
def open_repository() -> Iterator[Repository]:
    """The repository that holds the working directory (after `-C`), or that GIT_DIR names.

    Raises NotFound where there is none.
    """
    repository = Repository.open(Path.cwd(), os.environ)
    try:
        yield repository
    finally:
        repository.close()
