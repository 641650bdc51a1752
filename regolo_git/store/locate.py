"""Opening a store: its files at a path or URL, and its format."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from regolo_git.errors import IntegrityError, MissingDependency, StoreAbsent, TransportError
from regolo_git.hints import Hint
from regolo_git.records.store_format import FORMAT_FILE, StoreFormat
from regolo_git.records.store_url import SCHEMES, STORE_SETTING, StoreAddress, parse_store_address
from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.translate import translated
from regolo_git.system_calls import NotOrdinary

FORMAT_LIMIT = 1 << 16
FORMAT_READS = 3


def files_at(place: str | StoreAddress, *, cached: bool = False) -> Files:
    """The files of a store at a path, a URL or an address.

    Requests to a remote one are retried.  With `cached`, what is written to a directory stays in the page
    cache.  Raises InvalidInput, MissingDependency, TransportError.
    """
    address = parse_store_address(place) if isinstance(place, str) else place
    if address.scheme == "file":
        return LocalFiles(Path(address.path).absolute(), cached=cached)
    # Most commands work with the local store alone, and fsspec takes 90 ms to import.
    from regolo_git.store.files.retry import RetriedFiles  # noqa: PLC0415

    with translated(address.url):
        return RetriedFiles(address.url, lambda: _open(address))


def _open(address: StoreAddress) -> Files:
    """Opens the files.  Raises MissingDependency if the library of the scheme is not installed."""
    return _installed(address)(address)


def require_library(address: StoreAddress) -> None:
    """Raises MissingDependency if the library of the scheme is not installed; opens nothing."""
    if address.scheme != "file":
        _installed(address)


def _installed(address: StoreAddress) -> Callable[[StoreAddress], Files]:
    try:
        return _opener(address.scheme)
    except ImportError as error:
        package = f"pip install 'regolo-git[{SCHEMES[address.scheme].extra}]'"
        text = f"stores at {address.scheme}:// need an extra package"
        raise MissingDependency(text, package) from error


def _opener(scheme: str) -> Callable[[StoreAddress], Files]:
    # A library is imported only for a store of its kind.
    match scheme:
        case "s3":
            from regolo_git.store.files.filesystems.s3 import open_s3  # noqa: PLC0415

            return open_s3
        case "http" | "https":
            from regolo_git.store.files.filesystems.web import open_web  # noqa: PLC0415

            return open_web
        case "gs" | "gcs":
            from regolo_git.store.files.filesystems.gcs import open_gcs  # noqa: PLC0415

            return open_gcs
        case "sftp" | "ssh":
            from regolo_git.store.files.filesystems.sftp import open_sftp  # noqa: PLC0415

            return open_sftp
        case "memory":
            from regolo_git.store.files.filesystems.memory import open_memory  # noqa: PLC0415

            return open_memory
    from regolo_git.store.files.filesystems.azure import open_azure  # noqa: PLC0415

    return open_azure


def read_format(files: Files) -> StoreFormat:
    """The format of a store.

    Raises StoreAbsent if there is none, NewerFormat if it uses features of a newer release, IntegrityError,
    TransportError.
    """
    try:
        with translated(files.url):
            return _parsed_format(files)
    except TransportError as error:
        if isinstance(error.__cause__, NotOrdinary):
            text = f"'{FORMAT_FILE}' of the store '{files.url}' is {error.__cause__.kind}, not a file"
            raise IntegrityError(text, "restore it from a copy of the store") from error
        if not is_missing(error):
            raise
        raise absent_store(files.url) from error


def _parsed_format(files: Files) -> StoreFormat:
    """The format, read again if it makes no sense: it has no name that tells what happened on the way."""
    for _ in range(FORMAT_READS - 1):
        with suppress(IntegrityError):
            return StoreFormat.parse(files.read_range(FORMAT_FILE, 0, FORMAT_LIMIT))
    return StoreFormat.parse(files.read_range(FORMAT_FILE, 0, FORMAT_LIMIT))


def create_format(files: Files, form: StoreFormat, rights: int = 0) -> bool:
    """Creates a store of some format; False if one was there.  Raises TransportError.

    `rights` are permissions of its directory beyond the umask's; what is in it takes them over.
    """
    with translated(files.url):
        files.create_root(rights)
        created = files.create(FORMAT_FILE, form.to_text().encode())
        files.settle()
    return created


def is_missing(error: TransportError) -> bool:
    """Whether a file of the store, or the store itself, is not there."""
    return isinstance(error.__cause__, FileNotFoundError | NotADirectoryError)


def absent_store(url: str) -> StoreAbsent:
    """The error for a store that is not there."""
    question = "" if "://" in url else ": is the disk mounted?"
    return StoreAbsent(
        f"the store '{url}' is not there{question}", Hint("config", "--local", STORE_SETTING, "DIRECTORY")
    )
