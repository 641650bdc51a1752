"""What is done with versions once they are there: finding, restoring, reverting, retiring, tagging merges."""

from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, PolicyRefused
from regolo_git.records.references import Reference
from regolo_git.registry.versions.checkout import checkout_head
from regolo_git.registry.versions.describe import describe
from regolo_git.registry.versions.merged import tag_merged
from regolo_git.registry.versions.retire import plan_retirement, retire
from regolo_git.registry.versions.status import work_status


@pytest.fixture
def two_versions(registry: Registry, weights) -> Registry:  # type: ignore[no-untyped-def]
    registry.register_model("m", weights(fill=1), metadata={"accuracy": 0.89})
    registry.create_model_version("m", model_data=weights(fill=2), metadata={"accuracy": 0.92})
    return registry


def test_versions_are_listed_in_their_order(two_versions: Registry) -> None:
    two_versions.create_model_version("m", "1.10", model_data=b"ten")
    two_versions.create_model_version("m", "1.9", model_data=b"nine")
    two_versions.create_model_version("m", "2.0-rc.1", model_data=b"rc")
    assert [v.version for v in two_versions.list_model_versions("m")] == [
        "1.0",
        "1.1",
        "1.9",
        "1.10",
        "2.0-rc.1",
    ]
    assert two_versions.get_model_version("m").version == "1.10"


def test_an_unknown_model_comes_with_the_nearest_name(two_versions: Registry) -> None:
    two_versions.register_model("sentiment", b"one")
    with pytest.raises(NotFound) as caught:
        two_versions.get_model_version("sentimnt")
    assert str(caught.value.hint) == "git regolo show sentiment"


def test_a_comparison_has_what_changed(two_versions: Registry) -> None:
    comparison = two_versions.compare_model_versions("m", "1.0", "1.1")
    assert comparison.metrics["accuracy"]["diff"] == 0.03
    assert comparison.tensors is not None
    assert [c.name for c in comparison.tensors.changes] == ["layer.weight"]
    assert comparison.suggested_bump == "minor"
    assert "▲ better" in comparison.to_markdown()
    assert "<table>" in comparison.to_html()


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
    newest = (top / "model.safetensors").read_bytes()
    git(top, "checkout", "-q", "m@v1.0")
    with Registry.open(top) as registry:
        (done,) = checkout_head(registry.handle)
        assert (done.model, done.version) == ("m", "1.0")
        assert (top / "model.safetensors").read_bytes() != newest
        assert [(d.version, d.exact) for d in describe(registry.handle, "HEAD")] == [("1.0", True)]


