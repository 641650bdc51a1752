"""The newest version of a model, before a commit, that has a tag.

A squash merge keeps only the last of several versions, whose parent then never gets a tag.
"""

from contextlib import closing

from regolo_git.errors import IntegrityError
from regolo_git.git.history import first_parents
from regolo_git.git.tag_index import TagRow
from regolo_git.records.manifest import Manifest
from regolo_git.records.paths import manifest_path
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle


def unknown_parents(handle: Handle, manifest: Manifest) -> list[str]:
    """The parents in a manifest that have no tag here."""
    return [
        parent
        for parent in manifest.parents
        if handle.index.find(manifest.model, Version.parse(parent).identity) is None
    ]


def newest_tagged_ancestor(handle: Handle, model: str, commit: str) -> TagRow | None:
    """The tag of the last version of a model that the branch had before a commit; None if it had none."""
    path = manifest_path(model)
    seen = handle.git.blob_oid(commit, path)
    with closing(first_parents(handle.git, commit)) as commits:
        for oid in commits:
            held = handle.git.blob_oid(oid, path)
            if held is None:
                return None
            if held != seen:
                seen = held
                row = _row_of(handle, oid, model)
                if row is not None and row.manifest_oid == held:
                    return row
    return None


def _row_of(handle: Handle, commit: str, model: str) -> TagRow | None:
    try:
        manifest = handle.records_at(commit).manifest(model)
    except IntegrityError:
        return None
    return handle.index.find(*manifest.key) if manifest is not None else None
