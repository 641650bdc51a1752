"""Errors of botocore, which is below s3fs: answers of S3 services, credentials, connections."""

from collections.abc import Mapping

from regolo_git.hints import Hint
from regolo_git.store.foreign.connection import (
    CUT_OFF,
    NETWORK,
    SILENT,
    connection_failure,
    name_failure,
    tls_failure,
)
from regolo_git.store.foreign.failure import Failure, denied, passing, said_by

ACCOUNT = "set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws configure"
RENEW = "renew them (aws sso login, or whatever issues them), and try again"
RIGHTS = "aws sts get-caller-identity shows whose credentials are used; ask for access to the bucket"
LATER = "try again later"
CHECKSUMS = "for a service that is older than these checksums: AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
_REJECTED = Failure("the credentials were rejected", ACCOUNT, denied=True)
_EXPIRED = Failure("the credentials have expired", RENEW, denied=True)
_DENIED = denied("access is denied", RIGHTS)
_BUSY = passing("the server is overloaded", LATER)
_BROKEN = passing("the server reported an error of its own", LATER)
_DAMAGED = passing("the bytes were damaged on their way", LATER)
_FULL = Failure("the storage of the server is full", "free some space there, or ask for more")
ELSEWHERE = Failure("the bucket is in another region", Hint("config", "store.region", "REGION"))
NO_BUCKET = Failure("the bucket does not exist", "create it, or correct the URL of the store")
_OLD = Failure("the server does not support what is asked of it", CHECKSUMS)
_CODES = {
    "AccessDenied": _DENIED,
    "AllAccessDisabled": _DENIED,
    "AccountProblem": _DENIED,
    "Forbidden": _DENIED,
    "403": _DENIED,
    "InvalidAccessKeyId": _REJECTED,
    "SignatureDoesNotMatch": _REJECTED,
    "InvalidToken": _REJECTED,
    "InvalidClientTokenId": _REJECTED,
    "UnrecognizedClientException": _REJECTED,
    "Unauthorized": _REJECTED,
    "401": _REJECTED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "RequestTimeTooSkewed": Failure(
        "its clock and that of this machine differ, so signatures are not valid", "set the clock: timedatectl"
    ),
    "NoSuchBucket": NO_BUCKET,
    "InvalidBucketName": NO_BUCKET,
    "PermanentRedirect": ELSEWHERE,
    "Redirect": ELSEWHERE,
    "301": ELSEWHERE,
    "307": ELSEWHERE,
    "AuthorizationHeaderMalformed": ELSEWHERE,
    "IllegalLocationConstraintException": ELSEWHERE,
    "InvalidObjectState": Failure(
        "the object is in an archive", "restore it there first: aws s3api restore-object"
    ),
    "SlowDown": _BUSY,
    "Throttling": _BUSY,
    "ThrottlingException": _BUSY,
    "TooManyRequests": _BUSY,
    "RequestLimitExceeded": _BUSY,
    "ServiceUnavailable": _BUSY,
    "429": _BUSY,
    "503": _BUSY,
    "InternalError": _BROKEN,
    "500": _BROKEN,
    "502": _BROKEN,
    "504": _BROKEN,
    "RequestTimeout": passing(SILENT, NETWORK),
    "408": passing(SILENT, NETWORK),
    "OperationAborted": _BUSY,
    "ConditionalRequestConflict": _BUSY,  # another writer is at the same object
    "409": _BUSY,
    "BadDigest": _DAMAGED,
    "IncompleteBody": _DAMAGED,
    "InvalidDigest": _DAMAGED,
    "XAmzContentChecksumMismatch": _DAMAGED,
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "InsufficientStorage": _FULL,
    "507": _FULL,
    "EntityTooLarge": Failure("the server does not take objects of this size"),
    "MissingContentLength": _OLD,
    "NotImplemented": _OLD,
    "XAmzContentSHA256Mismatch": _OLD,
    "MethodNotAllowed": Failure("the server does not allow it", RIGHTS),
    "405": Failure("the server does not allow it", RIGHTS),
}
# The library reads these as a missing file, or the caller asked for it: no failure of the store.
_ANSWERS = ("NoSuchKey", "404", "PreconditionFailed", "412", "InvalidRange", "416")
_NO_CREDENTIALS = Failure("there are no credentials for S3", ACCOUNT, denied=True)
_BY_NAME = {
    "NoCredentialsError": _NO_CREDENTIALS,
    "NoAuthTokenError": _NO_CREDENTIALS,
    "UnauthorizedSSOTokenError": _EXPIRED,
    "SSOTokenLoadError": _EXPIRED,
    "TokenRetrievalError": _EXPIRED,
    "LoginRefreshRequired": _EXPIRED,
    "LoginTokenLoadError": _EXPIRED,
    "ConnectTimeoutError": passing(SILENT, NETWORK),
    "ReadTimeoutError": passing(SILENT, NETWORK),
    "ConnectionClosedError": passing(CUT_OFF, NETWORK),
    "ResponseStreamingError": passing(CUT_OFF, NETWORK),
    "IncompleteReadError": passing(CUT_OFF, NETWORK),
    "FlexibleChecksumError": _DAMAGED,
    "ResponseParserError": passing("its answer is not one of an S3 service", NETWORK),
}
_SETTINGS = (
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "ProfileNotFound",
    "ConfigParseError",
    "InvalidConfigError",
    "InfiniteLoopConfigError",
    "InvalidRegionError",
    "NoRegionError",
    "UnknownCredentialError",
    "LoginError",
    "SSOError",
    "RefreshWithMFAUnsupportedError",
)


def code_of(error: BaseException | None) -> str | None:
    """The code in the answer of an S3 service; a number where the answer has no body."""
    response = getattr(error, "response", None)
    if not isinstance(response, Mapping):
        return None
    code = response.get("Error", {}).get("Code")
    return str(code) if code is not None else None


def aws_failure(error: BaseException) -> Failure | None:
    """What an error of botocore is about; None for an answer that is no failure."""
    code = code_of(error)
    if code is not None:
        return _answer(error, code)
    name = type(error).__name__
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name in _SETTINGS:
        return Failure(f"the AWS configuration cannot be used ({said_by(error)})", "aws configure list")
    inner = getattr(error, "kwargs", {}).get("error")
    if isinstance(inner, BaseException):
        return _connection(error, inner)
    return Failure(said_by(error))


def _answer(error: BaseException, code: str) -> Failure | None:
    if code in _ANSWERS:
        return None
    if code == "400":  # a HEAD has no words: most often a token that is too old
        return Failure("the server rejects the request, or the credentials have expired", RENEW)
    if "x-amz-sdk-checksum" in str(error) or "x-amz-checksum" in str(error).lower():
        return _OLD
    return _CODES.get(code) or Failure(said_by(error))


def _connection(error: BaseException, inner: BaseException) -> Failure:
    if "DNS" in type(inner).__name__:
        return name_failure(getattr(inner, "os_error", inner))
    if type(error).__name__ == "SSLError":
        return tls_failure(getattr(inner, "certificate_error", inner), "AWS_CA_BUNDLE")
    found = connection_failure(getattr(inner, "os_error", inner)) or connection_failure(inner)
    return found or passing(f"the connection failed ({said_by(inner)})", NETWORK)
