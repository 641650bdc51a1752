"""Translates the errors of the filesystem under a store.

Libraries raise errors of their own; `failure_of` reads them by the name of the library, which is imported
only where a store uses it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regolo_git.errors import TransportError
from regolo_git.system_calls import NotOrdinary
from regolo_git.system_errors import hint_of, reason_of

if TYPE_CHECKING:  # they are needed only where something fails
    from regolo_git.store.foreign.failure import Failure

CAUSES_LIMIT = 5
# Whatever else one of these raises is about the store too.
LIBRARIES = ("fsspec", "s3fs", "sshfs", "yarl")


class RemoteError(OSError):
    """A store that failed, with the way out, and the path of the file at which it did."""

    def __init__(self, failure: "Failure", path: str = "") -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.path = path


class AccessDenied(RemoteError, PermissionError):
    """A store that did not allow it, or that did not accept the credentials."""


def remote_error(failure: "Failure", path: str = "") -> RemoteError:
    """The error of a failure."""
    return (AccessDenied if failure.denied else RemoteError)(failure, path)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raises TransportError for an OSError of the store at `url`, or an error of a library behind it."""
    try:
        yield
    except RemoteError as error:
        raise _transport_error(url, error) from error
    except OSError as error:
        failure = failure_of(error)
        if failure is not None:
            raise _transport_error(url, remote_error(failure)) from None
        raise TransportError(
            f"the store '{url}' failed{_below(url, error)}: {reason_of(error)}", hint_of(error)
        ) from error
    except Exception as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise _transport_error(url, remote_error(failure)) from None


def failure_of(error: BaseException) -> "Failure | None":
    """What a library or a connection failed of.

    None for other errors, and for an OSError that is clear by itself, such as that of a missing file.
    """
    from regolo_git.store.foreign.aws import ELSEWHERE, aws_failure  # noqa: PLC0415
    from regolo_git.store.foreign.azure import azure_failure  # noqa: PLC0415
    from regolo_git.store.foreign.connection import connection_failure  # noqa: PLC0415
    from regolo_git.store.foreign.failure import Failure, said_by  # noqa: PLC0415
    from regolo_git.store.foreign.google import google_failure, requests_failure  # noqa: PLC0415
    from regolo_git.store.foreign.ssh import ssh_failure  # noqa: PLC0415
    from regolo_git.store.foreign.web import web_failure  # noqa: PLC0415

    readers = {
        "botocore": aws_failure,
        "aiobotocore": aws_failure,
        "aiohttp": web_failure,
        "asyncssh": ssh_failure,
        "azure": azure_failure,
        "gcsfs": google_failure,
        "google": google_failure,
        "requests": requests_failure,
    }
    for cause in _causes(error):
        if isinstance(cause, RecursionError):  # botocore follows redirects to other regions without an end
            return ELSEWHERE
        read = readers.get(_library(cause))
        if read is not None:
            return read(cause)
    found = connection_failure(error) if isinstance(error, OSError | EOFError) else None
    return found or (Failure(said_by(error)) if _library(error) in LIBRARIES else None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and those that led to it; s3fs and others raise an OSError from their library's."""
    cause: BaseException | None = error
    for _ in range(CAUSES_LIMIT):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__


def _library(error: BaseException) -> str:
    return type(error).__module__.partition(".")[0]


def _transport_error(url: str, error: RemoteError) -> TransportError:
    place = f" at '{error.path}'" if error.path else ""
    return TransportError(f"the store '{url}' failed{place}: {error.failure.reason}", error.failure.hint)


def _below(url: str, error: OSError) -> str:
    """Where below the store something is in the way."""
    blocked = isinstance(error, NotADirectoryError | IsADirectoryError | FileExistsError | NotOrdinary)
    named = error.filename if blocked and isinstance(error.filename, str) else ""
    return f" at '{named.removeprefix(url).strip('/')}'" if named.startswith(f"{url}/") else ""
