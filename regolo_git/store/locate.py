"""Opening the files of a store at a path or URL."""

from pathlib import Path

from regolo_git.errors import MissingDependency
from regolo_git.records.store_url import SCHEMES, check_writable_store
from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles
from regolo_git.store.translate import translated


def files_at(url: str) -> Files:
    """The files of a store at a path or URL.  Raises InvalidInput, MissingDependency, TransportError."""
    address = check_writable_store(url)
    if address.scheme == "file":
        return LocalFiles(Path(address.path).absolute())
    return _remote_files(address.scheme, url)


def _remote_files(scheme: str, url: str) -> Files:
    # fsspec takes 90 ms to import, and most commands work with the local store alone.
    from fsspec.core import url_to_fs  # noqa: PLC0415

    from regolo_git.store.files.fsspec import FsspecFiles  # noqa: PLC0415

    try:
        with translated(url):
            filesystem, root = url_to_fs(url)
    except ImportError as error:
        package = f"pip install 'regolo-git[{SCHEMES[scheme].extra}]'"
        raise MissingDependency(f"stores at {scheme}:// need an extra package", package) from error
    return FsspecFiles(filesystem, root, url)
