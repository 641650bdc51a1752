"""The records of a push: nothing that it relies on is deleted, whatever a cleaning does beside it."""

import itertools
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from blake3 import blake3
from fsspec.implementations.memory import MemoryFileSystem
from support.counting_files import CountingFiles
from support.fake_cleaning import LIST, FakeCleaning
from support.interrupted_files import Interrupted, advance

from regolo_git.errors import IntegrityError, TransportError
from regolo_git.records.condemned_list import DELETING, CondemnedList
from regolo_git.records.digests import Digest
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile
from regolo_git.records.store_format import CHUNKS, PACKS, path_of
from regolo_git.records.store_record import RecordName, StoreRecord
from regolo_git.store import records as module
from regolo_git.store.files.contract import Files
from regolo_git.store.locate import files_at
from regolo_git.store.loose import LooseStore
from regolo_git.store.records import Owner, Push, StoreRecords, kept_by_others

OURS = Owner("registry1", "clone0001", "here")
THEIRS = Owner("registry2", "clone0002", "there")
PIECES = (b"one chunk", b"another chunk", b"a third chunk")


def recipe_of(*pieces: bytes) -> Recipe:
    data = b"".join(pieces)
    file = RecipeFile("", 0o644, len(data), Digest("blake3", blake3(data).hexdigest()))
    chunks = tuple(RecipeChunk(blake3(piece).hexdigest(), len(piece)) for piece in pieces)
    return Recipe("file", (file,), (), chunks)


OLD, NEW = recipe_of(*PIECES[:2]), recipe_of(*PIECES[1:])
RECIPES = {recipe.address: recipe for recipe in (OLD, NEW)}
CONTENT = {blake3(piece).hexdigest(): piece for piece in PIECES}


def read_recipe(address: Digest) -> Recipe:
    return RECIPES[address]


def new_files() -> Files:
    MemoryFileSystem.store.clear()  # it is one for the process, and every listing walks all of it
    url = f"memory://{secrets.token_hex(8)}"
    LooseStore.create(url)
    return files_at(url)


def put(files: Files, recipe: Recipe) -> None:
    """Sends what the store lacks, as a push does."""
    store = LooseStore(files)
    if not store.has_recipe(recipe.address):
        for chunk in store.missing(recipe.chunks):
            store.put_chunk(chunk.blake3, CONTENT[chunk.blake3])
        store.put_recipe(recipe)


def begin(files: Files, *recipes: Recipe, owner: Owner = OURS) -> Push:
    return StoreRecords(files, owner).begin([recipe.address for recipe in recipes], read_recipe)


def push(files: Files, recipe: Recipe, owner: Owner = OURS) -> None:
    begun = begin(files, recipe, owner=owner)
    put(files, recipe)
    begun.finish(lambda: [recipe.address])


def names(files: Files, owner: Owner = OURS) -> list[str]:
    return sorted(files.names(owner.directory))


def records(files: Files, owner: Owner = OURS) -> list[StoreRecord]:
    return [
        StoreRecord.parse(files.read_range(f"{owner.directory}/{name}", 0, 1 << 20))
        for name in names(files, owner)
    ]


def assert_whole(files: Files, recipe: Recipe) -> None:
    store = LooseStore(files)
    assert store.has_recipe(recipe.address)
    assert store.missing(recipe.chunks) == []


@pytest.fixture
def files() -> Files:
    return new_files()


# -- what is written --------------------------------------------------------------------------------------


def test_a_push_leaves_an_intent_what_it_keeps_and_that_it_is_done(files: Files) -> None:
    push(files, NEW)
    done, intent, kept = sorted(records(files), key=lambda record: record.kind)
    assert {done.kind, intent.kind, kept.kind} == {"done", "intent", "kept"}
    assert intent.recipes == kept.recipes == (NEW.address.hex,)
    assert {(record.registry, record.clone, record.host) for record in (done, intent, kept)} == {OURS}
    by_kind = {name.kind: name for name in map(RecordName.parse, names(files)) if name is not None}
    assert by_kind["done"].stem == by_kind["intent"].stem
    assert done.kept == str(by_kind["kept"])


def test_the_intent_is_there_before_anything_is_looked_for() -> None:
    counted = CountingFiles(new_files())
    put(counted, OLD)
    counted.reset()
    begin(counted, NEW)
    assert [verb for verb, _ in counted.calls] == ["names", "create", "settle", "names"]
    assert [path for _, path in counted.calls][-1] == "condemned"


def test_a_push_costs_five_requests_for_its_records() -> None:
    counted = CountingFiles(new_files())
    begin(counted, NEW).finish(list)
    assert sum(counted.calls.values()) - counted.calls["settle", ""] == 5


