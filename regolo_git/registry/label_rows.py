"""The labels of versions, read from a cache beside the statuses or from the registry branch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from regolo_git.git.tag_index import TagRow
from regolo_git.registry.cached_rows import Rows, read_cached
from regolo_git.registry.handle import Handle

if TYPE_CHECKING:
    from regolo_git.records.labels import Labels

ByVersion = Mapping[tuple[str, str], Mapping[str, str]]  # by the identity and digest of a version


def read_labels(handle: Handle, tip: str, model: str) -> ByVersion:
    """The labels of a model's versions as of a commit of the registry branch."""
    return read_cached(handle, "labels.json", tip, model, handle.records_at(tip).all_labels, _rows, _parsed)


def labels_of(labels: ByVersion, row: TagRow) -> Mapping[str, str]:
    """The labels of the version with a tag."""
    return labels.get((row.identity, str(row.digest)), {})


def _rows(labels: "Labels") -> Rows:
    return {" ".join(map(str, entry.key)): [entry.value] for entry in labels.entries}


def _parsed(rows: Rows) -> ByVersion:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for key, (value,) in rows.items():
        identity, digest, name = key.split(" ")
        found.setdefault((identity, digest), {})[name] = value
    return found
