"""Files of versions come back whole, and nobody's work is overwritten."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, IntegrityError, InvalidInput, NotFound
from regolo_git.registry.versions.checkout import checkout_head
from regolo_git.registry.versions.describe import describe


def test_every_version_comes_back_byte_for_byte(two_versions: Registry, weights, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    first = weights("copy", fill=1).read_bytes()
    path = two_versions.checkout_model_version("m", "1.0", tmp_path / "restored")
    assert path.read_bytes() == first


def test_a_checkout_goes_to_its_recorded_path(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    newest = (top / "model.safetensors").read_bytes()
    assert two_versions.checkout_model_version("m", "1.0") == top / "model.safetensors"
    assert (top / "model.safetensors").read_bytes() != newest
    two_versions.checkout_model_version("m", "1.1")
    assert (top / "model.safetensors").read_bytes() == newest


def test_work_that_no_version_has_is_not_overwritten(two_versions: Registry) -> None:
    path = two_versions.handle.paths.top / "model.safetensors"
    path.write_bytes(b"hours of work")
    with pytest.raises(Conflict):
        two_versions.checkout_model_version("m", "1.0")
    assert path.read_bytes() == b"hours of work"
    two_versions.checkout_model_version("m", "1.0", force=True)
    assert path.read_bytes() != b"hours of work"


def test_another_version_takes_the_place_of_one_in_a_relative_destination(
    two_versions: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tmp_path / "words"
    words.mkdir()
    for version, names in enumerate(("ab", "bc")):
        for path in words.iterdir():
            path.unlink()
        for name in names:
            (words / name).write_text(f"{name} of {version}\n")
        create = two_versions.create_model_version if version else two_versions.register_model
        create("d", model_data=words)
    monkeypatch.chdir(tmp_path)
    for version, names in (("1.0", "ab"), ("1.1", "bc"), ("1.0", "ab")):
        two_versions.checkout_model_version("d", version, "out")
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)


def test_files_of_other_models_below_a_destination_stay(registry: Registry) -> None:
    top = registry.handle.paths.top
    for name in ("single", "nested/one", "nested/two", "c"):
        (top / "zoo" / name).parent.mkdir(parents=True, exist_ok=True)
        (top / "zoo" / name).write_text(name)
    registry.register_model("single", top / "zoo/single")
    registry.register_model("nested", top / "zoo/nested")
    registry.register_model("replaced", top / "zoo/c")
    (top / "d").mkdir()
    for name in ("c", "e"):
        (top / "d" / name).write_text(f"{name} of d")
    registry.register_model("d", top / "d")
    (top / "d/e").unlink()
    registry.create_model_version("d", model_data=top / "d")
    registry.checkout_model_version("d", "1.0", top / "zoo")
    registry.checkout_model_version("d", "1.1", top / "zoo")
    assert {str(path.relative_to(top / "zoo")) for path in (top / "zoo").rglob("*") if path.is_file()} == {
        "single",
        "nested/one",
        "nested/two",
        "c",
    }
    assert (top / "zoo/c").read_text() == "c of d"
    assert (top / "zoo/single").read_text() == "single"


def test_a_repository_that_was_moved_still_knows_a_versions_content(
    two_versions: Registry, tmp_path: Path
) -> None:
    top = two_versions.handle.paths.top
    (top / "words").mkdir()
    for version, names in enumerate(("ab", "bc")):
        for name in "abc":
            (top / "words" / name).unlink(missing_ok=True)
        for name in names:
            (top / "words" / name).write_text(f"{name} of {version}\n")
        create = two_versions.create_model_version if version else two_versions.register_model
        create("d", model_data=top / "words")
    two_versions.close()
    moved = top.rename(tmp_path / "moved")
    with Registry.open(moved) as registry:
        registry.checkout_model_version("m", "1.0")
        registry.checkout_model_version("d", "1.0")
        assert sorted(path.name for path in (moved / "words").iterdir()) == ["a", "b"]
        registry.checkout_model_version("d", "1.1")
    moved = moved.rename(tmp_path / "again")
    (moved / "words" / "b").write_text("hours of work\n")
    with (
        Registry.open(moved) as registry,
        pytest.raises(Conflict, match=r"refusing to overwrite '.*words/b'"),
    ):
        registry.checkout_model_version("d", "1.0")


def test_a_git_checkout_then_ours_brings_the_bytes_of_that_commit(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    two_versions.checkout_model_version("m", "1.1")  # so that this clone knows the file for its own
    newest = (top / "model.safetensors").read_bytes()
    git(top, "checkout", "-q", "m@v1.0")
    with Registry.open(top) as registry:
        (done,) = checkout_head(registry.handle)
        assert (done.model, done.version) == ("m", "1.0")
        assert (top / "model.safetensors").read_bytes() != newest
        assert [(d.version, d.exact) for d in describe(registry.handle, "HEAD")] == [("1.0", True)]


def directory(registry: Registry, top: Path, *names: str) -> None:
    for name in names:
        (top / "words" / name).parent.mkdir(exist_ok=True)
        (top / "words" / name).write_text(name)
    registry.register_model("d", top / "words")


def test_a_part_of_a_directory_can_be_had_and_not_of_a_file(two_versions: Registry, tmp_path: Path) -> None:
    directory(two_versions, two_versions.handle.paths.top, "a", "b")
    place = two_versions.checkout_model_version("d", "1.0", tmp_path / "part", patterns=["a"])
    assert [path.name for path in place.iterdir()] == ["a"]
    with pytest.raises(InvalidInput, match=r"'m@1\.0'"):
        two_versions.checkout_model_version("m", "1.0", tmp_path / "part", patterns=["a"])


def test_a_file_goes_into_a_directory_that_is_there(two_versions: Registry, tmp_path: Path) -> None:
    assert two_versions.checkout_model_version("m", "1.0", tmp_path) == tmp_path / "model.safetensors"


def test_data_without_a_path_needs_a_destination(registered: Registry, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="has no recorded path") as caught:
        registered.checkout_model_version("m", "1.0")
    assert str(caught.value.hint) == "git regolo checkout m@1.0 DEST"
    assert registered.checkout_model_version("m", "1.0", tmp_path) == tmp_path / "m"


def test_a_bare_repository_needs_a_destination(two_versions: Registry, tmp_path: Path) -> None:
    top = two_versions.handle.paths.top
    git(tmp_path, "clone", "-q", "--bare", str(top), "bare")
    git(tmp_path / "bare", "config", "regolo.store", str(two_versions.handle.local_directory / "store"))
    with Registry.open(tmp_path / "bare") as bare:
        with pytest.raises(InvalidInput, match="has no work tree"):
            bare.checkout_model_version("m", "1.0")
        assert bare.checkout_model_version("m", "1.0", tmp_path / "out").exists()


@pytest.mark.parametrize("place", [".git/hooks/post-checkout", ".git"])
def test_nothing_goes_into_the_repositorys_own_directory(two_versions: Registry, place: str) -> None:
    with pytest.raises(InvalidInput, match="own directory"):
        two_versions.checkout_model_version("m", "1.0", two_versions.handle.paths.top / place)


def test_bytes_of_another_clone_are_said_to_be_there(two_versions: Registry, tmp_path: Path) -> None:
    top = two_versions.handle.paths.top
    git(tmp_path, "clone", "-q", str(top), "clone")
    with (
        Registry.open(tmp_path / "clone") as clone,
        pytest.raises(NotFound, match="not in this clone") as caught,
    ):
        clone.checkout_model_version("m", "1.0")
    assert str(caught.value.hint) == f"git regolo config --local regolo.store {top}/.git/regolo/store"


def test_the_checked_out_commit_needs_to_be_there(registry: Registry) -> None:
    git(registry.handle.paths.top, "switch", "-q", "--orphan", "empty")
    with pytest.raises(NotFound, match="no commit"):
        checkout_head(registry.handle)


def test_every_model_of_the_commit_with_a_path_is_checked_out(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    directory(two_versions, top, "a", "b")
    two_versions.register_model("bytes", b"without a path")
    (top / "model.safetensors").unlink()
    assert [done.model for done in checkout_head(two_versions.handle)] == ["d", "m"]
    assert [done.written_bytes for done in checkout_head(two_versions.handle)] == [0, 0]


def test_a_manifest_that_cannot_be_read_is_named_once_the_others_are_there(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    commit_files(top, {"models/a/manifest.toml": "no TOML\n"})
    (top / "model.safetensors").unlink()
    with pytest.raises(IntegrityError, match=r"models/a/manifest\.toml"):
        checkout_head(two_versions.handle)
    assert (top / "model.safetensors").exists()


def test_a_repository_whose_commit_cannot_be_read_overwrites_nothing(
    two_versions: Registry, tmp_path: Path
) -> None:
    top = two_versions.handle.paths.top
    directory(two_versions, top, "a")
    commit_files(top, {"models/d/manifest.toml": "no TOML\n"})
    two_versions.close()
    moved = top.rename(tmp_path / "moved")
    (moved / "words/b").write_text("hours of work")
    with Registry.open(moved) as registry:
        registry.checkout_model_version("d", "1.0", moved / "words")
    assert (moved / "words/b").read_text() == "hours of work"