def test_a_push_that_did_not_finish_is_known_to_the_next_one_of_this_clone(files: Files) -> None:
    assert not begin(files, OLD).interrupted
    put(files, OLD)
    assert not begin(files, NEW, owner=THEIRS).interrupted
    second = begin(files, OLD)
    assert second.interrupted
    second.finish(list)
    third = begin(files, NEW)
    assert not third.interrupted
    third.finish(list)
    assert sum(name.endswith(".done.json") for name in names(files)) == 3


def test_an_earlier_intent_about_other_recipes_stays(files: Files) -> None:
    begin(files, OLD)
    push(files, NEW)
    assert begin(files, NEW).interrupted


def test_a_push_that_is_given_up_keeps_nothing_and_holds_nothing_back(files: Files) -> None:
    put(files, OLD)
    begin(files, NEW).give_up()
    assert {record.kind for record in records(files)} == {"intent", "done"}
    assert not begin(files, OLD).interrupted
    advance(FakeCleaning(files).steps(), 1000)
    assert_whole(files, OLD)  # the intent of the second one


def test_vouching_recipes_are_relied_on_but_not_kept(files: Files) -> None:
    push = StoreRecords(files, OURS).begin([NEW.address], read_recipe, vouching=[OLD.address])
    push.finish(list)
    by_kind = {record.kind: record.recipes for record in records(files)}
    assert by_kind["intent"] == tuple(sorted((OLD.address.hex, NEW.address.hex)))
    assert by_kind["kept"] == (NEW.address.hex,)
    assert not begin(files, NEW).interrupted


def test_a_damaged_earlier_intent_stays(files: Files) -> None:
    begin(files, NEW)
    path = f"{OURS.directory}/{names(files)[0]}"
    files.remove(path)
    files.create(path, b"{}")
    push(files, NEW)
    assert begin(files, NEW).interrupted
    with pytest.raises(IntegrityError):
        StoreRecords(files, OURS).read(StoreRecords(files, OURS).names()[0])


def test_from_time_to_time_one_record_has_everything_and_replaces_the_others(files: Files) -> None:
    asked = []

    def needed() -> list[Digest]:
        asked.append(1)
        return [OLD.address]

    for _ in range(module.LISTED_KEPT + 3):
        begin(files, NEW).finish(needed)
    (everything,) = [record for record in records(files) if record.kind == "all"]
    assert everything.recipes == tuple(sorted((OLD.address.hex, NEW.address.hex)))
    kept = [name for name in names(files) if name.endswith(".kept.json")]
    assert len(everything.replaces) == module.LISTED_KEPT
    assert set(everything.replaces) == set(kept[: module.LISTED_KEPT])
    assert asked == [1]


def test_kept_records_are_not_replaced_if_needs_are_unknown(files: Files) -> None:
    for _ in range(module.LISTED_KEPT + 1):
        begin(files, NEW).finish(lambda: None)
    assert {record.kind for record in records(files)} == {"intent", "kept", "done"}


def test_a_record_of_another_clone_under_our_name_is_not_ours(files: Files) -> None:
    begin(files, NEW, owner=THEIRS)
    (name,) = names(files, THEIRS)
    files.create(f"{OURS.directory}/{name}", files.read_range(f"{THEIRS.directory}/{name}", 0, 1 << 20))
    with pytest.raises(IntegrityError, match="the record of another one"):
        StoreRecords(files, OURS).read(StoreRecords(files, OURS).names()[0])


