"""Errors of gcsfs and of google.auth: answers of Google Cloud Storage, and credentials for it."""

from http import HTTPStatus

from regolo_git.store.foreign.connection import CUT_OFF, NETWORK
from regolo_git.store.foreign.failure import Failure, denied, passing, said_by
from regolo_git.store.foreign.web import status_failure

ACCOUNT = "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS"
DENIED = denied("access is denied", "ask for a role on the bucket, such as Storage Object User")
NO_BUCKET = Failure("the bucket does not exist", "create it, or correct the URL of the store")
_REJECTED = denied("the credentials were rejected, or have expired", ACCOUNT)
_NO_CREDENTIALS = denied("there are no credentials for Google Cloud Storage", ACCOUNT)
_BROKEN_FILE = denied(
    "a file of credentials for Google Cloud Storage cannot be used", "check GOOGLE_APPLICATION_CREDENTIALS"
)
_BY_NAME = {
    "RefreshError": _REJECTED,
    "MutualTLSChannelError": Failure("no encrypted connection to Google Cloud Storage", NETWORK),
    "TransportError": passing("the credentials could not be renewed", NETWORK),
    "ChecksumError": passing("the bytes were damaged on their way", "try again later"),
    "NonRetryableError": _REJECTED,
}


def google_failure(error: BaseException) -> Failure | None:
    """What an error of gcsfs or google.auth is about; None for a missing file."""
    name = type(error).__name__
    if name == "DefaultCredentialsError":
        # Otherwise it is about one file that was found, or was named and not found.
        return _NO_CREDENTIALS if "default credentials were not found" in str(error) else _BROKEN_FILE
    if name in _BY_NAME:
        return _BY_NAME[name]
    code = str(getattr(error, "code", ""))
    if not code.isdecimal():
        return Failure(said_by(error))
    if int(code) == HTTPStatus.UNAUTHORIZED:
        return _REJECTED
    return DENIED if int(code) == HTTPStatus.FORBIDDEN else status_failure(int(code))


def requests_failure(error: BaseException) -> Failure:
    """What an error of requests is about, with which credentials are renewed."""
    if type(error).__name__ == "SSLError":
        return Failure(f"no encrypted connection ({said_by(error)})", NETWORK)
    return passing(CUT_OFF, NETWORK)
