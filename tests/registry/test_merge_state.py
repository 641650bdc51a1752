"""Only what was merged counts."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import NotFound, PolicyRefused
from regolo_git.registry.configuration import change_setting
from regolo_git.registry.merge_state import read_merge_state


def commit_on(registry: Registry, branch: str, version: str, data: bytes = b"new") -> None:
    """A version that is tagged at once on a branch that starts at the current one."""
    top = registry.handle.paths.top
    here = git(top, "branch", "--show-current").strip()
    git(top, "switch", "-qc", branch)
    registry.create_model_version("m", version, model_data=data, flow="direct")
    git(top, "switch", "-q", here)


def add_line(registry: Registry, pattern: str) -> None:
    change_setting(registry.handle, "registry.lines", [pattern])


def unmerged(registry: Registry) -> list[str]:
    return [row.version for row in read_merge_state(registry.handle).unmerged.get("m", [])]


@pytest.fixture
def topic(registered: Registry, once: Once) -> Registry:
    """1.0 and 1.1 on main, 1.2 tagged on a branch that is not merged."""

    def build() -> None:
        commit_on(registered, "topic", "1.2")

    once(build)
    return registered


def test_a_version_that_is_not_merged_is_marked_and_not_the_latest(topic: Registry) -> None:
    assert {v.version: v.status for v in topic.list_model_versions("m")} == {
        "1.0": "ready",
        "1.1": "ready",
        "1.2": "not merged",
    }
    assert topic.get_model_version("m").version == "1.1"
    assert topic.get_model("m").latest.version == "1.1"
    (summary,) = topic.list_models()
    assert (summary.latest, summary.versions, summary.merged) == ("1.1", 3, True)
    assert topic.get_model_version("m", "1.2").merged is False


def test_it_is_not_reverted_to_where_its_manifest_would_make_it_count(topic: Registry) -> None:
    top = topic.handle.paths.top
    before = git(top, "rev-parse", "main")
    with pytest.raises(PolicyRefused, match=r"'m@1\.2' is not merged into 'main'") as refused:
        topic.rollback_model("m", "1.2")
    assert str(refused.value.hint) == "git regolo revert m --to 1.2 --unmerged"
    assert git(top, "rev-parse", "main") == before
    assert unmerged(topic) == ["1.2"]
    git(top, "switch", "-qc", "another")
    topic.rollback_model("m", "1.2")  # to be reviewed
    assert unmerged(topic) == ["1.2"]
    git(top, "switch", "-q", "main")
    topic.rollback_model("m", "1.2", unmerged=True)
    assert unmerged(topic) == []


def test_its_number_stays_taken(topic: Registry) -> None:
    assert topic.create_model_version("m", model_data=b"other").version == "1.3"


@pytest.mark.parametrize("how", ["merge", "fast-forward", "squash", "rebase"])
def test_it_counts_once_it_is_merged_however_that_is_done(topic: Registry, how: str) -> None:
    top = topic.handle.paths.top
    assert unmerged(topic) == ["1.2"]
    if how != "fast-forward":
        git(top, "commit", "-q", "--allow-empty", "-m", "meanwhile")
    if how == "rebase":
        git(top, "rebase", "-q", "main", "topic")
        git(top, "switch", "-q", "main")
        git(top, "merge", "-q", "--ff-only", "topic")
    elif how == "squash":
        git(top, "merge", "-q", "--squash", "topic")
        git(top, "commit", "-qm", "squashed")
    else:
        git(top, "merge", "-q", "--no-edit", "topic")
    assert unmerged(topic) == []
    assert topic.get_model_version("m").version == "1.2"
    git(top, "branch", "-qD", "topic")
    topic.create_model_version("m", model_data=b"later")
    assert unmerged(topic) == []


def test_a_branch_that_is_deleted_leaves_it_unmerged(topic: Registry) -> None:
    git(topic.handle.paths.top, "branch", "-qD", "topic")
    assert unmerged(topic) == ["1.2"]


def test_a_branch_that_is_reset_takes_its_versions_back(registered: Registry) -> None:
    assert unmerged(registered) == []
    git(registered.handle.paths.top, "reset", "-q", "--hard", "HEAD~1")
    assert unmerged(registered) == ["1.1"]
    git(registered.handle.paths.top, "reset", "-q", "--hard", "ORIG_HEAD")
    assert unmerged(registered) == []


def test_a_model_without_a_merged_version(registered: Registry) -> None:
    top = registered.handle.paths.top
    git(top, "switch", "-qc", "topic")
    registered.register_model("other", b"one", flow="direct")
    git(top, "switch", "-q", "main")
    with pytest.raises(NotFound, match=r"model 'other' has no merged release, only 1\.0"):
        registered.get_model_version("other")
    assert registered.get_model_version("other", "1.0").status == "not merged"
    summary = next(model for model in registered.list_models() if model.name == "other")
    assert (summary.latest, summary.merged) == ("1.0", False)


def test_it_is_promoted_or_served_only_on_request(topic: Registry) -> None:
    before = git(topic.handle.paths.top, "rev-parse", "HEAD")
    with pytest.raises(PolicyRefused, match=r"'m@1\.2' is not merged into 'main'") as caught:
        topic.promote_model_version("m", "1.2", "production")
    assert "unmerged=True" in caught.value.hint.in_python()  # type: ignore[union-attr]
    with pytest.raises(PolicyRefused, match="is not merged"):
        topic.create_endpoint("e", "m", "1.2")
    assert git(topic.handle.paths.top, "rev-parse", "HEAD") == before
    topic.create_endpoint("e", "m", "1.1")
    with pytest.raises(PolicyRefused, match="is not merged") as caught:
        topic.update_endpoint_traffic("e", {"1.1": 0.9, "1.2": 0.1})
    assert str(caught.value.hint) == "git regolo traffic e 1.1=90 1.2=10 --unmerged"
    with pytest.raises(PolicyRefused, match="is not merged"):
        topic.rollback_endpoint("e", "1.2")
    topic.update_endpoint_traffic("e", {"1.1": 0.9, "1.2": 0.1}, unmerged=True)
    topic.update_endpoint_traffic("e", {"1.1": 0.5, "1.2": 0.5})  # it is there already
    topic.update_endpoint_traffic("e", {"1.1": 1})
    topic.rollback_endpoint("e", "1.2")  # it was served before
    topic.promote_model_version("m", "1.2", "production", unmerged=True)
    version = topic.get_model_version("m", "1.2")
    assert (version.status, version.merged) == ("production", False)


@pytest.mark.parametrize("line", ["release/*", "release/1.x"])
def test_a_line_counts_as_the_registry_branch_does(registered: Registry, line: str) -> None:
    add_line(registered, line)
    top = registered.handle.paths.top
    commit_on(registered, "release/1.x", "1.0.1")
    commit_on(registered, "hotfix/1.x", "1.0.2", b"other")
    assert unmerged(registered) == ["1.0.2"]
    registered.promote_model_version("m", "1.0.1", "production")
    git(top, "pack-refs", "--all")
    assert unmerged(registered) == ["1.0.2"]
    git(top, "branch", "-qD", "release/1.x")
    assert unmerged(registered) == ["1.0.1", "1.0.2"]


def test_what_origin_has_counts_before_it_is_pulled(registered: Registry, tmp_path: Path) -> None:
    top = registered.handle.paths.top
    git(tmp_path, "clone", "-q", str(top), "second")
    registered.create_model_version("m", model_data=b"three")
    git(tmp_path / "second", "fetch", "-q", "--tags")
    with Registry.open(tmp_path / "second") as second:
        assert unmerged(second) == []
        assert second.get_model_version("m").version == "1.2"


def test_a_shallow_clone_marks_nothing_and_promotes_nothing_it_cannot_see(
    topic: Registry, tmp_path: Path
) -> None:
    top = topic.handle.paths.top
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{top}", "shallow")
    git(tmp_path / "shallow", "fetch", "-q", "--tags")
    git(tmp_path / "shallow", "config", "regolo.store", str(top / ".git/regolo/store"))
    with Registry.open(tmp_path / "shallow") as shallow:
        assert unmerged(shallow) == []
        with pytest.raises(NotFound, match="shallow"):
            shallow.promote_model_version("m", "1.2", "production")
        shallow.promote_model_version("m", "1.1", "production")
        git(tmp_path / "shallow", "fetch", "-q", "--unshallow")
        assert unmerged(shallow) == ["1.2"]


def test_a_read_only_cache_is_not_an_obstacle(topic: Registry) -> None:
    index = topic.handle.paths.common_dir / "regolo/index.sqlite"
    topic.handle.close()
    index.unlink(missing_ok=True)
    index.mkdir()
    with Registry.open(topic.handle.paths.top) as opened:
        assert unmerged(opened) == ["1.2"]


def test_many_new_tags_are_found_in_one_walk(registered: Registry, tmp_path: Path) -> None:
    top = registered.handle.paths.top
    git(tmp_path, "clone", "-q", "--no-tags", str(top), "second")
    for number in range(20):
        registered.create_model_version("m", model_data=f"{number}".encode())
    git(tmp_path / "second", "pull", "-q", "--no-tags")
    with Registry.open(tmp_path / "second") as second:
        git(tmp_path / "second", "fetch", "-q", "origin", "tag", "m@v1.0")
        assert unmerged(second) == []
        git(tmp_path / "second", "fetch", "-q", "--tags")
        assert unmerged(second) == []
        assert second.get_model_version("m").version == "1.21"


def test_a_version_on_a_line_is_tagged_at_once_and_proposed_from_there(registered: Registry) -> None:
    add_line(registered, "release/*")
    top = registered.handle.paths.top
    git(top, "switch", "-qc", "release/1.x")
    fixed = registered.create_model_version("m", "1.0.1", model_data=b"fixed")
    assert (fixed.tag, fixed.parents) == ("m@v1.0.1", ("1.0",))
    proposed = registered.create_model_version("m", "1.0.2", model_data=b"again", flow="propose")
    assert proposed.tag is None
    assert git(top, "merge-base", proposed.commit, "release/1.x").strip() == fixed.commit
    git(top, "switch", "-qc", "topic")
    assert registered.create_model_version("m", "1.0.3", model_data=b"topic").tag is None
    assert registered.get_model_version("m").version == "1.1"
