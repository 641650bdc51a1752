"""From a store's URL to its files.

The URL of a shared store comes from a repository that somebody else may have written, so only known kinds are
followed, without fsspec's chains (`::`) and without options.
"""

from pathlib import Path

from regolo_git.errors import InvalidInput, MissingDependency
from regolo_git.store.files.contract import Files
from regolo_git.store.files.local import LocalFiles

# scheme: the extra of this package that brings its filesystem
SCHEMES = {
    "memory": "",
    "s3": "s3",
    "gs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "sftp": "sftp",
    "ssh": "sftp",
}


def files_at(url: str) -> Files:
    """The files of a store at a path or URL.  Raises InvalidInput, MissingDependency."""
    check_location(url)
    scheme, separator, rest = url.partition("://")
    if not separator:
        return LocalFiles(Path(url).absolute())
    return LocalFiles(Path(rest)) if scheme == "file" else _remote_files(scheme, url)


def check_location(url: str) -> None:
    """Raises InvalidInput for what is neither a path nor a URL of a kind that is known."""
    scheme, separator, rest = url.partition("://")
    if "::" in url or "\0" in url or not url:
        raise InvalidInput(f"'{url}' is not the URL of a store", "a store is a path or one URL, without '::'")
    if separator and scheme == "file" and not rest.startswith("/"):
        raise InvalidInput(f"'{url}' does not name a directory of this machine", f"file:///{rest}")
    if separator and scheme not in ("file", *SCHEMES):
        raise InvalidInput(f"'{scheme}' is not a kind of store", f"kinds are file, {', '.join(SCHEMES)}")


def _remote_files(scheme: str, url: str) -> Files:
    # fsspec takes 90 ms to import, and most commands work with the local store alone.
    from fsspec.core import url_to_fs  # noqa: PLC0415

    from regolo_git.store.files.fsspec import FsspecFiles  # noqa: PLC0415

    try:
        filesystem, root = url_to_fs(url)
    except ImportError as error:
        package = f"pip install 'regolo-git[{SCHEMES[scheme]}]'"
        raise MissingDependency(f"a store at '{scheme}://' needs a library more", package) from error
    return FsspecFiles(filesystem, root, url)
