"""The versions of a model that wait as proposals, on branches here and as last fetched from `origin`."""

from collections.abc import Iterator

from regolo_git.errors import IntegrityError, MissingObject
from regolo_git.records.branches import proposal_start
from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle


def proposed_manifests(handle: Handle, model: str) -> Iterator[tuple[str, Manifest]]:
    """The tips of the branches that propose a version of a model, with the manifest there.

    A branch whose manifest cannot be read is left out: others may have pushed it, and a review tells.
    """
    start = proposal_start(model)
    for name, tip in handle.git.branches():
        if not name.startswith(start):
            continue
        try:
            manifest = handle.records_at(tip).manifest(model)
        except (IntegrityError, MissingObject):
            continue
        if manifest is not None:
            yield tip, manifest


def proposed_numbers(handle: Handle, model: str) -> list[Version]:
    """The numbers that a new proposal without one of its own steps over."""
    return [Version.parse(manifest.version) for _, manifest in proposed_manifests(handle, model)]
