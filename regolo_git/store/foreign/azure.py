"""Errors of the Azure SDK, which is below adlfs: answers of Azure Storage, and credentials for it."""

from http import HTTPStatus

from regolo_git.store.foreign.connection import CUT_OFF, NETWORK, SILENT, connection_failure
from regolo_git.store.foreign.failure import Failure, denied, passing, said_by
from regolo_git.store.foreign.web import status_failure, web_failure

LOGIN = "run az login, or set AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN"
NO_CONTAINER = Failure("the container does not exist", "create it, or correct the URL of the store")
NO_CREDENTIALS = denied("there are no credentials for Azure Storage", LOGIN)
NO_ACCOUNT = denied(
    "no storage account of Azure is named",
    "set AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_CONNECTION_STRING",
)
BROKEN_ACCOUNT = Failure(
    "the credentials for Azure Storage cannot be read",
    "check AZURE_STORAGE_CONNECTION_STRING, and the other AZURE_STORAGE_ variables",
)
_DENIED = denied(
    "access is denied",
    "check the credentials, and whether they have a role such as Storage Blob Data Contributor",
)
_REJECTED = denied(
    "the credentials were rejected, or have expired, or the clock of this machine is wrong", LOGIN
)
_BY_CODE = {
    "AccountBeingCreated": passing("the storage account is being created", "try again later"),
    "AccountIsDisabled": denied("the storage account is disabled", "ask its owner"),
    "AuthenticationFailed": _REJECTED,
    "BlobArchived": Failure("a file is archived", "rehydrate it: az storage blob set-tier --tier Hot"),
    "BlobImmutableDueToPolicy": denied(
        "the container does not let files change", "see its immutability policy"
    ),
    "ContainerBeingDeleted": Failure("the container is being deleted", "create it again in some minutes"),
    "ContainerDisabled": denied("the container is disabled", "ask its owner"),
    "ContainerNotFound": NO_CONTAINER,
    "InvalidAuthenticationInfo": _REJECTED,
    "InvalidResourceName": Failure("the name of the container is not valid", "correct the URL of the store"),
    "Md5Mismatch": passing("the bytes were damaged on their way", "try again later"),
    "NoAuthenticationInformation": NO_CREDENTIALS,
    "PublicAccessNotPermitted": NO_CREDENTIALS,
}
# Without an answer of the service.
_BY_NAME = {
    "AzureSigningError": BROKEN_ACCOUNT,
    "ClientAuthenticationError": NO_CREDENTIALS,
    "CredentialUnavailableError": NO_CREDENTIALS,
    "ServiceRequestTimeoutError": passing(SILENT, NETWORK),
    "ServiceResponseTimeoutError": passing(SILENT, NETWORK),
}
_MISSING = ("BlobNotFound", "ResourceNotFound")


def azure_failure(error: BaseException) -> Failure | None:
    """What an error of the Azure SDK is about; None for a missing file."""
    name, status = type(error).__name__, getattr(error, "status_code", None)
    code = getattr(error, "error_code", None)
    code = str(getattr(code, "value", code))
    known = _BY_CODE.get(code) or (_BY_NAME.get(name) if status is None else None)
    if known is not None:
        return known
    if code in _MISSING or name == "ResourceNotFoundError":
        return None
    return _status_failure(status) if isinstance(status, int) else _inner_failure(error)


def _status_failure(status: int) -> Failure | None:
    if status == HTTPStatus.UNAUTHORIZED:
        return _REJECTED
    return _DENIED if status == HTTPStatus.FORBIDDEN else status_failure(status)


def _inner_failure(error: BaseException) -> Failure | None:
    """Of a connection: the SDK keeps the error of aiohttp, or of its own, in the one that it raises."""
    inner = getattr(error, "inner_exception", None)
    if not isinstance(inner, BaseException) or inner is error:
        broken = type(error).__name__ in (
            "IncompleteReadError",
            "ServiceRequestError",
            "ServiceResponseError",
        )
        return passing(CUT_OFF, NETWORK) if broken else Failure(said_by(error))
    if type(inner).__module__.partition(".")[0] == "azure":
        return azure_failure(inner)
    if type(inner).__module__.partition(".")[0] == "aiohttp":
        return web_failure(inner)
    return connection_failure(inner) or Failure(said_by(inner))
