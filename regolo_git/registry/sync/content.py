"""Sending the bytes of versions to the shared store, before anything names them at the remote.

Which versions were sent is noted in the clone (`sent_note.py`).  Without the note, everything that is in the
local store is looked for in the shared one: what git has sent by itself says nothing about the bytes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from regolo_git.artifacts.progress import OnProgress
from regolo_git.artifacts.transfer.send import Sent, send
from regolo_git.errors import NotFound
from regolo_git.git.refs_state import read_tags
from regolo_git.git.tag_index import TagRow
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.versions import Version
from regolo_git.registry.handle import Handle
from regolo_git.registry.kept_recipes import needed_recipes
from regolo_git.registry.reachable import retired_identities
from regolo_git.registry.sync.branch_versions import untagged_manifests
from regolo_git.registry.sync.sent_note import SentNote
from regolo_git.registry.sync.web_store import look_through_web, refuse_unwritable
from regolo_git.registry.versions.tagged_manifest import fetch_manifests, read_tagged_manifest
from regolo_git.store.shared import SharedStore
from regolo_git.store.store import has_whole
from regolo_git.text.json_values import Plain


@dataclass(frozen=True, slots=True)
class SentContent:
    """The shared store, and how many artifacts and bytes it was sent; `url` is None if there is no store."""

    url: str | None = None
    artifacts: int = 0
    size: int = 0

    def to_dict(self) -> Plain:
        """What the store was sent, as plain values."""
        return {"url": self.url, "artifacts": self.artifacts, "size": self.size}

    def joined(self, later: "SentContent") -> "SentContent":
        """With what the store was sent later."""
        return SentContent(later.url, self.artifacts + later.artifacts, self.size + later.size)


class Content:
    """The versions of a clone whose bytes the registry's shared store is not known to have."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        address = handle.shared_stores.address()
        own = address is not None and handle.clone_store.is_at(address)
        self._address = None if own else address
        self._note = SentNote(handle.local_directory, address) if address is not None else None
        self._considered: set[str] = set()
        self._resent: set[Digest] = set()
        self._branches: dict[str, list[Manifest]] = {}
        self._on_branches: set[str] = set()  # the recipes of their versions that the store has
        self._unsent: set[Digest] = set()

    @property
    def stays(self) -> bool:
        """Whether bytes stay in this clone's store, because the registry names no shared one."""
        return self._handle.shared_stores.address() is None

    def send(
        self,
        pushed: Sequence[TagRow],
        proposed: Sequence[Manifest],
        branches: Iterable[str],
        on_progress: OnProgress,
    ) -> SentContent:
        """Sends what the store lacks of the versions with a tag here, of proposed ones, and on branches.

        `pushed` are the versions that the remote is about to have, as are the proposed ones; `branches` are
        the tips of branches, of whose versions those are sent that are here.  Raises StoreUnconfirmed,
        NotFound for one that is pushed and whose bytes are nowhere, IntegrityError, TransportError.
        """
        if self._address is None or self._note is None:
            return SentContent()
        known, lost = self._note.tags(), self._note.lost()
        rows = [*pushed, *self._others(known, {row.tag_oid for row in pushed}, anyway=bool(lost))]
        rows = [row for row in rows if row.tag_oid not in known]
        self._considered.update(known, (row.tag_oid for row in rows))
        fetch_manifests(self._handle, rows)
        manifests = [*proposed, *(read_tagged_manifest(self._handle, row) for row in rows)]
        manifests += self._untagged(branches)
        if not manifests:
            return SentContent(self._address.url)
        named = {each.artifact.recipe: each.reference for each in manifests}
        wanted = {*(each.artifact.recipe for each in proposed), *self._recipes_of(manifests, pushed)}
        absent = self._handle.store.absent_recipes(list(named))
        there = [
            recipe
            for recipe in named
            if recipe not in absent and (recipe not in lost or has_whole(self._handle.store, recipe))
        ]
        only_shared = {recipe: named[recipe] for recipe in absent if recipe in wanted}
        self._leave(lost.intersection(named).difference(there), named, rows)
        self._resent = lost.intersection(there)
        looked_for = {recipe: named[recipe] for recipe in named if recipe in wanted.union(there)}
        if self._handle.shared_stores.address_to_push() is None:
            self._resent = set()
            self._leave_unsent(refuse_unwritable(self._handle, self._address, looked_for, wanted), rows)
            self._note_untagged(looked_for)
            return SentContent(self._address.url)
        shared = self._handle.shared_stores.open_to_push(
            self._handle.may_use_store, self._handle.may_raise_store
        )
        assert shared is not None, "its address is known"
        parents = self._parents(manifests)
        sent = send_artifacts(self._handle, shared, there, only_shared, parents, on_progress, lost=lost)
        if self._address.read_only:
            self._leave_unsent(look_through_web(self._handle, self._address, shared.url, looked_for), rows)
        self._note_untagged(looked_for)
        url = shared.url if self._address.read_only else self._address.url
        return SentContent(url, sent.recipes, sent.size)

    def _leave_unsent(self, recipes: Collection[Digest], rows: Iterable[TagRow]) -> None:
        """Has the next push look again at versions that the store does not have now."""
        self._unsent = set(recipes)
        for row in rows if recipes else ():
            if read_tagged_manifest(self._handle, row).artifact.recipe in recipes:
                self._considered.discard(row.tag_oid)

    def _note_untagged(self, sent: Collection[Digest]) -> None:
        """Remembers which versions without a tag the store has now."""
        untagged = {each.artifact.recipe for found in self._branches.values() for each in found}
        self._on_branches.update(map(str, untagged.intersection(sent).difference(self._unsent)))

    def note(self, tags: Iterable[str]) -> None:
        """Notes that the store has what was sent, also under the new ids of its tags."""
        if self._address is None or self._note is None:
            return
        if self._considered:
            self._note.note({*self._considered, *tags}, self._resent)
        words = set(self._words())
        if words != self._note.on_branches():
            self._note.note_branches(words)

    def _untagged(self, tips: Iterable[str]) -> list[Manifest]:
        """The versions without a tag at the tips of branches that were not sent, and whose bytes are here."""
        assert self._note is not None, "the registry has a store"
        noted = self._note.on_branches()
        self._branches = {tip: [] if tip in noted else untagged_manifests(self._handle, tip) for tip in tips}
        self._on_branches |= noted
        new = [each for found in self._branches.values() for each in found]
        new = [each for each in new if str(each.artifact.recipe) not in self._on_branches]
        return [each for each in new if has_whole(self._handle.store, each.artifact.recipe)]

    def _words(self) -> Iterator[str]:
        """What to note of branches: the recipes that were sent, and the tips where nothing else is."""
        yield from (word for word in self._on_branches if ":" in word)
        for tip, manifests in self._branches.items():
            if all(str(each.artifact.recipe) in self._on_branches for each in manifests):
                yield tip

    def _leave(self, lost: Collection[Digest], named: Mapping[Digest, str], rows: Sequence[TagRow]) -> None:
        """Has the next push look again at versions whose bytes the store lost and this clone has not."""
        for row in rows if lost else ():
            recipe = read_tagged_manifest(self._handle, row).artifact.recipe
            if recipe in lost:
                self._considered.discard(row.tag_oid)
                self._handle.notice_once(
                    f"the shared store has lost bytes of '{named[recipe]}', which this clone does not have:"
                    f" run '{self._handle.step(Hint('push'))}' in a clone that has them"
                )

    def _others(self, known: Collection[str], pushed: Collection[str], *, anyway: bool) -> list[TagRow]:
        """The other versions with a tag, unless they were sent, are retired, or nothing is in this clone.

        `anyway` if the last does not matter.
        """
        handle = self._handle
        new = {tag.oid for tag in read_tags(handle.paths)[1].values()}.difference(known, pushed)
        if not new or not (anyway or handle.store.recipe_names()):
            self._considered.update(new)
            return []
        retired = retired_identities(handle.records())
        rows = (row for row in handle.index.all_rows() if row.tag_oid in new)
        return [row for row in rows if (row.model, row.identity) not in retired]

    def _recipes_of(self, manifests: Iterable[Manifest], rows: Iterable[TagRow]) -> set[Digest]:
        keys = {(row.model, row.identity) for row in rows}
        return {each.artifact.recipe for each in manifests if each.key in keys}

    def _parents(self, manifests: Iterable[Manifest]) -> list[Digest]:
        """The recipes of parents, as far as they are here; versions made from them share chunks with them."""
        keys = {(each.model, Version.parse(name).identity) for each in manifests for name in each.parents}
        rows = self._handle.index.find_all(keys).values()
        recipes = [read_tagged_manifest(self._handle, row).artifact.recipe for row in rows]
        absent = self._handle.store.absent_recipes(recipes)
        return [recipe for recipe in recipes if recipe not in absent]