def test_reverting_is_a_forward_commit(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    before = int(git(top, "rev-list", "--count", "HEAD"))
    two_versions.rollback_model("m", "1.0")
    assert int(git(top, "rev-list", "--count", "HEAD")) == before + 1
    assert 'version = "1.0"' in git(top, "show", "HEAD:models/m/manifest.toml")
    assert git(top, "tag", "--list").split() == ["m@v1.0", "m@v1.1"]
    with pytest.raises(Conflict):
        two_versions.rollback_model("m", "1.0")


def test_after_reverting_the_next_version_follows_the_highest(two_versions: Registry) -> None:
    two_versions.rollback_model("m", "1.0")
    version = two_versions.create_model_version("m", model_data=b"three")
    assert (version.version, version.parents) == ("1.2", ("1.0",))


def test_a_retired_version_stays_visible_and_is_not_used(two_versions: Registry) -> None:
    two_versions.retire_model_version("m", "1.0", reason="trained on the wrong data")
    assert [(v.version, v.status) for v in two_versions.list_model_versions("m")] == [
        ("1.0", "retired"),
        ("1.1", "ready"),
    ]
    assert "m@v1.0" in git(two_versions.handle.paths.top, "tag", "--list")
    with pytest.raises(PolicyRefused):
        two_versions.rollback_model("m", "1.0")
    with pytest.raises(InvalidInput):
        two_versions.retire_model_version("m", "1.0", reason="again")


def test_a_version_is_not_retired_without_a_reason(two_versions: Registry) -> None:
    with pytest.raises(InvalidInput):
        two_versions.retire_model_version("m", "1.0", reason=" ")


def test_what_changed_since_a_retirement_was_planned_counts(two_versions: Registry) -> None:
    repository = two_versions.handle
    one, other = (plan_retirement(repository, Reference.parse(f"m@{v}"), "wrong") for v in ("1.0", "1.1"))
    two_versions.promote_model_version("m", "1.0", "production")
    with pytest.raises(PolicyRefused, match="environment 'production'"):
        retire(repository, one)
    retire(repository, other)
    with pytest.raises(Conflict, match="already retired"):
        retire(repository, other)


def test_bytes_become_free_that_no_kept_version_has(two_versions: Registry) -> None:
    repository = two_versions.handle
    prod = two_versions.create_model_version(
        "m", "prod-1.0", model_data=two_versions.get_model_version("m", "1.0")
    )
    shared, own = (plan_retirement(repository, Reference.parse(f"m@{v}"), "wrong") for v in ("1.0", "1.1"))
    assert (shared.free_bytes, own.free_bytes) == (0, own.version.size_bytes)
    retire(repository, shared)
    assert plan_retirement(repository, Reference.parse(prod.reference), "wrong").free_bytes == prod.size_bytes


def test_the_work_tree_is_held_against_the_manifests(two_versions: Registry) -> None:
    def state() -> str:
        (artifact,) = work_status(two_versions.handle).artifacts
        return artifact.state

    path = two_versions.handle.paths.top / "model.safetensors"
    assert state() == "unchanged"
    path.write_bytes(b"other")
    assert state() == "modified"
    path.unlink()
    assert state() == "missing"


@pytest.mark.parametrize("merge", [["--no-ff"], ["--squash"]])
def test_a_merged_proposal_is_tagged(two_versions: Registry, merge: list[str]) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", *merge, "topic")
    if merge == ["--squash"]:
        git(top, "commit", "-qm", "squashed")
    with Registry.open(top) as registry:
        (done,) = tag_merged(registry.handle)
        assert (done.tag, done.problem) == ("m@v1.2", None)
        assert git(top, "rev-parse", "m@v1.2^{commit}") == git(top, "rev-parse", "HEAD")
        assert tag_merged(registry.handle) == []
        assert registry.get_model_version("m", "1.2").version == "1.2"


def test_a_second_proposal_under_a_name_that_is_tagged_is_refused_until_it_has_a_number_of_its_own(
    two_versions: Registry,
) -> None:
    top = two_versions.handle.paths.top
    for branch, data in (("one", b"one"), ("two", b"two")):
        git(top, "switch", "-qc", branch, "main")
        two_versions.create_model_version("m", model_data=data)
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "one")
    assert [m.problem for m in tag_merged(two_versions.handle)] == [None]
    git(top, "merge", "-q", "--no-ff", "-X", "theirs", "two")
    with Registry.open(top) as registry:
        (refused,) = tag_merged(registry.handle)
        assert (refused.tag, "other bytes" in str(refused.problem)) == ("m@v1.2", True)
        registry.create_model_version("m", model_data=b"two")
        assert tag_merged(registry.handle) == []


def test_two_clones_make_the_same_tag_of_a_merge(two_versions: Registry, tmp_path: Path) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "topic")
    clone = tmp_path / "clone"
    git(top, "clone", "-q", ".", str(clone))
    git(clone, "config", "regolo.store", str(two_versions.handle.local_directory / "store"))
    for place in (top, clone):
        with Registry.open(place) as registry:
            assert [m.problem for m in tag_merged(registry.handle)] == [None]
    assert git(top, "rev-parse", "m@v1.2") == git(clone, "rev-parse", "m@v1.2")


def test_a_merged_version_without_bytes_is_not_tagged(two_versions: Registry, tmp_path: Path) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "topic")
    clone = tmp_path / "clone"
    git(top, "clone", "-q", ".", str(clone))
    with Registry.open(clone) as registry:
        (missing,) = tag_merged(registry.handle)
        assert missing.problem is not None
    assert "m@v1.2" not in git(clone, "tag", "--list")


def test_a_reference_to_an_environment_without_a_version_says_how_to_promote(two_versions: Registry) -> None:
    with pytest.raises(NotFound) as caught:
        two_versions.get_model_version("m", "production")
    assert str(caught.value.hint) == "git regolo promote m@1.1 production"
    assert Reference.parse("m@production").environment == "production"
