"""Fetching the recipes of the versions that came, so that views need no shared store.

A recipe is a few kilobytes, but there may be 100,000 of them: so only those of each model's newest versions,
and of what environments and endpoints pin.  Any other is fetched, and kept, when it is first read.  A shared
store that this clone has not confirmed is asked nothing, and one that cannot be reached only causes a notice.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice

from regolo_git.artifacts.transfer.in_flight import InFlight
from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.git.refs_state import ref_target
from regolo_git.git.remotes import tracking_ref
from regolo_git.git.tag_index import TagRow
from regolo_git.records.digests import Digest
from regolo_git.records.references import version_reference
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.notices import words_of
from regolo_git.registry.versions.tagged_manifest import fetch_manifests, read_tagged_manifest
from regolo_git.store.shared import SharedStore

NEWEST = 4  # versions of each model
MOST = 256  # recipes of one fetch
RECIPE_SIZE = 1 << 20  # what one takes in memory: more than most
Tips = tuple[str | None, str | None]
Key = tuple[str, str]  # the model and identity of a version


def fetched_tips(handle: Handle, remote: str) -> Tips:
    """The tips of the remote's registry and operations branches, as last fetched."""
    registry = handle.registry_branch()
    try:
        operations = handle.config().operations or registry
    except RegoloError:  # this clone lacks the branch so far, or cannot read it
        operations = registry
    found = [ref_target(handle.paths, tracking_ref(remote, each)) for each in (registry, operations)]
    return found[0], found[1]


def fetch_recipes(handle: Handle, tips: Tips, versions: Iterable[str]) -> None:
    """Fetches those of some versions, given as references, and of what is pinned at the tips.

    Whatever keeps it from the shared store is a notice.
    """
    try:
        address = handle.shared_stores.address()
        if address is None or not handle.shared_stores.is_confirmed(address) or handle.clone_store.is_remote:
            return
        wanted = _recipes_of(handle, _rows(handle, set(_pinned(handle, tips)), _newest(versions)))
        absent = handle.store.absent_recipes(wanted) if wanted else set()
        if absent and handle.shared is not None:
            _fetch(handle, handle.shared, [each for each in wanted if each in absent])
    except RegoloError as error:
        handle.notice_once(f"recipes were not fetched: {words_of(error, handle.step)}")


def newest_versions(handle: Handle) -> list[str]:
    """The newest versions of the models that changed last, as references: what a clone fetches recipes of."""
    with handle.steady():
        models = sorted(handle.index.models(), key=lambda each: each.updated_at, reverse=True)
        rows = (row for each in models for row in handle.index.newest(each.model, NEWEST))
        return [version_reference(row.model, row.version) for row in islice(rows, MOST)]


def _newest(versions: Iterable[str]) -> Iterator[Key]:
    by_model: dict[str, list[Version]] = defaultdict(list)
    for reference in versions:
        model, _, version = reference.rpartition("@")
        by_model[model].append(Version.parse(version))
    for model, found in by_model.items():
        yield from ((model, version.identity) for version in sorted(found)[-NEWEST:])


def _pinned(handle: Handle, tips: Tips) -> Iterator[Key]:
    """The versions in environments and at endpoints, as far as their records can be read."""
    records = handle.records_of(*tips)
    for promotion in records.promotions().records:
        yield promotion.model, Version.parse(promotion.version).identity
    for endpoint in records.endpoints().records:
        yield from ((endpoint.model, Version.parse(version).identity) for version in endpoint.versions)


def _rows(handle: Handle, pinned: set[Key], newest: Iterable[Key]) -> list[TagRow]:
    """The rows of versions: pinned ones come first, then those that were created last."""
    found = sorted(handle.index.find_all({*pinned, *newest}).values(), key=lambda row: row.created_at)
    found.reverse()
    return sorted(found, key=lambda row: (row.model, row.identity) not in pinned)[:MOST]


def _recipes_of(handle: Handle, rows: list[TagRow]) -> list[Digest]:
    fetch_manifests(handle, rows)
    found = []
    for row in rows:
        with suppress(IntegrityError):  # a command that needs the version reports it
            found.append(read_tagged_manifest(handle, row).artifact.recipe)
    return list(dict.fromkeys(found))


def _fetch(handle: Handle, shared: SharedStore, addresses: list[Digest]) -> None:
    writing = threading.Lock()

    def fetch_one(address: Digest) -> None:
        with suppress(NotFound, IntegrityError):  # a command that needs the version reports it
            recipe = shared.read_recipe(address)
            with writing:
                handle.clone_store.keep_recipe(recipe)

    with InFlight(shared.connections) as flights:
        for address in addresses:
            flights.submit(RECIPE_SIZE, partial(fetch_one, address))
        flights.finish()
