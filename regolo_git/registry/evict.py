"""Freeing the local copies of versions that the shared store is verified to hold.

A plan first (`plan_eviction`), then its execution (`evict`).  What was freed is fetched again when it is
needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from regolo_git.artifacts.transfer import evict as chunks
from regolo_git.artifacts.transfer.evict import Eviction
from regolo_git.errors import InvalidInput, NotFound, RegoloError
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.references import Reference
from regolo_git.records.store_format import RECIPES
from regolo_git.registry.handle import Handle
from regolo_git.registry.lookup import find_row
from regolo_git.registry.versions.tagged_manifest import read_tagged_manifest
from regolo_git.store.loose import LooseStore
from regolo_git.store.shared import SharedStore
from regolo_git.store.translate import translated
from regolo_git.text.json_values import Plain


@dataclass(frozen=True, slots=True)
class VersionToEvict:
    """A version with a local copy; `size` bytes of it can be freed, or `kept` says why none can."""

    reference: str
    size: int
    kept: str | None = None

    def to_dict(self) -> Plain:
        """The version as plain values."""
        return {"version": self.reference, "size": self.size, "kept": self.kept}


@dataclass(frozen=True, slots=True)
class EvictionPlan:
    """The versions, and the bytes that are freed in all: what versions share is freed once."""

    versions: tuple[VersionToEvict, ...]
    eviction: Eviction

    def to_dict(self) -> Plain:
        """What is freed, as plain values."""
        return {"versions": [version.to_dict() for version in self.versions], "size": self.size}

    @property
    def size(self) -> int:
        """The bytes that are freed."""
        return self.eviction.size


def plan_eviction(
    handle: Handle,
    references: Sequence[Reference] = (),
    *,
    unused: timedelta | None = None,
    now: datetime | None = None,
) -> EvictionPlan:
    """What can be freed of some versions, or of all that this clone has not read from since `unused`.

    Raises NotFound for an unknown version or a registry without a shared store, InvalidInput for a clone that
    has no local store beside the shared one, IntegrityError, TransportError.
    """
    local, shared = _stores(handle)
    named = dict(_named(handle, references) if references else _all(handle))
    if not references:
        named = _older(handle, local, named, (now or datetime.now(UTC)) - (unused or timedelta()))
    eviction = chunks.plan_eviction(local, shared, list(named.values()), handle.shared_stores.registry_id())
    versions = [
        VersionToEvict(reference, eviction.freed.get(address, 0), eviction.kept.get(address))
        for reference, address in named.items()
        if eviction.freed.get(address) or address in eviction.kept
    ]
    return EvictionPlan(tuple(versions), eviction)


def evict(handle: Handle, plan: EvictionPlan) -> int:
    """Frees what a plan says; returns the bytes.

    Raises Conflict while another process writes to the local store, and the errors of `plan_eviction`.
    """
    return chunks.evict(*_stores(handle), plan.eviction, handle.shared_stores.registry_id())


def _stores(handle: Handle) -> tuple[LooseStore, SharedStore]:
    shared = handle.shared
    if shared is None:
        raise NotFound("the registry has no shared store", Hint("config", "store.url", "URL"))
    local = handle.store
    if not isinstance(local, LooseStore) or "://" in local.url:
        raise InvalidInput(f"this clone has no local copies: it reads from '{handle.store_url}'")
    return local, shared


def _named(handle: Handle, references: Sequence[Reference]) -> Iterator[tuple[str, Digest]]:
    for reference in references:
        manifest = read_tagged_manifest(handle, find_row(handle, reference))
        yield manifest.reference, manifest.artifact.recipe


def _all(handle: Handle) -> Iterator[tuple[str, Digest]]:
    for row in handle.index.all_rows():
        with suppress(RegoloError):  # an unreadable manifest names no recipe
            manifest = read_tagged_manifest(handle, row)
            yield manifest.reference, manifest.artifact.recipe


def _older(
    handle: Handle, local: LooseStore, named: Mapping[str, Digest], since: datetime
) -> dict[str, Digest]:
    """The versions whose recipe came before, and was last read from before, some time."""
    uses = handle.cache.last_uses()
    with translated(local.url):
        came = {file.path.rpartition("/")[2]: file.modified for file in local.files.walk(RECIPES)}
    return {
        reference: address
        for reference, address in named.items()
        if address.hex in came and max(came[address.hex], uses.get(address, came[address.hex])) < since
    }