def send_artifacts(
    handle: Handle,
    shared: SharedStore,
    recipes: Sequence[Digest],
    only_shared: Mapping[Digest, str],
    vouching: Iterable[Digest],
    on_progress: OnProgress,
    *,
    lost: Collection[Digest] = (),
) -> Sent:
    """Sends artifacts that this clone can read, with records against their being cleaned away meanwhile.

    `only_shared` are artifacts that this clone lacks and that the store must have, with their names; `lost`
    as in `send`.  Raises NotFound if it does not have them, IntegrityError, TransportError.
    """
    if not recipes and not only_shared:
        return Sent(0, 0)
    kept = [*recipes, *only_shared]
    vouching = [recipe for recipe in dict.fromkeys(vouching) if recipe not in kept]
    records = handle.shared_stores.records(shared)
    begun = records.begin(kept, handle.stores.read_recipe, vouching=vouching)
    for recipe in shared.absent_recipes(list(only_shared)) if only_shared else ():
        begun.give_up()
        raise NotFound(
            f"the bytes of '{only_shared[recipe]}' are neither in this clone's store nor in '{shared.url}'",
            Hint("fsck"),
        )
    sent = send(
        handle.stores,
        shared,
        recipes,
        vouching=vouching,
        lost=lost,
        interrupted=begun.interrupted,
        on_progress=on_progress,
    )
    begun.finish(lambda: needed_recipes(handle))
    return sent
