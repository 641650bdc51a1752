"""Several stores read as one: the local one first, then the others in order.

What the first store lacks, or has damaged, comes from the next one.  A store that fails is named once, and
skipped while another has what is wanted; only if none has it does the failure reach the caller.  Nothing is
written but to the first store, and each store deals with its own damage: the local one moves a damaged chunk
aside, a shared one is not changed by reading.  A recipe that another store gave is kept, in the first one if
that can be written to, and in memory for the next readers: a checkout reads it three times.

A store is opened when it is first needed, because opening one may take a library and a request.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TypeVar

from regolo_git.errors import IntegrityError, NotFound, RegoloError
from regolo_git.forks import tell_in_child
from regolo_git.hints import Hint
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk
from regolo_git.store.files.contract import Data
from regolo_git.store.store import OnFailure, Store

# How long a store that failed is not asked again: a dead server takes up to a minute to say so.
SKIPPED_SECONDS = 60.0
EXPECTED = 8  # recipes whose chunks may be read next; a checkout reads one after another
REMEMBERED = 2  # recipes of other stores in memory: those that a comparison reads
Expected = tuple[Recipe, tuple[RecipeChunk, ...]]
Result = TypeVar("Result")
Wanted = TypeVar("Wanted")


class Link:
    """One store of a chain: its name in messages, and how it is opened."""

    def __init__(self, url: str, open_it: Callable[[], Store]) -> None:
        self.url = url
        self._open = open_it
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._error: RegoloError | None = None
        self._until = 0.0
        tell_in_child(self)

    def after_fork(self) -> None:
        """Has a forked child open the store itself: a library's connections cannot be shared."""
        self._lock = threading.Lock()
        self._store = None

    @property
    def skipped(self) -> bool:
        """Whether it failed a short time ago."""
        return self._error is not None and monotonic() < self._until

    @property
    def store(self) -> Store | None:
        """The store if it is open."""
        return self._store

    def opened(self, expected: Iterable[Expected] = ()) -> Store:
        """The store, told what to expect if it is opened now.

        Raises the error of a store that is skipped, and any that opening it raises.
        """
        with self._lock:
            if self._error is not None and self.skipped:
                raise self._error
            if self._store is None:
                try:
                    self._store = self._open()
                except RegoloError as error:
                    self.fail(error)
                    raise
                for recipe, chunks in expected:
                    self._store.expect(recipe, chunks)
            return self._store

    def fail(self, error: RegoloError) -> None:
        """Has the store skipped for a while, unless it already is."""
        if not self.skipped:
            self._error, self._until = error, monotonic() + SKIPPED_SECONDS


Refusal = tuple[Link, RegoloError]  # of a store that did not give what was wanted


