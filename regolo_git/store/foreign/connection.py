"""Connections that fail, as the operating system and Python's own modules say it."""

import errno
import socket
import ssl

from regolo_git.store.foreign.failure import Failure, passing, said_by

NETWORK = "check the network and the URL of the store, and try again"
SILENT = "the server does not answer"
CUT_OFF = "the connection was cut off"
_AWAY = {
    errno.ECONNREFUSED: "the server refuses connections",
    errno.ECONNRESET: CUT_OFF,
    errno.ECONNABORTED: CUT_OFF,
    errno.EPIPE: CUT_OFF,
    errno.ENOTCONN: CUT_OFF,
    errno.ETIMEDOUT: SILENT,
    errno.EHOSTUNREACH: "the server cannot be reached",
    errno.EHOSTDOWN: "the server cannot be reached",
    errno.ENETUNREACH: "the network cannot be reached",
    errno.ENETDOWN: "the network cannot be reached",
}


def connection_failure(error: BaseException) -> Failure | None:
    """Why a connection failed; None for an error of anything else."""
    if isinstance(error, socket.gaierror):
        return name_failure(error)
    if isinstance(error, ssl.SSLError):
        return tls_failure(error)
    if isinstance(error, TimeoutError):
        return passing(SILENT, NETWORK)
    if isinstance(error, OSError) and error.errno in _AWAY:
        return passing(_AWAY[error.errno], NETWORK)
    if isinstance(error, ConnectionError | EOFError):
        return passing(CUT_OFF, NETWORK)
    return None


def name_failure(error: BaseException) -> Failure:
    """A host whose address was not found; it may be only the name server that is down."""
    for_now = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
    return Failure("the name of the server cannot be resolved", NETWORK, passing=for_now)


def tls_failure(error: BaseException, bundle: str = "SSL_CERT_FILE") -> Failure:
    """An encrypted connection that failed; `bundle` is the variable that names trusted certificates."""
    if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        detail = getattr(error, "verify_message", "")
        reason = "the certificate of the server is not trusted"
        hint = f"if it is right, name the file of its authority in {bundle}"
        return Failure(f"{reason} ({detail})" if detail else reason, hint)
    if isinstance(error, ssl.SSLEOFError) or "EOF" in str(error):
        return passing(CUT_OFF, NETWORK)
    if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER_FAILURE" in str(error):
        return Failure("the server does not speak TLS at this port", "use http:// where it has no https://")
    return Failure(f"no encrypted connection ({said_by(error)})", NETWORK)
