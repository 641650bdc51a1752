"""What the local store lacks is fetched from the shared one: only that, and once."""

import json
import secrets
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load
from support.artifact_files import noise
from support.git_program import git
from support.local_store import stored_files
from support.model_files import write_safetensors
from support.team import clone_of, local_chunks, send_all

from regolo_git.api import Registry
from regolo_git.artifacts.progress import Progress
from regolo_git.errors import IntegrityError, NotFound, RegoloError, TransportError
from regolo_git.records.references import Reference
from regolo_git.registry.versions.checkout import checkout_version
from regolo_git.store.loose import LooseStore

TENSORS = {name: noise(name, 1 << 20) for name in ("a", "b", "c")}


@pytest.fixture
def clone(publisher: Registry, tmp_path: Path) -> Path:
    """A clone without bytes, of a registry whose model has three tensors and a small file."""
    top = tmp_path / "model"
    write_safetensors(top / "model.safetensors", TENSORS)
    (top / "config.json").write_text(json.dumps({"labels": 2}))
    publisher.register_model("m", top)
    send_all(publisher)
    return clone_of(publisher, tmp_path / "clone")


def files_of(place: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(place.iterdir())}


def test_a_checkout_fetches_everything_once(
    publisher: Registry, clone: Path, team: Path, tmp_path: Path
) -> None:
    with Registry.open(clone) as registry:
        place = registry.checkout_model_version("m", "1.0", tmp_path / "out")
    assert files_of(place) == files_of(tmp_path / "model")
    assert local_chunks(clone) == local_chunks(publisher.handle.paths.top)
    team.rename(tmp_path / "away")
    with Registry.open(clone) as registry:
        again = registry.checkout_model_version("m", "1.0", tmp_path / "again")
    assert files_of(again) == files_of(tmp_path / "model")


def test_only_the_chunks_of_the_selected_files_are_fetched(clone: Path, tmp_path: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "out", patterns=["*.json"])
    assert files_of(tmp_path / "out") == {"config.json": (tmp_path / "model" / "config.json").read_bytes()}
    assert len(local_chunks(clone)) == 1


def test_only_the_chunks_of_a_tensor_are_fetched(clone: Path, tmp_path: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "b.safetensors", tensors=["b"])
    assert load((tmp_path / "b.safetensors").read_bytes())["b"].tobytes() == TENSORS["b"]
    assert len(local_chunks(clone)) == 1


def test_a_range_of_a_file_is_read_without_the_rest(clone: Path, team: Path, tmp_path: Path) -> None:
    content = (tmp_path / "model" / "model.safetensors").read_bytes()
    wanted = content.index(TENSORS["a"]) + 500_000
    with Registry.open(clone) as registry:
        needed = _chunk_at(registry, wanted)
        for path in team.glob("chunks/??/*"):
            if path.name != needed:
                path.unlink()
        with registry.open_model_file("m", "1.0", "model.safetensors") as file:
            file.seek(wanted)
            assert file.read(1000) == content[wanted : wanted + 1000]


def _chunk_at(registry: Registry, offset: int) -> str:
    """The chunk that has a byte of the model; the small file comes before it in the artifact."""
    version = registry.get_model_version("m", "1.0")
    recipe = registry.handle.stores.read_recipe(version.manifest.artifact.recipe)
    offset += recipe.files[0].size
    for chunk in recipe.chunks:
        if offset < chunk.size:
            return chunk.blake3
        offset -= chunk.size
    raise AssertionError


def test_chunks_that_went_come_back(clone: Path, tmp_path: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
        first, *_ = sorted(stored_files(registry.handle.store, "chunks").items())
        first[1].unlink()
        registry.checkout_model_version("m", "1.0", tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(tmp_path / "model")
    assert first[0] in local_chunks(clone)


def test_a_damaged_local_chunk_comes_from_the_shared_store(clone: Path, tmp_path: Path) -> None:
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
        path = max(stored_files(registry.handle.store, "chunks").values(), key=lambda p: p.stat().st_size)
        path.chmod(0o644)
        path.write_bytes(bytes(path.stat().st_size))
        with pytest.warns(match="damaged"):
            registry.checkout_model_version("m", "1.0", tmp_path / "again")
    assert files_of(tmp_path / "again") == files_of(tmp_path / "model")


def test_what_is_fetched_is_counted(clone: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    with Registry.open(clone) as registry:
        checkout_version(registry.handle, Reference.parse("m@1.0"), tmp_path / "out", on_fetch=seen.append)
        size = registry.get_model_version("m", "1.0").size_bytes
    assert seen[-1] == Progress(size, size)
    assert seen[0] == Progress(0, size)


@pytest.mark.parametrize("lost", ["recipe", "chunk"])
def test_what_no_store_has_is_named_and_nothing_is_written(
    clone: Path, team: Path, tmp_path: Path, lost: str
) -> None:
    for path in team.glob(f"{lost}s/??/*"):
        path.unlink()
    with Registry.open(clone) as registry, pytest.raises(NotFound, match=r"m@1\.0|chunk '"):
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_in_the_shared_store_reaches_nobody(clone: Path, team: Path, tmp_path: Path) -> None:
    for path in team.glob("chunks/??/*"):
        path.chmod(0o644)
        path.write_bytes(bytes(path.stat().st_size))
    before = {path: path.read_bytes() for path in team.glob("chunks/??/*")}
    with Registry.open(clone) as registry, pytest.raises(IntegrityError, match="damaged"):
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert {path: path.read_bytes() for path in team.glob("chunks/??/*")} == before


def test_a_shared_store_that_is_unreachable_is_named(clone: Path, team: Path, tmp_path: Path) -> None:
    shutil.move(team, tmp_path / "away")
    with Registry.open(clone) as registry, pytest.raises(TransportError, match=str(team)):
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
    shutil.move(tmp_path / "away", team)
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "model")


def test_a_version_with_the_content_of_another_needs_no_local_bytes(clone: Path) -> None:
    git(clone, "config", "user.name", "Grace")
    git(clone, "config", "user.email", "grace@example.com")
    with Registry.open(clone) as registry:
        before = registry.get_model_version("m", "1.0")
        made = registry.create_model_version("m", version="2.0", model_data=before)
        assert made.digest == before.digest
    assert local_chunks(clone) == set()


def test_a_clone_without_a_store_of_its_own_reads_and_writes_nothing(
    clone: Path, tmp_path: Path, team: Path
) -> None:
    url = f"memory://{secrets.token_hex(8)}"
    LooseStore.create(url)
    git(clone, "config", "regolo.store", url)
    with Registry.open(clone) as registry:
        registry.checkout_model_version("m", "1.0", tmp_path / "out")
    assert files_of(tmp_path / "out") == files_of(tmp_path / "model")
    assert LooseStore.open(url).recipe_names() == set()


def test_what_is_missing_holds_no_memory(clone: Path) -> None:
    with Registry.open(clone) as registry:
        handle = registry.handle
        recipe = handle.stores.read_recipe(registry.get_model_version("m", "1.0").manifest.artifact.recipe)
        errors: list[RegoloError] = []
        assert (
            list(handle.store.read_chunks(recipe, recipe.chunks, lambda _, error: errors.append(error))) == []
        )
        assert len(errors) == len(set(recipe.chunks))
        assert all(error.__traceback__ is None for error in errors)  # whose frames would have the buffers