class StoreChain:
    """A store that reads from several; may be used from several threads and in forked children."""

    def __init__(
        self,
        first: Link,
        others: Callable[[], Sequence[Link]],
        on_notice: Callable[[str], None],
        keep: Callable[[Recipe], None] = lambda _: None,
    ) -> None:
        """`others` are asked for once, when the first store lacks something; `keep` gets their recipes."""
        self._first = first
        self._others = others
        self._found: Sequence[Link] | None = None
        self._on_notice = on_notice
        self._keep = keep
        self._remembered: dict[Digest, Recipe] = {}
        self._noticed: set[str] = set()
        self._expected: deque[Expected] = deque(maxlen=EXPECTED)
        self._lock = threading.Lock()
        tell_in_child(self)

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would stay locked in the child."""
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """The path or URL of the first store."""
        return self._first.url

    @property
    def connections(self) -> int:
        """See `Store.connections`: those of the first store."""
        return self._first.opened().connections

    # -- chunks -------------------------------------------------------------------------------------------

    def missing(self, chunks: Iterable[RecipeChunk]) -> list[RecipeChunk]:
        """See `Store.missing`: the chunks that no store has."""
        return self._lacked_by_all(list(dict.fromkeys(chunks)), lambda store, left: store.missing(left))

    def expect(self, recipe: Recipe, chunks: Iterable[RecipeChunk]) -> None:
        """See `Store.expect`; a store that is opened later is told then."""
        expected = recipe, tuple(chunks)
        with self._lock:
            self._expected.append(expected)
            links = [self._first, *(self._found or ())]
        for link in links:
            if link.store is not None:
                link.store.expect(*expected)

    def put_chunk(self, address: str, data: Data) -> bool:
        """See `Store.put_chunk`: in the first store."""
        return self._first.opened().put_chunk(address, data)

    def read_chunk_into(self, address: str, view: memoryview) -> None:
        """See `Store.read_chunk_into`: from the first store that has it undamaged."""
        self._read(f"chunk '{address}'", lambda store: store.read_chunk_into(address, view))

    def read_chunks(
        self, recipe: Recipe, chunks: Sequence[RecipeChunk], on_failure: OnFailure | None = None
    ) -> Iterator[tuple[RecipeChunk, Data]]:
        """See `Store.read_chunks`: what one store lacks, or has damaged, comes from the next one."""
        left: dict[RecipeChunk, list[Refusal]] = {chunk: [] for chunk in chunks}
        failures: list[Refusal] = []
        for link in self._in_order():
            if not left:
                break
            try:
                store = link.opened(tuple(self._expected))
                for chunk, data in store.read_chunks(recipe, list(left), partial(_note, left, link)):
                    self._tell(_damages(left.pop(chunk)), f"; it was read from '{link.url}'")
                    yield chunk, data
                    del data  # see `receive`
            except RegoloError as error:
                link.fail(error)
                failures.append((link, error))
        for chunk, errors in left.items():
            worst = _error(f"chunk '{chunk.blake3}'", errors, failures)
            if on_failure is None or not isinstance(worst, NotFound | IntegrityError):
                raise worst
            on_failure(chunk, worst)
        self._tell(failures)

    # -- recipes ------------------------------------------------------------------------------------------

    def has_recipe(self, address: Digest) -> bool:
        """See `Store.has_recipe`: in any store."""
        return not self.absent_recipes([address])

    def recipe_names(self) -> set[str]:
        """See `Store.recipe_names`: those of the first store; listing others may take an hour."""
        return self._first.opened().recipe_names()

    def absent_recipes(self, addresses: Sequence[Digest]) -> set[Digest]:
        """See `Store.absent_recipes`: those that no store has."""
        return set(self._lacked_by_all(list(addresses), _absent))

    def put_recipe(self, recipe: Recipe) -> Digest:
        """See `Store.put_recipe`: in the first store."""
        return self._first.opened().put_recipe(recipe)

    def read_recipe(self, address: Digest) -> Recipe:
        """See `Store.read_recipe`: from the first store that has it undamaged."""
        remembered = self._remembered.get(address)
        if remembered is not None:
            return remembered
        elsewhere: list[Recipe] = []

        def read(store: Store) -> Recipe:
            recipe = store.read_recipe(address)
            if store is not self._first.store:
                elsewhere.append(recipe)
            return recipe

        found = self._read(f"recipe '{address.hex}'", read)
        for recipe in elsewhere:
            self._remember(recipe)
            self._keep(recipe)
        return found

    def _remember(self, recipe: Recipe) -> None:
        with self._lock:
            self._remembered[recipe.address] = recipe
            if len(self._remembered) > REMEMBERED:
                del self._remembered[next(iter(self._remembered))]

    # -- temporary files ----------------------------------------------------------------------------------

    def scratch_directory(self) -> Path | None:
        """See `Store.scratch_directory`: that of the first store."""
        return self._first.opened().scratch_directory()

    def stale_temporaries(self) -> list[str]:
        """See `Store.stale_temporaries`: those of the first store."""
        return self._first.opened().stale_temporaries()

    def remove_temporary(self, path: str) -> None:
        """See `Store.remove_temporary`."""
        self._first.opened().remove_temporary(path)

    # -- one after another --------------------------------------------------------------------------------

    def _read(self, what: str, read: Callable[[Store], Result]) -> Result:
        lacking: list[Refusal] = []  # or having it damaged
        failures: list[Refusal] = []
        for link in self._in_order():
            try:
                store = link.opened(tuple(self._expected))
            except RegoloError as error:
                failures.append((link, error))
                continue
            try:
                result = read(store)
            except (NotFound, IntegrityError) as error:
                lacking.append((link, error))
            except RegoloError as error:
                link.fail(error)
                failures.append((link, error))
            else:
                self._tell(failures)
                self._tell(_damages(lacking), f"; it was read from '{link.url}'")
                return result
        raise _error(what, lacking, failures)

    def _lacked_by_all(
        self, left: list[Wanted], lacking: Callable[[Store, list[Wanted]], Iterable[Wanted]]
    ) -> list[Wanted]:
        """Those of some objects that no store has.  Raises the failure of one that may have them."""
        failures: list[Refusal] = []
        for link in self._in_order():
            if not left:
                break
            try:
                left = list(lacking(link.opened(tuple(self._expected)), left))
            except RegoloError as error:
                link.fail(error)
                failures.append((link, error))
        if left and failures:
            raise failures[0][1]
        self._tell(failures)
        return left

    def _in_order(self) -> Iterator[Link]:
        """The stores; those that failed a short time ago come last."""
        first_is_last = self._first.skipped
        if not first_is_last:
            yield self._first
        with self._lock:
            if self._found is None:
                self._found = self._others()
            others = self._found
        yield from sorted(others, key=lambda link: link.skipped)
        if first_is_last:
            yield self._first

    def _tell(self, errors: Sequence[Refusal], rest: str = "") -> None:
        for _, error in errors:
            with self._lock:
                known = error.message in self._noticed
                self._noticed.add(error.message)
            if not known:
                self._on_notice(f"{error.message}{rest}")


def _absent(store: Store, addresses: list[Digest]) -> set[Digest]:
    return store.absent_recipes(addresses)


def _note(left: dict[RecipeChunk, list[Refusal]], link: Link, chunk: RecipeChunk, error: RegoloError) -> None:
    # The frames of its traceback, and of what caused it, hold the buffer that the chunk was to be read into.
    error.__cause__ = error.__context__ = None
    left[chunk].append((link, error.with_traceback(None)))


def _damages(errors: Sequence[Refusal]) -> list[Refusal]:
    return [(link, error) for link, error in errors if isinstance(error, IntegrityError)]


def _error(what: str, lacking: Sequence[Refusal], failures: Sequence[Refusal]) -> RegoloError:
    """Why no store gave an object: it is damaged, a store failed, or each of those named lacks it."""
    worst = [*_damages(lacking), *failures]
    if worst:
        return worst[0][1]
    if len(lacking) == 1:
        return lacking[0][1]
    names = ", ".join(f"'{link.url}'" for link, _ in lacking)
    return NotFound(f"{what} is missing from the stores {names}", Hint("fsck"))
