"""What comes out of the store is what went in, or nothing comes out."""

import os
import resource
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from support.artifact_files import bytes_read, noise, tree_of
from support.local_store import delete_recipe, stored_files
from support.model_files import write_safetensors

from regolo_git.artifacts.ingest.cuts import STEP
from regolo_git.artifacts.ingest.ingest import Ingested, ingest
from regolo_git.artifacts.path_digest import digest_of
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.restore.materialize import Materialized, materialize
from regolo_git.artifacts.restore.planner import Overwrite
from regolo_git.artifacts.restore.staging import stale_stagings
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound, RegoloError, TransportError
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact
from regolo_git.records.recipe import Recipe, RecipeFile
from regolo_git.store.store import Store

Settle = Callable[[], None]


NOWHERE = Artifact("file", None, Digest("sha256", "0" * 64), 0, Digest("blake3", "0" * 64))
FORCE = Overwrite(anything=True)


def bring(store: Store, stored: Ingested, destination: Path, **choices: object) -> Materialized:
    return materialize(store, stored.artifact, destination, **choices)  # type: ignore[arg-type]


def forged(store: Store) -> Artifact:
    """An artifact whose recipe names the chunks of another one."""
    honest = store.read_recipe(ingest(store, b"honest").artifact.recipe)
    other = store.read_recipe(ingest(store, b"hOnest").artifact.recipe)
    recipe = Recipe("file", honest.files, (), other.chunks)
    store.put_recipe(recipe)
    return Artifact.of(recipe)


def times_of(top: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_ino, path.stat().st_ctime_ns) for path in top.rglob("*")}


def nothing_staged(*directories: Path) -> bool:
    return not [path for directory in directories for path in directory.glob(".regolo-checkout-*")]


# -- there and back ---------------------------------------------------------------------------------------


def test_a_directory_comes_back(store: Store, model: Path, tmp_path: Path) -> None:
    result = bring(store, ingest(store, model), tmp_path / "new" / "parent" / "back")
    assert tree_of(tmp_path / "new" / "parent" / "back") == tree_of(model)
    assert (result.written_files, result.kept_files) == (3, 0)
    assert nothing_staged(tmp_path, tmp_path / "new" / "parent")


@pytest.mark.parametrize("size", [0, 1, 300_000, 5 << 20, 2 * STEP + 12_345])
def test_a_file_of_any_size_comes_back(store: Store, tmp_path: Path, size: int) -> None:
    data = noise("any", size)
    bring(store, ingest(store, data), tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == data


def test_long_tensors_come_back(store: Store, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "m", {"a": noise("a", 2 * STEP + 7), "b": b"", "c": noise("c", 300_001)})
    bring(store, ingest(store, tmp_path / "m"), tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == (tmp_path / "m").read_bytes()


def test_a_memory_store_gives_it_back(memory_store: Store, model: Path, tmp_path: Path) -> None:
    bring(memory_store, ingest(memory_store, model), tmp_path / "back")
    assert tree_of(tmp_path / "back") == tree_of(model)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o444])
def test_permissions_come_back(store: Store, tmp_path: Path, mode: int) -> None:
    (tmp_path / "m").write_bytes(b"x")
    (tmp_path / "m").chmod(mode)
    bring(store, ingest(store, tmp_path / "m"), tmp_path / "back")
    assert (tmp_path / "back").stat().st_mode & 0o777 == mode


def test_the_umask_takes_permissions_away(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"x")
    (tmp_path / "m").chmod(0o777)
    before = os.umask(0o027)
    try:
        bring(store, ingest(store, tmp_path / "m"), tmp_path / "back")
    finally:
        os.umask(before)
    assert (tmp_path / "back").stat().st_mode & 0o777 == 0o750


def test_no_thread_outlives_it(store: Store, model: Path, tmp_path: Path) -> None:
    before = threading.active_count()
    bring(store, ingest(store, model), tmp_path / "back")
    assert threading.active_count() == before


def test_progress_counts_up_to_the_size(store: Store, model: Path, tmp_path: Path) -> None:
    stored, steps = ingest(store, model), list[Progress]()
    bring(store, stored, tmp_path / "back", on_progress=steps.append)
    size = stored.artifact.size
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1] == Progress(size, size, found=0)


