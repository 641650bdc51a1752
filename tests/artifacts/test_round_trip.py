"""Whatever tree of files goes in comes out, and the same tree has the same recipe forever."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st
from support.artifact_files import tree_of
from support.places import GOLDEN

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.artifacts.restore.planner import Overwrite
from regolo_git.artifacts.verify import verify_artifact
from regolo_git.errors import InvalidInput
from regolo_git.records.names import check_artifact_path
from regolo_git.store.loose import LooseStore
from regolo_git.store.store import Store

CHUNKING = GOLDEN / "chunking"
SIZES = st.one_of(st.integers(0, 3000), st.sampled_from([262_143, 262_144, 262_145, 1 << 20, (1 << 20) + 1]))


def is_allowed(path: str) -> bool:
    try:
        return check_artifact_path(path) == path and len(path.encode()) < 100
    except InvalidInput:
        return False


names = st.text("abZé0-._ \u200b", min_size=1, max_size=6)
paths = st.lists(names, min_size=1, max_size=3).map("/".join).filter(is_allowed)
trees = st.dictionaries(paths, st.tuples(SIZES, st.integers(0, 3)), min_size=1, max_size=8)


def content(seed: str, size: int) -> bytes:
    """The same bytes for the same seed, forever: BLAKE3's own output, as long as one likes."""
    return blake3(seed.encode()).digest(length=size)


def part(described: str | tuple[str, int]) -> bytes:
    """A part of a golden file: hex digits, or a seed and a size."""
    return bytes.fromhex(described) if isinstance(described, str) else content(*described)


def write_tree(top: Path, tree: dict[str, tuple[int, int]]) -> None:
    """Writes what can be written: a path below another file is left out."""
    for path, (size, seed) in sorted(tree.items()):
        place = top / path
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content(f"{seed}", size))
        except OSError:
            continue


@settings(max_examples=40)
@given(trees)
def test_any_tree_comes_back(tree: dict[str, tuple[int, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        write_tree(top / "model", tree)
        store = LooseStore.open_or_create(str(top / "store"))
        stored = ingest(store, top / "model")
        materialize(store, stored.artifact, top / "back")
        assert tree_of(top / "back") == tree_of(top / "model")
        recipe = store.read_recipe(stored.artifact.recipe)
        assert sum(chunk.size for chunk in recipe.chunks) == stored.artifact.size
        assert ingest(store, top / "back").artifact.recipe == stored.artifact.recipe


@settings(max_examples=30)
@given(trees, trees)
def test_any_version_can_follow_any_other(
    first: dict[str, tuple[int, int]], second: dict[str, tuple[int, int]]
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        store = LooseStore.open_or_create(str(top / "store"))
        versions = []
        for number, tree in enumerate((first, second)):
            write_tree(top / f"{number}", tree)
            versions.append(ingest(store, top / f"{number}"))
        shutil.copytree(top / "0", top / "work")
        previous = {file.path: file.digest for file in versions[0].files}
        changed_kind = _file_and_directory(tree_of(top / "0"), tree_of(top / "1"))
        if changed_kind:
            return
        new = versions[1]
        materialize(store, new.artifact, top / "work", overwrite=Overwrite(previous))
        assert tree_of(top / "work") == tree_of(top / "1")


def _file_and_directory(first: dict[str, bytes], second: dict[str, bytes]) -> bool:
    """Whether a path is a file in one version and a directory in the other: that is left to the user."""
    return any(a.startswith(f"{b}/") or b.startswith(f"{a}/") for a in first for b in second)


@pytest.mark.parametrize(
    "case", json.loads((CHUNKING / "trees.json").read_text()), ids=lambda case: case["name"]
)
def test_a_tree_is_cut_where_it_always_was(store: Store, tmp_path: Path, case: dict[str, object]) -> None:
    files = case["files"]
    assert isinstance(files, dict)
    for path, parts in files.items():
        (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        data = b"".join(part(described) for described in parts)
        (tmp_path / "model" / path).write_bytes(data)
        (tmp_path / "model" / path).chmod(0o644)
    stored = ingest(store, tmp_path / "model")
    recipe = store.read_recipe(stored.artifact.recipe)
    assert [[chunk.blake3[:16], chunk.size] for chunk in recipe.chunks] == case["chunks"]
    assert [tensor.name for tensor in recipe.tensors] == case["tensors"]
    assert str(stored.artifact.recipe) == case["recipe"]
    verify_artifact(store, stored.artifact)
