"""What a filesystem refuses becomes an error of the store, with what to do where that is known."""

import errno
import os
import socket
import ssl

import pytest

from regolo_git.errors import IntegrityError, TransportError
from regolo_git.store.foreign.failure import said_by
from regolo_git.store.translate import AccessDenied, failure_of, remote_error, translated


def raised(error: BaseException, url: str = "/store") -> TransportError:
    with pytest.raises(TransportError) as caught, translated(url):
        raise error
    return caught.value


def test_a_refusal_of_the_filesystem_is_an_error_of_the_store() -> None:
    said = raised(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert said.message == "the store '/store' failed: the disk is full"
    assert said.hint == "free some space and try again"
    assert isinstance(said.__cause__, OSError)


@pytest.mark.parametrize("error", [ValueError("ours"), IntegrityError("ours"), KeyError("ours")])
def test_errors_of_no_filesystem_pass_unchanged(error: Exception) -> None:
    with pytest.raises(type(error), match="ours"), translated("/store"):
        raise error


def of_library(module: str, name: str, *bases: type[BaseException], **values: object) -> BaseException:
    """An error as a library has it, which need not be installed."""
    kind = type(name, bases or (Exception,), {"__module__": module})
    error = kind(values.pop("text", "as the library says it"))
    error.__dict__.update(values)
    return error


def answer(code: str, text: str = "words") -> BaseException:
    response = {"Error": {"Code": code, "Message": text}}
    return of_library("botocore.exceptions", "ClientError", text=f"{code}: {text}", response=response)


def caused(error: OSError, cause: BaseException) -> OSError:
    error.__cause__ = cause
    return error


CERTIFICATE = ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")
AZURE = "azure.core.exceptions"
AIOHTTP = "aiohttp.client_exceptions"
FAILURES: list[tuple[BaseException, str, bool]] = [
    # error, words of the reason, whether it may pass
    (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "refuses connections", True),
    (ConnectionResetError(errno.ECONNRESET, "x"), "cut off", True),
    (BrokenPipeError(errno.EPIPE, "x"), "cut off", True),
    (TimeoutError(), "does not answer", True),
    (OSError(errno.EHOSTUNREACH, "x"), "cannot be reached", True),
    (OSError(errno.ENETUNREACH, "x"), "network", True),
    (socket.gaierror(socket.EAI_NONAME, "x"), "cannot be resolved", False),
    (socket.gaierror(socket.EAI_AGAIN, "x"), "cannot be resolved", True),
    (CERTIFICATE, "certificate", False),
    (ssl.SSLEOFError(8, "EOF occurred"), "cut off", True),
    (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "does not speak TLS", False),
    (of_library("botocore.exceptions", "NoCredentialsError"), "no credentials", False),
    (of_library("botocore.exceptions", "ProfileNotFound"), "AWS configuration", False),
    (of_library("botocore.exceptions", "SSOTokenLoadError"), "expired", False),
    (of_library("botocore.exceptions", "ReadTimeoutError"), "does not answer", True),
    (of_library("botocore.exceptions", "ConnectionClosedError"), "cut off", True),
    (of_library("botocore.exceptions", "FlexibleChecksumError"), "damaged", True),
    (of_library("botocore.exceptions", "NewlyInvented"), "NewlyInvented: as the library says it", False),
    (
        of_library(
            "botocore.exceptions", "EndpointConnectionError",
            kwargs={"error": of_library(AIOHTTP, "ClientConnectorDNSError", os_error=OSError(None, "x"))},
        ),
        "cannot be resolved", False,
    ),
    (
        of_library(
            "botocore.exceptions", "EndpointConnectionError",
            kwargs={"error": of_library(AIOHTTP, "X", os_error=ConnectionRefusedError(111, "x"))},
        ),
        "refuses connections", True,
    ),
    (
        of_library(
            "botocore.exceptions", "SSLError",
            kwargs={"error": of_library(AIOHTTP, "X", certificate_error=CERTIFICATE)},
        ),
        "certificate", False,
    ),
    (caused(PermissionError("x"), answer("AccessDenied")), "access is denied", False),
    (caused(PermissionError("x"), answer("403")), "access is denied", False),
    (caused(PermissionError("x"), answer("SignatureDoesNotMatch")), "rejected", False),
    (caused(PermissionError("x"), answer("RequestTimeTooSkewed")), "clock", False),
    (caused(OSError(5, "x"), answer("ExpiredToken")), "expired", False),
    (caused(FileNotFoundError("x"), answer("NoSuchBucket")), "bucket does not exist", False),
    (caused(OSError(16, "x"), answer("SlowDown")), "overloaded", True),
    (caused(OSError(5, "x"), answer("ConditionalRequestConflict")), "overloaded", True),
    (caused(OSError(121, "x"), answer("500")), "error of its own", True),
    (caused(OSError(22, "x"), answer("BadDigest")), "damaged", True),
    (caused(OSError(5, "x"), answer("XMinioStorageFull")), "full", False),
    (caused(OSError(5, "x"), answer("301")), "another region", False),
    (caused(OSError(5, "x"), RecursionError("maximum recursion depth exceeded")), "another region", False),
    (caused(OSError(22, "x"), answer("InvalidRequest", "Unsupported header 'x-amz-sdk-checksum-algorithm'")),
     "does not support", False),
    (caused(OSError(5, "x"), answer("Teapot")), "Teapot", False),
    (of_library(AIOHTTP, "ClientPayloadError"), "cut off", True),
    (of_library(AIOHTTP, "ServerDisconnectedError"), "cut off", True),
    (of_library(AIOHTTP, "ClientOSError", OSError), "cut off", True),
    (of_library(AIOHTTP, "SocketTimeoutError", TimeoutError), "does not answer", True),
    (of_library(AIOHTTP, "ClientConnectorError", os_error=ConnectionRefusedError(111, "x")), "refuses", True),
    (of_library(AIOHTTP, "ClientConnectorDNSError", os_error=OSError(None, "x")), "resolved", False),
    (of_library(AIOHTTP, "ClientConnectorCertificateError", certificate_error=CERTIFICATE), "certificate", False),
    (of_library(AIOHTTP, "ClientResponseError", status=403), "does not allow it (status 403)", False),
    (of_library(AIOHTTP, "ClientResponseError", status=503), "overloaded", True),
    (of_library(AIOHTTP, "ClientResponseError", status=502), "error of its own", True),
    (of_library(AIOHTTP, "ClientResponseError", status=418), "status 418", False),
    (of_library("google.auth.exceptions", "DefaultCredentialsError",
                text="Your default credentials were not found. To set up"), "no credentials", False),
    (of_library("google.auth.exceptions", "DefaultCredentialsError", text="File x was not found."),
     "a file of credentials", False),
    (of_library("google.auth.exceptions", "RefreshError"), "rejected", False),
    (of_library("gcsfs.retry", "HttpError", code=401), "rejected", False),
    (of_library("gcsfs.retry", "HttpError", code="403"), "access is denied", False),
    (of_library("gcsfs.retry", "HttpError", code=503), "overloaded", True),
    (of_library("gcsfs.retry", "HttpError", code=None), "as the library says it", False),
    (of_library("gcsfs.retry", "ChecksumError"), "damaged", True),
    (of_library("requests.exceptions", "ProxyError"), "cut off", True),
    (of_library("asyncssh.misc", "HostKeyNotVerifiable"), "key of the host", False),
    (of_library("asyncssh.misc", "PermissionDenied"), "accepts neither", False),
    (of_library("asyncssh.misc", "ConnectionLost"), "cut off", True),
    (of_library("asyncssh.sftp", "SFTPPermissionDenied"), "access is denied", False),
    (of_library("asyncssh.sftp", "SFTPFailure"), "disk may be full", False),
    (of_library("asyncssh.sftp", "SFTPNewlyInvented"), "SFTPNewlyInvented", False),
    (of_library(AZURE, "ServiceRequestTimeoutError"), "does not answer", True),
    (of_library(AZURE, "ServiceResponseError", inner_exception=of_library(AIOHTTP, "ServerDisconnectedError")),
     "cut off", True),
    (of_library(AZURE, "ServiceRequestError",
                inner_exception=of_library(AIOHTTP, "ClientConnectorDNSError", os_error=OSError(None, "x"))),
     "resolved", False),
    (of_library(AZURE, "ServiceRequestError", inner_exception=ConnectionResetError(104, "x")), "cut off", True),
    (of_library(AZURE, "HttpResponseError", status_code=None, inner_exception=of_library(AZURE, "IncompleteReadError")),
     "cut off", True),
    (of_library(AZURE, "ClientAuthenticationError", status_code=None), "no credentials", False),
    (of_library(AZURE, "ClientAuthenticationError", status_code=403, error_code="AuthenticationFailed"),
     "rejected", False),
    (of_library(AZURE, "ResourceNotFoundError", status_code=404, error_code="ContainerNotFound"),
     "the container does not exist", False),
    (of_library(AZURE, "HttpResponseError", status_code=403, error_code="AuthorizationPermissionMismatch"),
     "access is denied", False),
    (of_library(AZURE, "HttpResponseError", status_code=403, error_code="AccountIsDisabled"), "disabled", False),
    (of_library(AZURE, "HttpResponseError", status_code=503, error_code="ServerBusy"), "overloaded", True),
    (of_library(AZURE, "HttpResponseError", status_code=400, error_code="Md5Mismatch"), "damaged", True),
    (of_library("azure.storage.blob", "AzureSigningError"), "cannot be read", False),
    (of_library(AZURE, "AzureError"), "as the library says it", False),
    (of_library("s3fs.core", "Anything"), "Anything: as the library says it", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "words", "may_pass"),
    FAILURES,
    ids=[f"{n}-{type(one[0]).__name__}" for n, one in enumerate(FAILURES)],
)
def test_an_error_of_a_library_is_reported_in_our_words(
    error: BaseException, words: str, may_pass: bool
) -> None:
    failure = failure_of(error)
    assert failure is not None
    assert words in failure.reason
    assert failure.passing == may_pass
    said = raised(error, "s3://bucket")
    assert said.message == f"the store 's3://bucket' failed: {failure.reason}"
    assert said.hint == failure.hint


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_a_missing_file_is_not_a_failure(code: str) -> None:
    missing = caused(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)), answer(code))
    assert failure_of(missing) is None
    assert isinstance(raised(missing).__cause__, FileNotFoundError)


def test_a_remote_error_says_where() -> None:
    failure = failure_of(caused(PermissionError("x"), answer("AccessDenied")))
    assert failure is not None
    error = remote_error(failure, "chunks/ab/1")
    assert isinstance(error, AccessDenied)
    said = raised(error, "s3://bucket")
    assert said.message == "the store 's3://bucket' failed at 'chunks/ab/1': access is denied"


@pytest.mark.parametrize(
    "text",
    [
        "GET https://host/a?X-Amz-Signature=secret&b=1 failed",
        "url='https://account.blob.core.windows.net/c/a?sig=secret'",
        "could not connect to https://ada:secret@host/a",
        "for <https://host/a?token=secret> and //ada:secret@host",
    ],
)
def test_nothing_secret_is_printed(text: str) -> None:
    assert "secret" not in said_by(RuntimeError(text))
    assert "host" in said_by(RuntimeError(text)) or "blob" in said_by(RuntimeError(text))


def test_a_long_message_of_a_library_is_cut_to_a_line() -> None:
    said = said_by(RuntimeError("word\n\n  and " * 200))
    assert len(said) < 250
    assert "\n" not in said