def test_progress_counts_files_that_are_right_as_found(store: Store, model: Path) -> None:
    stored, steps = ingest(store, model), list[Progress]()
    (model / "config.json").unlink()
    bring(store, stored, model, on_progress=steps.append)
    size = stored.artifact.size
    assert steps[-1] == Progress(size, size, found=size - len('{"hidden": 512}\n'))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*.json"], {"config.json"}),
        (["tokenizer"], {"tokenizer/words.txt"}),
        (["tokenizer/", "config.json"], {"config.json", "tokenizer/words.txt"}),
        (["*words*"], {"tokenizer/words.txt"}),
    ],
)
def test_some_files_can_be_chosen(
    store: Store, model: Path, tmp_path: Path, patterns: list[str], expected: set[str]
) -> None:
    bring(store, ingest(store, model), tmp_path / "back", patterns=patterns)
    assert tree_of(tmp_path / "back").keys() == expected


def test_a_pattern_that_matches_nothing_is_not_found(store: Store, model: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"\*.onnx"):
        bring(store, ingest(store, model), tmp_path / "back", patterns=["*.json", "*.onnx"])
    assert not (tmp_path / "back").exists()


# -- what is there already --------------------------------------------------------------------------------


def test_files_that_are_right_are_left_alone(store: Store, model: Path) -> None:
    stored, before = ingest(store, model), times_of(model)
    result = bring(store, stored, model)
    assert (result.written_files, result.kept_files) == (0, 3)
    assert times_of(model) == before


def test_files_that_are_right_are_not_read_when_the_cache_knows_them(
    store: Store, cache: StatCache, model: Path, an_hour_later: Settle
) -> None:
    an_hour_later()
    stored = ingest(store, model, cache=cache)
    before = bytes_read()
    bring(store, stored, model, cache=cache)
    assert bytes_read() - before < 100_000


def test_only_files_that_differ_are_written(store: Store, cache: StatCache, model: Path) -> None:
    first = ingest(store, model, cache=cache)
    (model / "config.json").write_text("{}")
    ingest(store, model, cache=cache)
    before = times_of(model)
    result = bring(store, first, model, cache=cache)
    assert (result.written_files, result.kept_files) == (1, 2)
    assert (model / "config.json").read_text() == '{"hidden": 512}\n'
    after = times_of(model)
    assert {path for path in before if before[path] != after[path]} == {
        str(model / "config.json"),
    }


def test_another_versions_file_is_replaced(store: Store, cache: StatCache, tmp_path: Path) -> None:
    versions = []
    for number in range(3):
        (tmp_path / "m").write_bytes(noise(f"{number}", 100_000))
        versions.append(ingest(store, tmp_path / "m", cache=cache))
    for number in (0, 2, 1):
        bring(store, versions[number], tmp_path / "m", cache=cache)
        assert (tmp_path / "m").read_bytes() == noise(f"{number}", 100_000)


def test_written_files_are_known_at_once(store: Store, cache: StatCache, model: Path, tmp_path: Path) -> None:
    stored = ingest(store, model)
    bring(store, stored, tmp_path / "back", cache=cache)
    before = bytes_read()
    assert digest_of(tmp_path / "back", algorithm="sha256", cache=cache) == stored.artifact.digest
    assert ingest(store, tmp_path / "back", cache=cache).unchanged
    assert bytes_read() - before < 100_000


def test_a_file_changed_after_writing_is_not_taken_for_unchanged(
    store: Store, cache: StatCache, model: Path, tmp_path: Path
) -> None:
    stored = ingest(store, model)
    bring(store, stored, tmp_path / "back", cache=cache)
    (tmp_path / "back" / "config.json").write_text('{"hidden": 513}\n')
    assert digest_of(tmp_path / "back", algorithm="sha256", cache=cache) != stored.artifact.digest


@pytest.mark.parametrize("content", ['{"mine": 1}', '{"hidden": 513}\n'], ids=["shorter", "as long"])
def test_content_that_no_version_has_is_not_overwritten(
    store: Store, cache: StatCache, model: Path, content: str
) -> None:
    stored = ingest(store, model, cache=cache)
    (model / "config.json").write_text(content)
    (model / "model.safetensors").write_bytes(b"mine as well")
    with pytest.raises(Conflict, match="config"):
        bring(store, stored, model, cache=cache)
    assert (model / "config.json").read_text() == content
    bring(store, stored, model, cache=cache, overwrite=FORCE)
    assert (model / "config.json").read_text() == '{"hidden": 512}\n'
    assert nothing_staged(model, model.parent)


