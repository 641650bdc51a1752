"""Single tensors as a safetensors file of their own."""

import io
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save_file
from support.artifact_files import noise
from support.local_store import stored_files
from support.model_files import write_safetensors

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.tensors import TensorsFile, matching_tensors, write_tensors
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound, TransportError
from regolo_git.records.recipe import Recipe
from regolo_git.store.store import Store

ARRAYS = {
    "encoder.weight": np.arange(1 << 19, dtype=np.float32).reshape(512, -1),
    "encoder.bias": np.arange(7, dtype=np.float64),
    "empty": np.zeros((0, 3), dtype=np.float16),
    "head.weight": np.arange(300_000, dtype=np.int16),
    "head.mask": np.array([True, False]),
}


@pytest.fixture
def recipe(store: Store, tmp_path: Path) -> Recipe:
    save_file(ARRAYS, tmp_path / "model.safetensors")
    return store.read_recipe(ingest(store, tmp_path / "model.safetensors").artifact.recipe)


def contents(store: Store, recipe: Recipe, *names: str, patterns: tuple[str, ...] = ()) -> bytes:
    written = io.BytesIO()
    file = TensorsFile(store, recipe, matching_tensors(recipe, names, patterns))
    file.write_to(written.write)
    assert file.size == len(written.getvalue())
    return written.getvalue()


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_tensor_is_read_by_the_library(store: Store, recipe: Recipe, name: str) -> None:
    found = load(contents(store, recipe, name))
    assert list(found) == [name]
    np.testing.assert_array_equal(found[name], ARRAYS[name])
    assert found[name].dtype == ARRAYS[name].dtype


def test_all_tensors_make_the_file_that_the_library_writes(
    store: Store, recipe: Recipe, tmp_path: Path
) -> None:
    assert contents(store, recipe, "*") == (tmp_path / "model.safetensors").read_bytes()


def test_only_the_chunks_of_the_tensor_are_read(store: Store, recipe: Recipe) -> None:
    tensor = next(t for t in recipe.tensors if t.name == "encoder.weight")
    file = TensorsFile(store, recipe, [tensor])
    held = {chunk.blake3 for chunk in file.chunks()}
    assert sum(chunk.size for chunk in file.chunks()) < tensor.size + (1 << 20)
    for address, path in stored_files(store, "chunks").items():
        if address not in held:
            path.unlink()
    np.testing.assert_array_equal(
        load(contents(store, recipe, "encoder.weight"))["encoder.weight"], ARRAYS["encoder.weight"]
    )


def test_a_glob_selects_several(store: Store, recipe: Recipe) -> None:
    assert sorted(load(contents(store, recipe, "*.weight", "empty"))) == [
        "empty",
        "encoder.weight",
        "head.weight",
    ]


def test_a_name_that_no_tensor_has_suggests_one(store: Store, recipe: Recipe) -> None:
    with pytest.raises(NotFound, match=r"'encoder.weigth', did you mean 'encoder.weight'\?"):
        matching_tensors(recipe, ["encoder.weigth"], ())


def test_a_version_without_tensors_says_so(store: Store) -> None:
    recipe = store.read_recipe(ingest(store, b"no tensors").artifact.recipe)
    with pytest.raises(NotFound, match="no tensors that this release can read"):
        matching_tensors(recipe, ["w"], ())


def test_a_name_in_several_files_needs_one_of_them(store: Store, tmp_path: Path) -> None:
    top = tmp_path / "model"
    for name in ("a", "b"):
        write_safetensors(top / f"{name}.safetensors", {"w": noise(name, 64), f"only.{name}": b"1"})
    recipe = store.read_recipe(ingest(store, top).artifact.recipe)
    with pytest.raises(InvalidInput, match="several tensors are named 'w'"):
        matching_tensors(recipe, ["w"], ())
    found = load(contents(store, recipe, "w", patterns=("b.safetensors",)))
    assert found["w"].tobytes() == noise("b", 64)
    with pytest.raises(NotFound, match=r"'only\.a'"):
        matching_tensors(recipe, ["only.a"], ("b.safetensors",))


def test_a_type_that_safetensors_lacks_is_refused(store: Store, recipe: Recipe) -> None:
    other = Recipe(recipe.kind, recipe.files, (recipe.tensors[0]._replace(dtype="Q4_K"),), recipe.chunks)
    with pytest.raises(InvalidInput, match="has type 'Q4_K', which safetensors cannot hold"):
        matching_tensors(other, ["*"], ())


def test_a_tensor_with_another_hash_is_an_error(store: Store, recipe: Recipe) -> None:
    tensor = recipe.tensors[-1]._replace(blake3="0" * 64)
    with pytest.raises(IntegrityError, match="wrong hash"):
        TensorsFile(store, recipe, [tensor]).write_to(len)


def test_the_file_is_written_whole_or_not_at_all(store: Store, recipe: Recipe, tmp_path: Path) -> None:
    file = TensorsFile(store, recipe, matching_tensors(recipe, ["*"], ()))
    place = tmp_path / "out" / "some.safetensors"
    for path in stored_files(store, "chunks").values():
        path.rename(path.with_suffix(".away"))
    with pytest.raises(NotFound):
        write_tensors(file, place)
    assert not place.parent.exists()
    for path in Path(store.url, "chunks").glob("??/*.away"):
        path.rename(path.with_suffix(""))
    assert write_tensors(file, place, notes=tmp_path / "notes") == place
    assert place.read_bytes() == (tmp_path / "model.safetensors").read_bytes()
    assert [path.name for path in place.parent.iterdir()] == ["some.safetensors"]


def test_a_file_is_only_replaced_by_force(store: Store, recipe: Recipe, tmp_path: Path) -> None:
    file = TensorsFile(store, recipe, matching_tensors(recipe, ["head.mask"], ()))
    place = tmp_path / "here"
    place.write_bytes(b"mine")
    with pytest.raises(Conflict, match="already exists"):
        write_tensors(file, place)
    assert place.read_bytes() == b"mine"
    write_tensors(file, place, force=True)
    assert load(place.read_bytes())["head.mask"].tolist() == [True, False]
    with pytest.raises((Conflict, TransportError)):
        write_tensors(file, tmp_path, force=True)
