"""The bytes that a retirement frees are those that reading every needed version's recipe finds."""

import random
from contextlib import suppress
from pathlib import Path

import pytest
from support.git_program import git
from support.local_store import delete_recipe
from support.needs import present_needs

from regolo_git.api import Registry
from regolo_git.errors import RegoloError
from regolo_git.records.references import Reference
from regolo_git.records.versions import Version
from regolo_git.registry import recipe_index
from regolo_git.registry.reachable import Unreadable
from regolo_git.registry.versions import free_bytes as module
from regolo_git.registry.versions.free_bytes import free_bytes
from regolo_git.registry.versions.model_version import ModelVersion
from regolo_git.registry.versions.retire import exact_plan, plan_retirement
from regolo_git.store.store import find_recipe

POOL = [random.Random(number).randbytes(300_000) for number in range(6)]  # each in a chunk or two of its own


def the_slow_way(registry: Registry, version: ModelVersion) -> int:
    """Every needed manifest and its recipe read."""
    handle = registry.handle
    own = find_recipe(handle.store, version.manifest.artifact.recipe)
    if own is None:
        return 0
    free = {chunk.blake3: chunk.size for chunk in own.chunks}
    for need in present_needs(handle):
        if isinstance(need, Unreadable) or need.is_of(version.model_id, Version.parse(version.version)):
            continue
        recipe = find_recipe(handle.store, need.manifest.artifact.recipe)
        for chunk in recipe.chunks if recipe is not None else ():
            free.pop(chunk.blake3, None)
    return sum(free.values())


def add_version(registry: Registry, directory: Path, chance: random.Random, **given: object) -> ModelVersion:
    directory.mkdir()
    for name in "abc"[: chance.randrange(1, 4)]:
        (directory / name).write_bytes(chance.choice(POOL))
    (directory / "own").write_bytes(chance.randbytes(100))
    model = chance.choice(["m", "n/o"])
    if model not in {found.name for found in registry.list_models()} and not given:
        return registry.register_model(model, directory).latest
    return registry.create_model_version(model, model_data=directory, **given)  # type: ignore[arg-type]


def propose(registry: Registry, chance: random.Random, model: str) -> None:
    """A version on a branch of its own, which needs its bytes without a tag."""
    top = registry.handle.paths.top
    git(top, "switch", "-qc", f"topic-{chance.randrange(10**6)}")
    registry.create_model_version(model, model_data=chance.choice(POOL) + chance.randbytes(9))
    git(top, "switch", "-q", "main")


def damage(registry: Registry, chance: random.Random) -> None:
    kept = registry.handle.local_directory / "recipes.sqlite"
    if kept.exists():
        kept.write_bytes(chance.choice((b"no database", kept.read_bytes()[:5000] + b"x" * 3000)))


def edit(registry: Registry, chance: random.Random) -> None:
    """Another version in the work tree, while the figure is taken."""
    top = registry.handle.paths.top
    place = chance.choice(sorted((top / "models").rglob("manifest.toml")))
    before = place.read_text()
    place.write_text(before.replace('version = "1.', 'version = "7.'))
    check(top, chance)
    place.write_text(before)


def change(registry: Registry, chance: random.Random, versions: list[ModelVersion], step: str) -> None:
    chosen = chance.choice(versions)
    name, number = chosen.model_id, chosen.version
    steps = {
        "propose": lambda: propose(registry, chance, name),
        "retire": lambda: registry.retire_model_version(name, number, reason="wrong"),
        "pin": lambda: registry.promote_model_version(name, number, "staging"),
        "edit": lambda: edit(registry, chance),
        "damage": lambda: damage(registry, chance),
    }
    if len(versions) > 3:
        steps["tag"] = lambda: git(registry.handle.paths.top, "tag", "-d", str(chosen.tag))
        steps["recipe"] = lambda: delete_recipe(registry.handle.store, chosen.manifest.artifact.recipe)
    with suppress(RegoloError, KeyError):  # such as a version in use
        steps.get(step, lambda: None)()


@pytest.mark.parametrize("seed", range(8))
def test_free_bytes_are_those_of_the_slow_way(
    registry: Registry, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if seed % 2:  # as in a large registry
        monkeypatch.setattr(module, "READ_ALONE", 1)
        monkeypatch.setattr(recipe_index, "ASKED", 1)
    chance, top = random.Random(seed), registry.handle.paths.top
    for number in range(14):
        step = chance.choice(("new", "new", "propose", "retire", "pin", "tag", "recipe", "edit", "damage"))
        versions = [v for m in registry.list_models() for v in registry.list_model_versions(m.name)]
        if step == "new" or not versions:
            add_version(registry, tmp_path / str(number), chance)
        else:
            change(registry, chance, versions, step)
        check(top, chance)


def check(top: Path, chance: random.Random) -> None:
    with Registry.open(top) as registry:
        versions = [v for m in registry.list_models() for v in registry.list_model_versions(m.name)]
        for version in chance.sample(versions, k=min(3, len(versions))):
            assert free_bytes(registry.handle, version).size == the_slow_way(registry, version)


def test_where_the_index_lacks_much_the_figure_is_an_upper_bound(
    two_versions: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle, reference = two_versions.handle, Reference.parse("m@1.0")
    index = handle.local_directory
    for path in index.glob("recipes.*"):
        path.unlink()
    monkeypatch.setattr(module, "AT_ONCE", 1)
    bound = plan_retirement(handle, reference, "wrong")
    assert (bound.free_bytes, bound.exact) == (bound.version.size_bytes, False)
    exact = exact_plan(handle, bound)
    assert exact.exact
    assert exact == plan_retirement(handle, reference, "wrong")
    # A new version is noted, so the index stays current.
    two_versions.create_model_version("m", model_data=b"x" * 10)
    assert plan_retirement(handle, reference, "wrong").exact


def test_a_torn_note_is_ignored(two_versions: Registry) -> None:
    handle = two_versions.handle
    notes = handle.local_directory / "recipes.new"
    assert notes.exists()
    whole = notes.read_text()
    for text in (whole[:-30], whole[:60] + whole[90:], "\0" * 100, whole.replace("1.1.0", "1.0.0")):
        notes.write_text(text)
        version = two_versions.get_model_version("m", "1.0")
        assert free_bytes(handle, version).size == the_slow_way(two_versions, version)
    assert not notes.exists()