def test_content_that_was_only_looked_at_is_not_overwritten(
    store: Store, cache: StatCache, model: Path, an_hour_later: Settle
) -> None:
    stored = ingest(store, model, cache=cache)
    (model / "config.json").write_text("mine")
    an_hour_later()
    digest_of(model, algorithm="sha256", cache=cache)
    with pytest.raises(Conflict):
        bring(store, stored, model, cache=cache)


def test_a_version_that_the_store_no_longer_has_is_not_overwritten(
    store: Store, cache: StatCache, tmp_path: Path, an_hour_later: Settle
) -> None:
    an_hour_later()
    first = ingest(store, b"first")
    (tmp_path / "m").write_bytes(b"second")
    second = ingest(store, tmp_path / "m", cache=cache)
    delete_recipe(store, second.artifact.recipe)
    with pytest.raises(Conflict):
        bring(store, first, tmp_path / "m", cache=cache)


def test_files_of_the_previous_version_are_taken_away_unless_changed(
    store: Store, model: Path, tmp_path: Path
) -> None:
    (model / "old" / "deep").mkdir(parents=True)
    (model / "old" / "deep" / "same.txt").write_text("same")
    (model / "changed.txt").write_text("before")
    first = ingest(store, model)
    bring(store, first, tmp_path / "back")
    (tmp_path / "back" / "changed.txt").write_text("after!")
    (tmp_path / "back" / "notes.txt").write_text("mine")
    (model / "old" / "deep" / "same.txt").unlink()
    (model / "changed.txt").unlink()
    second = ingest(store, model)
    previous = {file.path: file.digest for file in first.files}
    result = bring(store, second, tmp_path / "back", overwrite=Overwrite(previous))
    assert result.removed_files == 1
    assert tree_of(tmp_path / "back") == tree_of(model) | {"changed.txt": b"after!", "notes.txt": b"mine"}
    assert not (tmp_path / "back" / "old").exists()


def test_files_of_the_named_version_may_be_replaced_without_a_cache(store: Store, tmp_path: Path) -> None:
    first, second = ingest(store, b"first"), ingest(store, b"second")
    bring(store, first, tmp_path / "m")
    bring(store, second, tmp_path / "m", overwrite=Overwrite({"": first.artifact.digest}))
    assert (tmp_path / "m").read_bytes() == b"second"


