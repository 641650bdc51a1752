"""What was merged gets its tag, once its bytes are verified."""

import warnings
from pathlib import Path

import pytest
from support.git_program import commit_files, git, proposal

from regolo_git.api import Registry
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.versions.merged import tag_merged


def merge_theirs(top: Path, branch: str) -> None:
    """Merges as a host does that resolves every conflict for the other side, and knows no driver of ours."""
    driver = "merge.regolo.driver=git merge-file --theirs %A %O %B"
    git(top, "-c", driver, "merge", "-q", "--no-ff", "-X", "theirs", branch)


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
    merge_theirs(top, "two")
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


def merged(registry: Registry, top: Path, data: bytes = b"three") -> None:
    """Merges version 1.2 of `m` from a branch, where it has no tag."""
    git(top, "switch", "-qc", "topic")
    registry.create_model_version("m", model_data=data)
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "topic")


def problems(registry: Registry, **given: bool) -> list[tuple[str, str | None]]:
    with Registry.open(registry.handle.paths.top) as opened:
        return [(version.subject, version.problem) for version in tag_merged(opened.handle, **given)]


def test_a_registry_before_its_first_commit_has_nothing_to_tag(registry: Registry) -> None:
    assert problems(registry) == []


def test_a_dry_run_says_what_would_be_tagged(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    merged(two_versions, top)
    assert problems(two_versions, dry_run=True) == [("m@v1.2", None)]
    assert "m@v1.2" not in git(top, "tag", "--list")
    assert problems(two_versions) == [("m@v1.2", None)]


def test_several_versions_are_tagged_the_oldest_first_each_at_its_merge(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    two_versions.create_model_version("m", model_data=b"four")
    two_versions.register_model("n", b"another")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--ff-only", "topic")
    assert problems(two_versions) == [("m@v1.2", None), ("m@v1.3", None), ("n@v1.0", None)]
    commits = [git(top, "rev-parse", f"{tag}^{{commit}}").strip() for tag in ("n@v1.0", "m@v1.3", "m@v1.2")]
    assert commits == git(top, "rev-list", "-3", "HEAD").split()


def test_what_a_merge_will_leave_behind_is_reported_at_the_commit(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "feature")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        two_versions.create_model_version("m", model_data=b"third")
        assert said == []
        two_versions.create_model_version("m", model_data=b"fourth")
    (notice,) = (str(each.message) for each in said)
    alone = "a merge commit or a squash of this branch tags 1.3 alone"
    assert notice == f"1.2 is not merged: {alone}, unless 1.2 is merged first"
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "--no-ff", "--no-edit", "feature")
    assert [version.version for version in tag_merged(two_versions.handle)] == ["1.3"]


def test_a_revert_to_a_tagged_version_is_not_a_new_one(two_versions: Registry) -> None:
    two_versions.rollback_model("m", "1.0")
    assert problems(two_versions) == []


def test_a_version_that_was_reverted_and_came_back_is_tagged_where_it_came_first(
    two_versions: Registry,
) -> None:
    top = two_versions.handle.paths.top
    merged(two_versions, top)
    first = git(top, "rev-parse", "HEAD").strip()
    git(top, "revert", "--no-edit", "-m", "1", "HEAD")
    git(top, "revert", "--no-edit", "HEAD")
    assert problems(two_versions) == [("m@v1.2", None)]
    assert git(top, "rev-parse", "m@v1.2^{commit}").strip() == first


def test_of_two_changes_with_one_number_the_first_is_tagged(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "other")
    two_versions.create_model_version("m", model_data=b"other")
    git(top, "switch", "-q", "main")
    merged(two_versions, top)
    merge_theirs(top, "other")
    assert [(subject, problem is None) for subject, problem in problems(two_versions)] == [
        ("m@v1.2", True),
        ("m@v1.2", False),
    ]
    assert two_versions.get_model_version("m", "1.2").size_bytes == len(b"three")


def test_damaged_bytes_are_not_tagged(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    merged(two_versions, top)
    recipe = two_versions.handle.records().manifest("m").artifact.recipe  # type: ignore[union-attr]
    (chunk,) = two_versions.handle.store.read_recipe(recipe).chunks
    path = top / ".git/regolo/store/chunks" / chunk.blake3[:2] / chunk.blake3
    path.chmod(0o644)
    path.write_bytes(b"3hree")
    ((subject, problem),) = problems(two_versions)
    assert (subject, "damaged" in str(problem)) == ("m@v1.2", True)
    ((_, problem),) = problems(two_versions)  # the damaged chunk was moved aside
    assert "cannot be checked" in str(problem)
    assert "m@v1.2" not in git(top, "tag", "--list")


def test_a_manifest_that_cannot_be_read_is_reported_and_the_others_are_tagged(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    merged(two_versions, top)
    commit_files(top, {"models/n/manifest.toml": "no TOML\n"})
    tagged, (subject, problem) = problems(two_versions)
    assert tagged == ("m@v1.2", None)
    assert subject == "models/n/manifest.toml"
    assert "is not valid TOML" in str(problem)


def test_a_manifest_at_the_path_of_another_model_is_reported_and_not_tagged(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    two_versions.create_model_version("m", model_data=b"three", flow="propose")
    branch = proposal(top, "m@1.2")
    text = git(top, "show", f"{branch}:models/m/manifest.toml")
    commit_files(top, {"models/n/manifest.toml": text})
    what = "'models/n/manifest.toml' is the manifest of another model, 'm'"
    assert problems(two_versions) == [("models/n/manifest.toml", what)]
    assert "m@v1.2" not in git(top, "tag", "--list")
    git(top, "merge", "-q", "--no-ff", branch)
    git(top, "rm", "-q", "models/n/manifest.toml")
    git(top, "commit", "-qm", "only where it belongs")
    assert problems(two_versions) == [("m@v1.2", None)]


def test_a_manifest_that_could_not_be_read_for_a_while_is_forgotten(two_versions: Registry) -> None:
    top = two_versions.handle.paths.top
    good = (top / "models/m/manifest.toml").read_text()
    commit_files(top, {"models/m/manifest.toml": "no TOML\n"})
    commit_files(top, {"models/m/manifest.toml": good})
    assert problems(two_versions) == []


def test_a_manifest_that_was_deleted_is_not_a_version(two_versions: Registry) -> None:
    git(two_versions.handle.paths.top, "rm", "-q", "models/m/manifest.toml")
    git(two_versions.handle.paths.top, "commit", "-qm", "no such model any more")
    assert problems(two_versions) == []


def test_a_merge_leaves_the_message_to_the_author(registered: Registry) -> None:
    top = registered.handle.paths.top
    proposed = registered.create_model_version(
        "m", model_data=b"three", message="expanded data", flow="propose"
    )
    git(top, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    branch = git(top, "branch", "--list", "propose/*", "--format=%(refname:short)").strip()
    git(top, "merge", "-q", "--no-ff", "-m", "Merge pull request #7 from ada/propose", branch)
    tag_merged(registered.handle)
    version = registered.get_model_version("m", proposed.version)
    assert version.message == "expanded data"
    assert version.commit == git(top, "rev-parse", "HEAD").strip()


def test_the_lines_are_walked_too(registered: Registry) -> None:
    change_setting(registered.handle, "registry.lines", ["release/*"])
    top = registered.handle.paths.top
    git(top, "switch", "-qc", "hotfix")
    registered.create_model_version("m", "1.0.1", model_data=b"fixed")
    git(top, "switch", "-qc", "release/1.x", "main")
    git(top, "merge", "-q", "--no-ff", "-m", "merged", "hotfix")
    git(top, "switch", "-q", "main")
    assert [version.tag for version in tag_merged(registered.handle)] == ["m@v1.0.1"]
    assert registered.get_model_version("m", "1.0.1").commit == git(top, "rev-parse", "release/1.x").strip()
    assert tag_merged(registered.handle) == []


def test_a_name_that_another_tool_has_taken_is_refused_and_the_others_are_tagged(
    two_versions: Registry,
) -> None:
    top = two_versions.handle.paths.top
    git(top, "switch", "-qc", "topic")
    two_versions.create_model_version("m", model_data=b"three")
    two_versions.register_model("n", b"another")
    git(top, "switch", "-q", "main")
    git(top, "merge", "-q", "topic")
    git(top, "tag", "m@v1.2.0")
    (taken, problem), other = problems(two_versions)
    assert (taken, "tag 'm@v1.2.0' already exists" in str(problem)) == ("m@v1.2", True)
    assert other == ("n@v1.0", None)
