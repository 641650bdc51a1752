"""What is needed: each source of it, in real repositories."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import clone, commit_files, git, proposal
from support.needs import present_needs

from regolo_git.api import Registry
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.registry.handle import Handle
from regolo_git.registry.reachable import (
    Found,
    Need,
    Unreadable,
    all_needs,
    retired_identities,
    tip_needs,
)

LATER = timedelta(days=91)


@pytest.fixture
def registry(registry: Registry, once: Once) -> Registry:
    """Versions 1.0 to 1.2 of `m`, of which the branch has the last one."""

    def build() -> None:
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        registry.create_model_version("m", model_data=b"three")

    once(build)
    return registry


@pytest.fixture
def top(registry: Registry) -> Path:
    return registry.handle.paths.top


def opened(top: Path) -> Handle:
    return Handle.open(top, {})


def needed(found: Iterator[Found]) -> dict[str, str]:
    """What is needed and why."""
    return {need.manifest.reference: need.reason for need in found if isinstance(need, Need)}


def unreadable(found: Iterator[Found]) -> list[tuple[str, type[Exception]]]:
    return [(need.reason, type(need.error)) for need in found if isinstance(need, Unreadable)]


def forget_tags(top: Path) -> None:
    """So that a version is needed for another reason than its tag, or not at all."""
    git(top, "tag", "-d", *git(top, "tag", "--list").split())


def forget_reflogs(top: Path) -> None:
    shutil.rmtree(top / ".git/logs")


def test_versions_are_needed_by_their_tags_and_the_newest_by_its_branch(top: Path) -> None:
    assert needed(present_needs(opened(top))) == {
        "m@1.0": "tag 'm@v1.0'",
        "m@1.1": "tag 'm@v1.1'",
        "m@1.2": "branch 'main'",
    }
    assert needed(tip_needs(opened(top))) == {"m@1.2": "branch 'main'"}


def test_the_tag_of_a_retired_version_needs_nothing(registry: Registry, top: Path) -> None:
    registry.delete_model_version("m", "1.0", reason="wrong data")
    assert retired_identities(registry.handle.records()) == {("m", "1.0.0")}
    assert needed(present_needs(opened(top))).keys() == {"m@1.1", "m@1.2"}


def test_a_list_of_retired_versions_that_cannot_be_read_retires_nothing(
    registry: Registry, top: Path
) -> None:
    registry.delete_model_version("m", "1.0", reason="wrong data")
    commit_files(top, {"models/m/retired.toml": "format = 2\n"})
    assert needed(present_needs(opened(top))).keys() == {"m@1.0", "m@1.1", "m@1.2"}


def test_a_branch_needs_the_version_at_its_tip_also_a_retired_one(registry: Registry, top: Path) -> None:
    git(top, "branch", "stable", "m@v1.0")
    registry.delete_model_version("m", "1.0", reason="wrong data")
    assert needed(present_needs(opened(top)))["m@1.0"] == "branch 'stable'"


def test_a_proposal_needs_its_version(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=b"four", flow="propose")
    assert needed(tip_needs(opened(top)))["m@1.3"] == f"branch '{proposal(top, 'm@1.3')}'"


def test_what_a_remote_had_is_needed_and_marked(registry: Registry, top: Path, tmp_path: Path) -> None:
    registry.create_model_version("m", model_data=b"four", flow="propose")
    found = list(tip_needs(opened(clone(top, tmp_path / "clone"))))
    remote = {need.manifest.reference: need.remote for need in found if isinstance(need, Need)}
    assert remote == {"m@1.2": False, "m@1.3": True}


def test_a_work_tree_needs_what_it_has_checked_out(top: Path, tmp_path: Path) -> None:
    git(top, "worktree", "add", "-q", "--detach", str(tmp_path / "old"), "m@v1.0")
    forget_tags(top)
    reason = needed(present_needs(opened(top)))["m@1.0"]
    assert reason == f"HEAD in '{top / '.git/worktrees/old'}'"


def test_a_work_tree_needs_the_manifests_in_it_that_no_commit_has(top: Path, tmp_path: Path) -> None:
    git(top, "worktree", "add", "-q", "--detach", str(tmp_path / "edited"), "m@v1.2")
    manifest = tmp_path / "edited/models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace('version = "1.2"', 'version = "1.3"'))
    for place in (top, tmp_path / "edited"):
        assert needed(tip_needs(opened(place)))["m@1.3"] == f"work tree '{tmp_path / 'edited'}'"


def test_a_directory_of_models_that_is_a_link_is_not_followed(top: Path, tmp_path: Path) -> None:
    (top / "models").rename(tmp_path / "models")
    (top / "models").symlink_to(tmp_path / "models")
    other = tmp_path / "models/other"
    shutil.copytree(tmp_path / "models/m", other)
    (other / "manifest.toml").write_text("no TOML\n")
    assert unreadable(tip_needs(opened(top))) == []


@pytest.mark.parametrize("user", ["environment", "endpoint"])
def test_environments_and_endpoints_need_what_they_pin(registry: Registry, top: Path, user: str) -> None:
    if user == "environment":
        registry.promote_model_version("m", "1.0", "production")
        expected = "environment 'production' on branch 'main'"
    else:
        registry.create_endpoint("e", "m", "1.0")
        expected = "endpoint 'e' on branch 'main'"
    forget_tags(top)
    assert needed(tip_needs(opened(top)))["m@1.0"] == expected


def test_every_version_of_an_endpoint_is_needed(registry: Registry, top: Path) -> None:
    registry.create_endpoint("e", "m", "1.0")
    registry.update_endpoint_traffic("e", {"1.0": 0, "1.1": 100})
    forget_tags(top)
    assert needed(tip_needs(opened(top))).keys() == {"m@1.0", "m@1.1", "m@1.2"}


# -- the last 90 days ---------------------------------------------------------------------------------------


def former(top: Path, later: timedelta = timedelta()) -> set[str]:
    """What is needed now, or was needed in the 90 days before a moment, in a repository without tags."""
    forget_tags(top)
    return set(needed(all_needs(opened(top), datetime.now(UTC) + later)))


def test_what_a_branch_had_stays_needed_for_90_days(top: Path) -> None:
    assert former(top) == {"m@1.0", "m@1.1", "m@1.2"}


def test_what_a_branch_had_is_not_needed_after_90_days(top: Path) -> None:
    assert former(top, LATER) == {"m@1.2"}


def test_a_version_that_was_reset_away_stays_needed(top: Path) -> None:
    git(top, "reset", "-q", "--hard", "HEAD~1")
    assert former(top) == {"m@1.0", "m@1.1", "m@1.2"}


def test_a_branch_that_was_deleted_stays_needed_by_the_head_that_was_on_it(
    registry: Registry, top: Path
) -> None:
    git(top, "switch", "-qc", "topic")
    registry.create_model_version("m", model_data=b"four")
    git(top, "switch", "-q", "main")
    git(top, "branch", "-D", "topic")
    assert "m@1.3" in former(top)


def test_without_reflogs_only_what_is_there_is_needed(top: Path) -> None:
    forget_reflogs(top)
    assert former(top) == {"m@1.2"}


def test_a_reflog_of_commits_that_are_gone_needs_nothing(top: Path) -> None:
    log = top / ".git/logs/HEAD"
    log.write_text(log.read_text().replace(git(top, "rev-parse", "HEAD~1").strip(), "1" * 40))
    assert unreadable(all_needs(opened(top))) == []


@pytest.fixture
def promoted(registry: Registry, top: Path, once: Once) -> Path:
    """1.0 was in production, and endpoint `e` on 1.1; both have moved on to 1.2; there are no reflogs."""

    def build() -> None:
        registry.promote_model_version("m", "1.0", "production")
        registry.create_endpoint("e", "m", "1.1")
        registry.promote_model_version("m", "1.2", "production")
        registry.update_endpoint_traffic("e", {"1.2": 100})

    once(build)
    forget_reflogs(top)
    return top


def test_what_environments_and_endpoints_had_stays_needed_for_90_days(promoted: Path) -> None:
    forget_tags(promoted)
    assert needed(all_needs(opened(promoted))) == {
        "m@1.0": "environment 'production' on the history of branch 'main'",
        "m@1.1": "endpoint 'e' on the history of branch 'main'",
        "m@1.2": "branch 'main'",
    }


def test_what_environments_and_endpoints_had_is_not_needed_after_90_days(promoted: Path) -> None:
    assert former(promoted, LATER) == {"m@1.2"}


def test_what_an_environment_had_when_the_90_days_began_is_needed(
    registry: Registry, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z")
    registry.promote_model_version("m", "1.0", "production")
    monkeypatch.delenv("GIT_COMMITTER_DATE")
    registry.promote_model_version("m", "1.2", "production")
    forget_reflogs(top)
    assert former(top) == {"m@1.0", "m@1.2"}


def test_a_clone_knows_what_environments_had_from_the_branch_that_it_fetched(
    promoted: Path, tmp_path: Path
) -> None:
    git(promoted, "branch", "topic", "HEAD~5")
    copy = clone(promoted, tmp_path / "clone", "-b", "topic")
    assert {"m@1.0", "m@1.1"} <= former(copy)


# -- what cannot be read ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("models/n/manifest.toml", "no TOML\n"),
        ("models/n/manifest.toml", "format = 2\n"),
        ("environments/staging/m.toml", "format = 2\n"),
        ("endpoints/e.toml", "no TOML\n"),
    ],
)
def test_a_record_that_cannot_be_read_may_need_anything(top: Path, path: str, text: str) -> None:
    commit_files(top, {path: text})
    (error,) = [found.error for found in present_needs(opened(top)) if isinstance(found, Unreadable)]
    assert isinstance(error, IntegrityError)
    assert f"'{path}'" in error.message
    assert needed(present_needs(opened(top))).keys() == {"m@1.0", "m@1.1", "m@1.2"}


def test_a_manifest_in_a_work_tree_that_cannot_be_read_may_need_anything(top: Path) -> None:
    (top / "models/m/manifest.toml").write_text("<<<<<<< HEAD\n")
    assert unreadable(tip_needs(opened(top))) == [(f"work tree '{top}'", IntegrityError)]


def pinned(top: Path, change: Callable[[str], str]) -> list[tuple[str, type[Exception]]]:
    """What cannot be read once the file of an environment is changed by hand."""
    with Registry.open(top) as registry:
        registry.promote_model_version("m", "1.0", "production")
    path = top / "environments/production/m.toml"
    commit_files(top, {"environments/production/m.toml": change(path.read_text())})
    return unreadable(tip_needs(opened(top)))


def test_a_pin_on_a_commit_that_is_not_here_may_need_anything(top: Path) -> None:
    commit = git(top, "rev-parse", "m@v1.0^{commit}").strip()
    ((reason, error),) = pinned(top, lambda text: text.replace(commit, "1" * 40))
    assert reason == "environment 'production' on branch 'main'"
    assert issubclass(error, NotFound)


def test_a_pin_on_a_commit_without_the_model_may_need_anything(top: Path) -> None:
    commit = git(top, "rev-parse", "m@v1.0^{commit}").strip()
    root = git(top, "rev-list", "--max-parents=0", "HEAD").strip()
    assert pinned(top, lambda text: text.replace(commit, root)) == [
        ("environment 'production' on branch 'main'", NotFound)
    ]


def test_a_pin_of_other_bytes_than_its_commit_has_may_need_anything(top: Path) -> None:
    commits = [git(top, "rev-parse", f"m@v{version}^{{commit}}").strip() for version in ("1.0", "1.2")]
    assert pinned(top, lambda text: text.replace(*commits)) == [
        ("environment 'production' on branch 'main'", IntegrityError)
    ]


def test_a_branch_whose_objects_are_gone_may_need_anything(top: Path) -> None:
    git(top, "branch", "stable", "m@v1.0")
    tree = git(top, "rev-parse", "m@v1.0^{tree}").strip()
    (top / ".git/objects" / tree[:2] / tree[2:]).unlink()
    ((reason, error),) = unreadable(tip_needs(opened(top)))
    assert reason == "branch 'stable'"
    assert issubclass(error, NotFound)


def test_where_there_is_no_registry_nothing_is_said(git_repository: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    git(tmp_path, "init", "-q", "-b", "main", str(plain))
    with pytest.raises(NotFound):
        list(all_needs(opened(plain)))