def test_a_file_that_should_be_executable_becomes_so_without_being_written(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    stored = ingest(store, tmp_path / "run.sh")
    (tmp_path / "run.sh").chmod(0o640)
    result = bring(store, stored, tmp_path / "run.sh")
    assert result.written_files == 0
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o750


# -- where it must not go ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [".git/model", "sub/.GIT/hooks/x", ".git"])
def test_nothing_goes_into_git_itself(store: Store, tmp_path: Path, place: str) -> None:
    (tmp_path / ".git").mkdir()
    stored = ingest(store, b"x")
    for root in (None, tmp_path):
        with pytest.raises(InvalidInput, match=r"\.git"):
            bring(store, stored, tmp_path / place, root=root)
    assert list((tmp_path / ".git").iterdir()) == []


def test_a_link_that_leads_into_git_is_seen_through(store: Store, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "innocent").symlink_to(".git")
    with pytest.raises(InvalidInput):
        bring(store, ingest(store, b"x"), tmp_path / "innocent" / "config")


def test_nothing_is_written_through_a_link_below_the_root(store: Store, model: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "models").symlink_to(tmp_path / "outside")
    with pytest.raises(Conflict, match="models' is a link"):
        bring(store, ingest(store, model), tmp_path / "work" / "models" / "m", root=tmp_path / "work")
    assert list((tmp_path / "outside").iterdir()) == []


def test_nothing_is_written_through_a_link_inside_the_artifact(
    store: Store, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "tokenizer").symlink_to(tmp_path / "outside")
    with pytest.raises(Conflict, match="tokenizer' is a link"):
        bring(store, ingest(store, model), tmp_path / "back", overwrite=FORCE)
    assert list((tmp_path / "outside").iterdir()) == []
    assert list((tmp_path / "back").iterdir()) == [tmp_path / "back" / "tokenizer"]


def test_a_link_in_place_of_a_file_is_not_followed(store: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "m").symlink_to("precious")
    with pytest.raises(Conflict):
        bring(store, ingest(store, b"x"), tmp_path / "m")
    bring(store, ingest(store, b"x"), tmp_path / "m", overwrite=FORCE)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (tmp_path / "m").is_symlink()


def test_a_link_to_the_right_content_can_stay(store: Store, model: Path) -> None:
    (model / "config.json").rename(model.parent / "cached")
    (model / "config.json").symlink_to(model.parent / "cached")
    assert bring(store, ingest(store, model), model).kept_files == 3
    assert (model / "config.json").is_symlink()


def test_a_linked_directory_is_not_a_destination(store: Store, model: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "back").symlink_to(tmp_path / "outside")
    with pytest.raises(Conflict, match="back' is a link"):
        bring(store, ingest(store, model), tmp_path / "back")


def test_a_directory_where_a_file_must_go_is_left(store: Store, tmp_path: Path) -> None:
    (tmp_path / "m" / "mine").mkdir(parents=True)
    with pytest.raises(Conflict, match="is a directory"):
        bring(store, ingest(store, b"x"), tmp_path / "m")
    assert (tmp_path / "m" / "mine").is_dir()
    bring(store, ingest(store, b"x"), tmp_path / "m", overwrite=FORCE)
    assert (tmp_path / "m").read_bytes() == b"x"


def test_a_file_where_a_directory_must_go_is_left(store: Store, model: Path, tmp_path: Path) -> None:
    (tmp_path / "back").write_text("mine")
    with pytest.raises(Conflict, match="not a directory"):
        bring(store, ingest(store, model), tmp_path / "back")
    assert (tmp_path / "back").read_text() == "mine"
    bring(store, ingest(store, model), tmp_path / "back", overwrite=FORCE)
    assert tree_of(tmp_path / "back") == tree_of(model)


def test_a_destination_outside_its_root_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(InvalidInput):
        bring(store, ingest(store, b"x"), tmp_path / "work" / ".." / "x", root=tmp_path / "work")


# -- what is damaged --------------------------------------------------------------------------------------


def damage(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    damage(path, bytes(content))


@pytest.mark.parametrize("harm", [flipped, lambda p: damage(p, b""), os.unlink])
@pytest.mark.parametrize("there", [False, True], ids=["fresh", "over another version"])
def test_a_damaged_chunk_leaves_the_destination_as_it_was(
    store: Store, cache: StatCache, model: Path, tmp_path: Path, harm: Callable[[Path], None], there: bool
) -> None:
    back = tmp_path / "back"
    if there:
        (model / "config.json").write_text("{}")
        bring(store, ingest(store, model), back, cache=cache)
        (model / "config.json").write_text("[]")
        (model / "added.txt").write_text("added")
    before = tree_of(back) if there else None
    write_safetensors(model / "model.safetensors", {"a": noise("new", 1 << 20), "b": noise("b2", 1 << 19)})
    known = stored_files(store, "chunks").items()
    stored = ingest(store, model)
    new = stored_files(store, "chunks").items() - known
    harm(next(path for _, path in sorted(new)))
    with pytest.raises((IntegrityError, NotFound)) as caught:
        bring(store, stored, back, cache=cache)
    assert str(caught.value.hint) == "git regolo fsck"
    assert (tree_of(back) if back.exists() else None) == before
    assert nothing_staged(tmp_path, back)


def test_a_recipe_that_does_not_rebuild_its_digest_is_refused(store: Store, tmp_path: Path) -> None:
    artifact = forged(store)
    with pytest.raises(IntegrityError, match="was rebuilt with the wrong digest"):
        materialize(store, artifact, tmp_path / "back")
    with pytest.raises(IntegrityError, match="was rebuilt with the wrong digest"):
        verify_artifact(store, artifact)
    assert not (tmp_path / "back").exists()


def test_a_recipe_of_another_artifact_is_refused(store: Store, tmp_path: Path) -> None:
    first, second = ingest(store, b"first").artifact, ingest(store, b"second").artifact
    mixed = replace(first, digest=second.digest)
    for act in (
        lambda: materialize(store, mixed, tmp_path / "back"),
        lambda: verify_artifact(store, mixed),
    ):
        with pytest.raises(IntegrityError, match=str(second.digest)):
            act()


def test_a_digest_is_computed_once_and_then_trusted(store: Store, cache: StatCache, tmp_path: Path) -> None:
    artifact = forged(store)
    cache.trust(artifact)  # as if it had been computed
    materialize(store, artifact, tmp_path / "back", cache=cache)
    with pytest.raises(IntegrityError):
        verify_artifact(store, artifact, cache=cache)


def test_a_part_of_an_artifact_does_not_earn_its_trust(
    store: Store, cache: StatCache, model: Path, tmp_path: Path
) -> None:
    stored = ingest(store, model)
    bring(store, stored, tmp_path / "back", cache=cache, patterns=["*.json"])
    assert not cache.trusts(stored.artifact)
    bring(store, stored, tmp_path / "whole", cache=cache)
    assert cache.trusts(stored.artifact)


def test_a_missing_recipe_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="recipe"):
        materialize(store, NOWHERE, tmp_path / "back")


def test_a_recipe_with_a_path_that_leaves_is_refused(store: Store, tmp_path: Path) -> None:
    recipe = Recipe("directory", (RecipeFile("../x", 0o644, 0, NOWHERE.digest),), (), ())
    store.put_recipe(recipe)
    with pytest.raises(IntegrityError, match="bad path"):
        materialize(store, Artifact.of(recipe), tmp_path / "back")


# -- what goes wrong on the way ---------------------------------------------------------------------------


def test_a_file_that_appears_meanwhile_is_not_overwritten(store: Store, model: Path, tmp_path: Path) -> None:
    (tmp_path / "back").mkdir()
    stored = ingest(store, model)

    def on_progress(_: Progress) -> None:
        (tmp_path / "back" / "config.json").write_text("mine")

    with pytest.raises(Conflict, match="changed during the checkout"):
        bring(store, stored, tmp_path / "back", on_progress=on_progress)
    assert tree_of(tmp_path / "back") == {"config.json": b"mine"}
    assert nothing_staged(tmp_path, tmp_path / "back")


def test_an_interrupt_leaves_nothing(store: Store, model: Path, tmp_path: Path) -> None:
    def on_progress(_: Progress) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        bring(store, ingest(store, model), tmp_path / "new" / "back", on_progress=on_progress)
    assert not (tmp_path / "new").exists()
    assert nothing_staged(tmp_path)
    assert threading.active_count() == before


def test_when_one_file_cannot_be_placed_all_go_back(
    store: Store, cache: StatCache, model: Path, tmp_path: Path
) -> None:
    back = tmp_path / "back"
    bring(store, ingest(store, model), back, cache=cache)
    before = tree_of(back)
    (model / "config.json").write_text("{}")
    (model / "a-new.txt").write_text("new")
    (model / "tokenizer" / "words.txt").write_text("bye\n")
    stored = ingest(store, model)

    def on_progress(_: Progress) -> None:
        # After the look: the directory of the last file becomes another, and its file a directory.
        if not (back / "tokenizer.old").exists():
            (back / "tokenizer").rename(back / "tokenizer.old")
            (back / "tokenizer").symlink_to("tokenizer.old")

    with pytest.raises(RegoloError):
        bring(store, stored, back, cache=cache, on_progress=on_progress)
    (back / "tokenizer").unlink()
    (back / "tokenizer.old").rename(back / "tokenizer")
    assert tree_of(back) == before


def test_a_full_disk_is_an_error_and_changes_nothing(store: Store, tmp_path: Path) -> None:
    stored = ingest(store, noise("full", 3 << 20))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, hard))
    try:
        with pytest.raises(TransportError, match="cannot be written"):
            bring(store, stored, tmp_path / "back")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "back").exists()
    assert nothing_staged(tmp_path)


