"""What goes into the store: the right digests, only what is new, nothing half-done."""

import os
import subprocess
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from blake3 import blake3
from support.artifact_files import bytes_read, noise, stored_bytes
from support.local_store import stored_files
from support.model_files import write_safetensors

from regolo_git.artifacts.ingest.cuts import STEP
from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.path_digest import digest_of
from regolo_git.artifacts.progress import Progress
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import Conflict, InvalidInput, TransportError
from regolo_git.records.digests import blake3_hex
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store


def shell(command: str, directory: Path) -> str:
    done = subprocess.run(["bash", "-c", command], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def test_a_file_has_the_digest_that_sha256sum_prints(store: Store, model: Path) -> None:
    expected = shell("sha256sum model.safetensors", model)
    assert str(ingest(store, model / "model.safetensors").artifact.digest) == f"sha256:{expected}"


def test_a_directory_has_the_digest_that_the_shell_computes(store: Store, model: Path) -> None:
    for name in ("ä b.txt", "Z", "a-b/c", "a/c"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text(name)
    pipeline = r"find -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"
    assert str(ingest(store, model).artifact.digest) == f"sha256:{shell(pipeline, model)}"
    assert digest_of(model, algorithm="sha256").hex == shell(pipeline, model)


def test_blake3_is_the_digest_where_the_registry_says_so(store: Store, model: Path) -> None:
    data = (model / "model.safetensors").read_bytes()
    result = ingest(store, model / "model.safetensors", algorithm="blake3")
    assert str(result.artifact.digest) == f"blake3:{blake3_hex(data)}"


def test_an_empty_file_is_an_artifact_of_no_chunks(store: Store, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    result = ingest(store, tmp_path / "empty")
    assert (result.artifact.size, result.new_bytes) == (0, 0)
    assert stored_files(store, "chunks") == {}
    assert stored_bytes(store, result.artifact) == b""


def test_tensors_carry_their_own_digests(store: Store, tmp_path: Path) -> None:
    tensors = {
        "long": noise("long", STEP + 5),
        "large": noise("large", 1 << 20),
        "small": b"s" * 100,
        "none": b"",
    }
    write_safetensors(tmp_path / "m.safetensors", tensors)
    recipe = store.read_recipe(ingest(store, tmp_path / "m.safetensors").artifact.recipe)
    assert {t.name: t.blake3 for t in recipe.tensors} == {n: blake3_hex(d) for n, d in tensors.items()}
    content = (tmp_path / "m.safetensors").read_bytes()
    assert all(content[t.offset : t.offset + t.size] == tensors[t.name] for t in recipe.tensors)


def test_small_files_are_cut_where_their_items_say(store: Store, tmp_path: Path) -> None:
    top, items = tmp_path / "model", []
    top.mkdir()
    for number in range(40):
        name, size = f"{number:02}", 1 + number * 6_000
        if number % 3:
            (top / name).write_bytes(noise(name, size))
            items.append(noise(name, size))
        else:
            tensors = {"a": noise(f"a{number}", size // 2), "b": b"", "c": noise(f"c{number}", size // 3)}
            data = write_safetensors(top / name, tensors).read_bytes()
            ends = [
                len(data) - size // 2 - size // 3,
                len(data) - size // 3,
                len(data) - size // 3,
                len(data),
            ]
            items += [data[start:end] for start, end in pairwise([0, *ends])]
    stored = ingest(store, top)
    assert [chunk.size for chunk in store.read_recipe(stored.artifact.recipe).chunks] == groups(items)
    assert stored_bytes(store, stored.artifact) == b"".join(items)


def groups(items: list[bytes]) -> list[int]:
    """The sizes of the chunks of small items."""
    sizes = [0]
    for item in items:
        if sizes[-1] + len(item) > 1 << 20:
            sizes.append(0)
        sizes[-1] += len(item)
        if sizes[-1] and blake3(item).digest()[0] % 8 == 0:
            sizes.append(0)
    return [size for size in sizes if size]


def test_only_what_is_new_is_written(store: Store, model: Path) -> None:
    first = ingest(store, model)
    assert first.new_bytes == first.artifact.size
    (model / "config.json").write_text('{"hidden": 1024}\n')
    second = ingest(store, model)
    assert second.new_bytes < 1000
    stored = sum(path.stat().st_size for path in stored_files(store, "chunks").values())
    assert stored == first.artifact.size + second.new_bytes


def test_a_tensor_put_in_front_moves_nothing(store: Store, tmp_path: Path) -> None:
    tensors = {name: noise(name, 700_001) for name in "abcdef"}
    write_safetensors(tmp_path / "m.safetensors", tensors)
    ingest(store, tmp_path / "m.safetensors")
    write_safetensors(tmp_path / "m.safetensors", {"adapter": noise("x", 999), **tensors})
    assert ingest(store, tmp_path / "m.safetensors").new_bytes < 3000


def test_the_same_content_twice_in_one_artifact_is_stored_once(store: Store, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "m.safetensors", dict.fromkeys("abcd", noise("same", 1 << 20)))
    result = ingest(store, tmp_path / "m.safetensors")
    assert result.new_bytes < (1 << 20) + 1000
    assert result.new_bytes == sum(path.stat().st_size for path in stored_files(store, "chunks").values())


def test_plain_content_of_many_windows_is_cut_by_content(store: Store, tmp_path: Path) -> None:
    data = noise("plain", 40 << 20)
    (tmp_path / "data.bin").write_bytes(data)
    result = ingest(store, tmp_path / "data.bin")
    verify_artifact(store, result.artifact)
    (tmp_path / "data.bin").write_bytes(b"put in front" + data)
    assert ingest(store, tmp_path / "data.bin").new_bytes < 5 << 20


def test_progress_counts_up_to_the_size(store: Store, model: Path) -> None:
    steps: list[Progress] = []
    size = ingest(store, model, on_progress=steps.append).artifact.size
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {step.total for step in steps} == {size}
    assert steps[-1].done == size


def test_progress_tells_what_was_there_already(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(noise("x", 40 << 20))
    steps: list[Progress] = []
    ingest(store, tmp_path / "model.bin", on_progress=steps.append)
    assert {step.found for step in steps} == {0}
    ingest(store, tmp_path / "model.bin", on_progress=steps.append)
    assert 0 < steps[-1].found <= 40 << 20


def test_no_thread_outlives_an_ingest(store: Store, model: Path) -> None:
    before = threading.active_count()
    ingest(store, model)
    assert threading.active_count() == before


def test_a_store_in_memory_takes_the_same_recipe(store: Store, memory_store: Store, model: Path) -> None:
    assert ingest(memory_store, model).artifact.recipe == ingest(store, model).artifact.recipe


# -- what changes while it is read ------------------------------------------------------------------------


def change_while_reading(store: Store, source: Path, change: Callable[[], object]) -> None:
    """Ingests, and makes the change when the first bytes have been read."""
    waiting = [change]

    def on_progress(_: Progress) -> None:
        if waiting:
            waiting.pop()()

    with pytest.raises(Conflict, match="changed while it was being read"):
        ingest(store, source, on_progress=on_progress)
    assert stored_files(store, "recipes") == {}


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")


def replace(path: Path) -> None:
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


@pytest.mark.parametrize("change", [append, overwrite, replace, os.unlink, lambda p: os.truncate(p, 9)])
def test_a_file_that_changes_while_it_is_read_is_refused(
    store: Store, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(noise("changing", 60 << 20))
    change_while_reading(store, path, lambda: change(path))


@pytest.mark.parametrize("name", ["tokenizer/words.txt", "config.json", "model.safetensors"])
def test_a_file_of_a_directory_that_changes_is_refused_before_or_after_its_turn(
    store: Store, model: Path, name: str
) -> None:
    change_while_reading(store, model, lambda: append(model / name))


def test_a_file_that_is_added_meanwhile_is_noticed(store: Store, model: Path) -> None:
    change_while_reading(store, model, lambda: (model / "zz").write_text("new"))


def test_a_file_that_is_taken_away_meanwhile_is_noticed(store: Store, model: Path) -> None:
    change_while_reading(store, model, (model / "config.json").unlink)


def small_files(top: Path, count: int = 40) -> Path:
    top.mkdir()
    for number in range(count):
        (top / f"{number:02}").write_bytes(noise(f"{number}", 100_000))
    return top


@pytest.mark.parametrize("change", [append, overwrite, replace, os.unlink, lambda p: os.truncate(p, 1)])
@pytest.mark.parametrize("name", ["00", "39"])
def test_a_small_file_that_changes_is_refused_before_or_after_its_turn(
    store: Store, tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    top = small_files(tmp_path / "model")
    change_while_reading(store, top, lambda: change(top / name))


def test_a_small_file_replaced_by_a_pipe_is_refused_and_not_waited_for(store: Store, tmp_path: Path) -> None:
    top = small_files(tmp_path / "model", 90)

    def replace_by_pipe() -> None:
        (top / "89").unlink()
        os.mkfifo(top / "89")

    waiting = [replace_by_pipe]
    with pytest.raises(InvalidInput, match="it is a pipe"):
        ingest(store, top, on_progress=lambda _: waiting.pop()() if waiting else None)
    assert stored_files(store, "recipes") == {}


# -- what goes wrong --------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written_is_an_error_without_a_recipe(store: Store, model: Path) -> None:
    Path(store.url).rename(store.url + "-away")
    Path(store.url).write_text("in the way")
    with pytest.raises(TransportError):
        ingest(store, model)


def test_an_interrupted_ingest_leaves_no_thread_and_no_temporary(store: Store, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(noise("x", 40 << 20))

    def on_progress(_: Progress) -> None:
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        ingest(store, tmp_path / "model.bin", on_progress=on_progress)
    assert threading.active_count() == before
    assert list(Path(store.url, "tmp").iterdir()) == []
    assert stored_files(store, "recipes") == {}


# -- what need not be read again --------------------------------------------------------------------------


def test_an_unchanged_artifact_is_not_read_again(
    store: Store, cache: StatCache, model: Path, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    first = ingest(store, model, cache=cache)
    second = ingest(store, model, cache=cache)
    assert second.unchanged
    assert not first.unchanged
    assert (second.artifact.digest, second.artifact.recipe, second.files) == (
        first.artifact.digest,
        first.artifact.recipe,
        first.files,
    )
    assert second.new_bytes == 0


def test_an_artifact_written_this_moment_is_read_again(
    store: Store, cache: StatCache, tmp_path: Path
) -> None:
    (tmp_path / "model.bin").write_bytes(b"1")
    ingest(store, tmp_path / "model.bin", cache=cache)
    assert not ingest(store, tmp_path / "model.bin", cache=cache).unchanged


@pytest.mark.parametrize(
    "change",
    [
        lambda m: (m / "config.json").write_text('{"hidden": 513}\n'),
        lambda m: (m / "new").write_text("new"),
        lambda m: (m / "config.json").unlink(),
        lambda m: (m / "config.json").chmod(0o755),
        lambda m: (m / "config.json").rename(m / "renamed.json"),
    ],
)
def test_any_change_is_seen(
    store: Store,
    cache: StatCache,
    model: Path,
    an_hour_later: Callable[[], None],
    change: Callable[[Path], object],
) -> None:
    an_hour_later()
    before = ingest(store, model, cache=cache)
    change(model)
    after = ingest(store, model, cache=cache)
    assert not after.unchanged
    assert after.artifact.recipe != before.artifact.recipe
    assert after.artifact.recipe == ingest(LooseStore.open_or_create("memory://any"), model).artifact.recipe


def test_a_large_file_is_not_read_again_when_another_changes(
    store: Store, cache: StatCache, model: Path, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    ingest(store, model, cache=cache)
    (model / "config.json").write_text("{}")
    before = bytes_read()
    result = ingest(store, model, cache=cache)
    assert bytes_read() - before < 200_000
    assert (
        result.artifact.recipe == ingest(LooseStore.open_or_create("memory://fresh"), model).artifact.recipe
    )
    verify_artifact(store, result.artifact)


def test_lost_artifacts_are_read_again(
    store: Store, cache: StatCache, model: Path, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    first = ingest(store, model, cache=cache)
    for path in stored_files(store, "chunks").values():
        path.unlink()
    second = ingest(store, model, cache=cache)
    assert second.artifact.recipe == first.artifact.recipe
    verify_artifact(store, second.artifact)


def test_a_recipe_that_was_damaged_is_made_again(
    store: Store, cache: StatCache, model: Path, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    address = ingest(store, model, cache=cache).artifact.recipe
    path = Path(store.url, "recipes", address.hex[:2], address.hex)
    path.chmod(0o644)
    path.write_text("{}")
    again = ingest(store, model, cache=cache)
    verify_artifact(store, again.artifact)


def test_the_digest_of_an_unchanged_file_is_remembered(
    cache: StatCache, tmp_path: Path, an_hour_later: Callable[[], None]
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"content")
    an_hour_later()
    first = digest_of(path, algorithm="sha256", cache=cache)
    assert cache.known(path, "sha256")[""].digest == first
    path.write_bytes(b"CONTENT")
    assert digest_of(path, algorithm="sha256", cache=cache) != first


def test_asking_for_a_digest_does_not_forget_where_the_bytes_are(
    store: Store, cache: StatCache, model: Path, an_hour_later: Callable[[], None]
) -> None:
    an_hour_later()
    result = ingest(store, model, cache=cache)
    os.utime(model / "model.safetensors")  # touched, not changed
    assert digest_of(model, algorithm="sha256", cache=cache) == result.artifact.digest
    assert ingest(store, model, cache=cache).unchanged
