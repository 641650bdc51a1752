"""Errors of aiohttp, which carries the requests of most filesystems."""

from http import HTTPStatus

from regolo_git.store.foreign.connection import (
    CUT_OFF,
    NETWORK,
    SILENT,
    connection_failure,
    name_failure,
    tls_failure,
)
from regolo_git.store.foreign.failure import Failure, passing, said_by

_PASSING = ("ServerDisconnectedError", "ClientPayloadError", "ClientConnectionResetError", "ClientOSError")
LOGIN = "check that its URL is right and that anybody may read it"


def web_failure(error: BaseException) -> Failure | None:
    """What an error of aiohttp is about."""
    status = getattr(error, "status", None)
    if isinstance(status, int) and status:
        return status_failure(status)
    name = type(error).__name__
    if "DNS" in name:
        return name_failure(getattr(error, "os_error", error))
    if "SSL" in name or "Certificate" in name:
        return tls_failure(getattr(error, "certificate_error", getattr(error, "os_error", error)))
    if isinstance(error, TimeoutError):
        return passing(SILENT, NETWORK)
    found = connection_failure(getattr(error, "os_error", error))
    if found is None and name in _PASSING:
        return passing(CUT_OFF, NETWORK)
    return found or Failure(said_by(error))


def status_failure(status: int) -> Failure | None:
    """What the status of an answer is about; None for a file that is not there."""
    if status == HTTPStatus.NOT_FOUND:
        return None
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Failure(f"the server does not allow it (status {status})", LOGIN, denied=True)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return passing(f"the server is overloaded (status {status})", "try again later")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return passing(f"the server reported an error of its own (status {status})", "try again later")
    return Failure(f"the server answered with status {status}", LOGIN)