def test_leftovers_of_a_killed_checkout_are_removed_by_the_next(store: Store, tmp_path: Path) -> None:
    left = tmp_path / ".regolo-checkout-00aa"
    left.mkdir()
    assert stale_stagings(tmp_path) == []  # somebody may have made it this moment, and not locked it yet
    (left / "files").mkdir()
    (left / "files" / "1").write_text("half")
    assert stale_stagings(tmp_path) == [left]
    bring(store, ingest(store, b"x"), tmp_path / "back")
    assert not left.exists()


@pytest.mark.parametrize("noted", [True, False])
def test_a_second_name_that_a_killed_checkout_left_is_no_change(
    store: Store, tmp_path: Path, cache: StatCache, noted: bool
) -> None:
    first, second = ingest(store, b"first"), ingest(store, b"second")
    notes, base = tmp_path / "notes", tmp_path / "elsewhere" if noted else tmp_path
    left = base / ".regolo-checkout-00aa"
    back = tmp_path / "back"
    bring(store, first, back, cache=cache)
    (left / "old").mkdir(parents=True)
    (left / "old" / "1").hardlink_to(back)
    if noted:
        notes.mkdir()
        (notes / left.name[1:]).write_text(str(left))
    bring(store, second, back, cache=cache, notes=notes)
    assert back.read_bytes() == b"second"
    assert not left.exists()
