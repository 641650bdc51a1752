"""A store on a filesystem that fsspec opens by its own rules."""

from fsspec.core import url_to_fs

from regolo_git.records.store_url import StoreAddress
from regolo_git.store.files.contract import Files
from regolo_git.store.files.fsspec import FILE_SERVER, OBJECT_STORE, FsspecFiles


def open_other(address: StoreAddress) -> Files:
    """The files at an address."""
    filesystem, root = url_to_fs(address.url)
    objects = address.scheme in ("gs", "gcs", "az", "abfs")
    return FsspecFiles(filesystem, root, address.url, OBJECT_STORE if objects else FILE_SERVER)
