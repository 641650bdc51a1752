"""Opening the files of a store at a path or URL."""

from collections.abc import Callable
from pathlib import Path

from regolo_git.errors import MissingDependency
from regolo_git.records.store_url import SCHEMES, StoreAddress, parse_store_address
from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.translate import translated


def files_at(place: str | StoreAddress) -> Files:
    """The files of a store at a path, a URL or an address.

    Requests to a remote one are retried.  Raises InvalidInput, MissingDependency, TransportError.
    """
    address = parse_store_address(place) if isinstance(place, str) else place
    if address.scheme == "file":
        return LocalFiles(Path(address.path).absolute())
    # Most commands work with the local store alone, and fsspec takes 90 ms to import.
    from regolo_git.store.files.retry import RetriedFiles  # noqa: PLC0415

    with translated(address.url):
        return RetriedFiles(address.url, lambda: _open(address))


def _open(address: StoreAddress) -> Files:
    """Opens the files.  Raises MissingDependency if the library of the scheme is not installed."""
    try:
        return _opener(address.scheme)(address)
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
        case "memory":
            from regolo_git.store.files.filesystems.memory import open_memory  # noqa: PLC0415

            return open_memory
    from regolo_git.store.files.filesystems.others import open_other  # noqa: PLC0415

    return open_other
