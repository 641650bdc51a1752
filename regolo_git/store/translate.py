"""Translates errors of the filesystem below a store."""

from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.errors import TransportError
from regolo_git.system_calls import NotOrdinary
from regolo_git.system_errors import hint_of, reason_of


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raises TransportError for an OSError of the store at `url`."""
    try:
        yield
    except OSError as error:
        place = _below(url, error)
        raise TransportError(
            f"the store '{url}' failed{place}: {reason_of(error)}", hint_of(error)
        ) from error


def _below(url: str, error: OSError) -> str:
    """Where below the store something is in the way."""
    blocked = isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError | NotOrdinary)
    named = error.filename if blocked and isinstance(error.filename, str) else ""
    return f" at '{named.removeprefix(url).strip('/')}'" if named.startswith(f"{url}/") else ""
