"""What becomes free when a version is retired, and when it may be."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, PolicyRefused
from regolo_git.hints import Hint
from regolo_git.records.references import Reference
from regolo_git.registry.versions.retire import plan_retirement, retire

SHARED = b"bytes that two versions have"


@pytest.fixture
def top(registry: Registry) -> Path:
    """Versions 1.0 and 1.1 of `m`."""
    registry.register_model("m", SHARED)
    registry.create_model_version("m", model_data=b"others")
    return registry.handle.paths.top


def free(registry: Registry, reference: str) -> int:
    return plan_retirement(registry.handle, Reference.parse(reference), "wrong data").free_bytes


def test_bytes_of_no_other_version_become_free(registry: Registry, top: Path) -> None:
    assert (free(registry, "m@1.0"), free(registry, "m@1.1")) == (len(SHARED), len(b"others"))


def test_a_branch_that_has_the_version_itself_frees_it_all_the_same(registry: Registry, top: Path) -> None:
    git(top, "branch", "stable", "m@v1.0")
    assert free(registry, "m@1.0") == len(SHARED)


def test_bytes_that_a_proposal_has_too_do_not_become_free(registry: Registry, top: Path) -> None:
    registry.register_model("other", SHARED, flow="propose")
    assert free(registry, "m@1.0") == 0


def test_bytes_that_a_version_on_another_branch_has_too_do_not_become_free(
    registry: Registry, top: Path
) -> None:
    git(top, "switch", "-qc", "topic")
    registry.register_model("other", SHARED)
    git(top, "switch", "-q", "main")
    assert free(registry, "m@1.0") == 0


def test_bytes_that_only_a_retired_version_has_too_become_free(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=registry.get_model_version("m", "1.0"))
    registry.create_model_version("m", model_data=b"the newest")
    assert free(registry, "m@1.0") == 0
    registry.delete_model_version("m", "1.2", reason="twice")
    assert free(registry, "m@1.0") == len(SHARED)


def test_a_manifest_that_cannot_be_read_is_not_in_the_way(registry: Registry, top: Path) -> None:
    commit_files(top, {"models/broken/manifest.toml": "no TOML\n"})
    assert free(registry, "m@1.0") == len(SHARED)


def test_a_user_is_named_with_the_command_that_moves_it(registry: Registry, top: Path) -> None:
    registry.promote_model_version("m", "1.0", "production")
    with pytest.raises(PolicyRefused, match="in use by environment 'production'") as caught:
        free(registry, "m@1.0")
    assert caught.value.hint == Hint("promote", "m@1.1", "production")
    registry.create_endpoint("e", "m", "1.1")
    with pytest.raises(PolicyRefused, match="in use by endpoint 'e'") as caught:
        free(registry, "m@1.1")
    assert caught.value.hint == Hint("rollback", "e", "--to", "1.0")


def test_where_no_other_version_is_left_there_is_no_such_command(registry: Registry, top: Path) -> None:
    registry.delete_model_version("m", "1.1", reason="wrong data")
    registry.promote_model_version("m", "1.0", "production")
    with pytest.raises(PolicyRefused) as caught:
        free(registry, "m@1.0")
    assert caught.value.hint is None


def test_it_is_one_commit_with_who_and_why(registry: Registry, top: Path) -> None:
    plan = plan_retirement(registry.handle, Reference.parse("m@1.0.0"), " wrong data ")
    retire(registry.handle, plan)
    assert git(top, "log", "-1", "--format=%B").strip() == "retire m@1.0\n\nwrong data"
    (entry,) = registry.handle.records().retired("m").entries
    assert (entry.version, entry.who, entry.reason) == ("1.0", "Ada Byron <ada@example.com>", "wrong data")
    with pytest.raises(InvalidInput, match="already retired"):
        free(registry, "m@1.0")


def test_a_reason_is_needed(registry: Registry, top: Path) -> None:
    with pytest.raises(InvalidInput):
        plan_retirement(registry.handle, Reference.parse("m@1.0"), "  ")


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


def test_a_version_in_use_is_not_retired(registered: Registry) -> None:
    registered.promote_model_version("m", "1.1", "production")
    registered.create_endpoint("e", "m", "1.0")
    with pytest.raises(PolicyRefused, match="environment 'production'"):
        registered.retire_model_version("m", "1.1", reason="r")
    with pytest.raises(PolicyRefused, match="endpoint 'e'"):
        registered.retire_model_version("m", "1.0", reason="r")


def test_a_version_that_came_into_use_since_it_was_planned_is_not_retired(registered: Registry) -> None:
    plan = plan_retirement(registered.handle, Reference.parse("m@1.1"), "wrong data")
    registered.promote_model_version("m", "1.1", "production")
    with pytest.raises(PolicyRefused, match="environment 'production'"):
        retire(registered.handle, plan)
