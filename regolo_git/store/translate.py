"""Translates errors of the filesystem below a store."""

from collections.abc import Iterator
from contextlib import contextmanager

from regolo_git.errors import TransportError
from regolo_git.system_errors import hint_of, reason_of


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raises TransportError for an OSError of the store at `url`."""
    try:
        yield
    except OSError as error:
        raise TransportError(f"the store '{url}' failed: {reason_of(error)}", hint_of(error)) from error