# -- beside a cleaning ------------------------------------------------------------------------------------


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What happens while a push waits, instead of waiting."""
    actions: list[Callable[[], None]] = []

    def pause(least: float, most: float) -> None:
        if actions:
            actions[0]()

    monkeypatch.setattr(module, "pause", pause)
    return actions


def condemn(files: Files, *paths: str, deleting: bool = True) -> None:
    files.create(LIST, CondemnedList(tuple(sorted(paths))).to_bytes())
    if deleting:
        files.create(f"{LIST}{DELETING}", b"")


def chunk_path(piece: bytes) -> str:
    return path_of(CHUNKS, blake3(piece).hexdigest())


def test_condemned_files_may_be_relied_on(files: Files, looks: list[Callable[[], None]]) -> None:
    looks.append(lambda: pytest.fail("it waits"))
    condemn(files, chunk_path(PIECES[1]), deleting=False)
    begin(files, NEW)


def test_a_deletion_of_other_files_is_not_waited_for(files: Files, looks: list[Callable[[], None]]) -> None:
    looks.append(lambda: pytest.fail("it waits"))
    condemn(files, chunk_path(PIECES[0]))
    begin(files, NEW)


@pytest.mark.parametrize("what", ["a chunk", "the recipe", "any pack", "an unreadable list"])
def test_a_deletion_of_what_a_push_needs_is_waited_for(
    files: Files, looks: list[Callable[[], None]], what: str
) -> None:
    path = {
        "a chunk": chunk_path(PIECES[1]),
        "the recipe": path_of("recipes", NEW.address.hex),
        "any pack": path_of(PACKS, "0" * 64),
        "an unreadable list": "",
    }[what]
    condemn(files, *filter(None, [path]))
    if not path:
        files.remove(LIST)
        files.create(LIST, b"not a list")
    waited = []

    def look() -> None:
        waited.append(1)
        if len(waited) == 3:
            files.remove(LIST)

    looks.append(look)
    begin(files, NEW)
    assert len(waited) == 3


def test_a_deletion_that_does_not_end_is_an_error_after_ten_minutes(
    files: Files, looks: list[Callable[[], None]]
) -> None:
    condemn(files, chunk_path(PIECES[1]))
    waited = []
    looks.append(lambda: waited.append(1))
    with pytest.raises(TransportError, match="being cleaned by `gc` after ten minutes") as caught:
        begin(files, NEW)
    assert "gc" in str(caught.value.hint)
    assert len(waited) * module.LOOK_SECONDS == 600


def test_a_push_needs_the_right_to_list_condemned_files(tmp_path: Path) -> None:
    LooseStore.create(str(tmp_path / "store"))
    (tmp_path / "store/condemned").write_text("in the way")
    with pytest.raises(TransportError, match="condemned"):
        begin(files_at(str(tmp_path / "store")), NEW)


def count_steps(prepare: Callable[[Files], None]) -> tuple[int, int]:
    """How many requests a push of NEW and a cleaning make, each on its own."""
    files = new_files()
    prepare(files)
    interrupted = Interrupted(files, -1, lambda: None)
    push(interrupted, NEW)  # type: ignore[arg-type]  # it has every method of the files
    files = new_files()
    prepare(files)
    return interrupted.calls, sum(1 for _ in FakeCleaning(files).steps())


def nothing_before(files: Files) -> None:
    """A store with content that nobody needs, some of which the push shares."""
    put(files, OLD)


def the_same_before(files: Files) -> None:
    """What is pushed is there, and nobody needs it."""
    put(files, NEW)


def interrupted_before(files: Files) -> None:
    """An earlier push of the same clone was killed."""
    put(files, OLD)
    begin(files, OLD)


def kept_before(files: Files) -> None:
    """Another registry keeps what the push shares."""
    push(files, OLD, THEIRS)


PREPARED = [nothing_before, the_same_before, interrupted_before, kept_before]


def run(
    prepare: Callable[[Files], None], looks: list[Callable[[], None]], schedule: tuple[int, int, int]
) -> list[str]:
    """A cleaning runs so many steps before the push, and more at one of its requests; the rest follows."""
    before, at, then = schedule
    files = new_files()
    prepare(files)
    cleaning = FakeCleaning(files)
    steps = cleaning.steps()
    looks[:] = [lambda: advance(steps, 1)]
    advance(steps, before)
    push(Interrupted(files, at, lambda: advance(steps, then)), NEW)  # type: ignore[arg-type]
    advance(steps, 1000)
    assert_whole(files, NEW)
    if prepare is kept_before:
        assert_whole(files, OLD)
    # A second cleaning, with all that the first one has left.
    advance(FakeCleaning(files).steps(), 1000)
    assert_whole(files, NEW)
    return cleaning.deleted


@pytest.mark.slow
@pytest.mark.parametrize("prepare", PREPARED)
def test_nothing_that_a_push_relies_on_is_deleted(
    prepare: Callable[[Files], None], looks: list[Callable[[], None]]
) -> None:
    requests, steps = count_steps(prepare)
    deletions: set[str] = set()
    for before, at in itertools.product(range(steps + 1), range(requests)):
        then = (1, 3, steps)[(before + at) % 3]
        deletions |= set(run(prepare, looks, (before, at, then)))
    if prepare in (nothing_before, the_same_before):
        assert deletions  # the cleaning does delete when it may


@pytest.mark.slow
@pytest.mark.parametrize("prepare", PREPARED)
def test_nothing_is_deleted_however_the_steps_interleave(
    prepare: Callable[[Files], None], looks: list[Callable[[], None]]
) -> None:
    requests, steps = count_steps(prepare)
    for before in range(steps + 1):
        for schedule in itertools.product([before], range(requests), range(1, steps - before + 2)):
            run(prepare, looks, schedule)


@pytest.mark.parametrize("at", range(12))
def test_recipes_of_another_registry_are_known_while_it_replaces_its_records(at: int) -> None:
    files = new_files()
    push(files, OLD, owner=THEIRS)

    def replace_all() -> None:
        begun = begin(files, NEW, owner=THEIRS)
        put(files, NEW)
        begun.finish(lambda: [OLD.address, NEW.address], list_all=True)
        replaced = [name for name in names(files, THEIRS) if ".all." not in name]
        for name in replaced:  # as a cleaning does
            files.remove(f"{THEIRS.directory}/{name}")

    watched = Interrupted(files, at, replace_all)
    assert OLD.address.hex in kept_by_others(watched, OURS.registry)
