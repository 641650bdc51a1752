"""Reads the manifests of versions page by page, the next page while one is checked."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from regolo_git.git.many_files import File, read_files
from regolo_git.git.tag_index import TagRow
from regolo_git.records.paths import manifest_path
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.tagged_manifest import fetch_manifests

Page = Sequence[TagRow]


def pages_of(rows: Page, size: int) -> Iterator[Page]:
    """The rows, as many at a time."""
    return (rows[first : first + size] for first in range(0, len(rows), size))


def read_ahead(handle: Handle, pages: Iterable[Page]) -> Iterator[tuple[Page, list[File | None]]]:
    """Each page with the manifest that the commit of each version has."""
    git = handle.git
    with ThreadPoolExecutor(max_workers=1) as pool:
        waiting: tuple[Page, Future[list[File | None]]] | None = None
        for page in pages:
            fetch_manifests(handle, page)
            places = [(row.commit_oid, manifest_path(row.model)) for row in page]
            before, waiting = waiting, (page, pool.submit(read_files, git, places))
            if before is not None:
                yield before[0], before[1].result()
        if waiting is not None:
            yield waiting[0], waiting[1].result()
