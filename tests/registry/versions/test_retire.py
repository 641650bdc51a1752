"""What becomes free when a version is retired, and when it may be."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import commit_files, git

from regolo_git.api import Registry
from regolo_git.errors import Conflict, InvalidInput, NotFound, PolicyRefused
from regolo_git.records.references import Reference
from regolo_git.registry.versions.retire import plan_retirement, retire

SHARED = b"bytes that two versions have"


@pytest.fixture
def top(registry: Registry, once: Once) -> Path:
    """Versions 1.0 and 1.1 of `m`."""

    def build() -> None:
        registry.register_model("m", SHARED)
        registry.create_model_version("m", model_data=b"others")

    once(build)
    return registry.handle.paths.top


def free(registry: Registry, reference: str) -> int:
    return plan_retirement(registry.handle, Reference.parse(reference), "wrong data").free_bytes


def test_bytes_of_no_other_version_become_free(registry: Registry, top: Path) -> None:
    assert (free(registry, "m@1.0"), free(registry, "m@1.1")) == (len(SHARED), len(b"others"))


def test_a_branch_that_has_the_version_itself_frees_it_nevertheless(registry: Registry, top: Path) -> None:
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


def refused(registry: Registry, reference: str) -> str:
    with pytest.raises(PolicyRefused, match="in use by") as caught:
        free(registry, reference)
    return str(caught.value.hint)


def test_the_hint_names_what_was_in_the_environment_before(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=b"slow")
    registry.promote_model_version("m", "1.0", "production")
    assert refused(registry, "m@1.0") == "git regolo demote m production"
    registry.promote_model_version("m", "1.1", "production")
    assert refused(registry, "m@1.1") == "git regolo promote m@1.0 production"
    registry.retire_model_version("m", "1.0", reason="wrong data")
    assert refused(registry, "m@1.1") == "git regolo demote m production"


def test_the_hint_does_not_name_what_was_rolled_back(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=b"slow")
    registry.promote_model_version("m", "1.0", "production")
    registry.create_endpoint("e", "m", "1.0", environment="production")
    registry.promote_model_version("m", "1.2", "production")
    registry.rollback_endpoint("e")
    registry.promote_model_version("m", "1.1", "production")
    assert refused(registry, "m@1.1") == "git regolo promote m@1.0 production"
    assert refused(registry, "m@1.1") == "git regolo promote m@1.0 production"
    registry.demote_model_version("m", "production")
    assert refused(registry, "m@1.1") == "git regolo rollback e --to 1.0"


def test_the_hint_for_an_endpoint_names_its_last_good_version(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=b"slow")
    registry.create_endpoint("e", "m", "1.1")
    assert refused(registry, "m@1.1") == "git regolo list m"
    registry.update_endpoint_traffic("e", {"1.0": 1})
    assert refused(registry, "m@1.0") == "git regolo rollback e --to 1.1"
    registry.update_endpoint_traffic("e", {"1.0": 90, "1.1": 10, "1.2": 0})
    assert refused(registry, "m@1.2") == "git regolo traffic e 1.0=90 1.1=10"
    assert refused(registry, "m@1.1") == "git regolo rollback e --to 1.0"


def test_the_hint_for_a_shadow_ends_it(registry: Registry, top: Path) -> None:
    registry.create_model_version("m", model_data=b"slow")
    registry.create_endpoint("e", "m", "1.0")
    registry.update_endpoint_traffic("e", shadow={"1.1": 10, "1.2": 5})
    assert refused(registry, "m@1.2") == "git regolo traffic e --shadow 1.1=10"
    registry.update_endpoint_traffic("e", shadow={"1.1": 10})
    assert refused(registry, "m@1.1") == "git regolo traffic e --shadow none"
    registry.update_endpoint_traffic("e", shadow={})
    registry.retire_model_version("m", "1.1", reason="wrong data")


def test_the_hint_of_an_empty_environment_names_a_version_that_can_be_promoted(
    registry: Registry, top: Path
) -> None:
    registry.create_model_version("m", "2.0.0-rc.1", model_data=b"candidate")
    registry.retire_model_version("m", "1.1", reason="wrong data")
    with pytest.raises(NotFound) as caught:
        registry.get_model_version("m", "production")
    assert str(caught.value.hint) == "git regolo promote m@1.0 production"
    registry.retire_model_version("m", "1.0", reason="wrong data")
    with pytest.raises(NotFound) as caught:
        registry.get_model_version("m", "production")
    assert str(caught.value.hint) == "git regolo promote m@VERSION production"


def test_it_is_one_commit_with_who_and_why(registry: Registry, top: Path) -> None:
    plan = plan_retirement(registry.handle, Reference.parse("m@1.0.0"), " wrong data ")
    retire(registry.handle, plan)
    message = "retire m@1.0\n\nwrong data\n\nRegolo-Action: retire"
    assert git(top, "log", "-1", "--format=%B").strip() == message
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


def test_who_when_and_why_are_on_the_version_and_in_the_errors(two_versions: Registry) -> None:
    assert two_versions.get_model_version("m", "1.0").retirement is None
    two_versions.retire_model_version("m", "1.0", reason="too slow\nfor anyone")
    for version in (two_versions.list_model_versions("m")[0], two_versions.get_model_version("m", "1.0")):
        assert version.retirement is not None
        assert (version.retirement.who, version.retirement.reason) == (
            "Ada Byron <ada@example.com>",
            "too slow\nfor anyone",
        )
        assert version.retirement.when.tzinfo is not None
    two_versions.create_endpoint("e", "m", "1.1")
    why = r"'m@1\.0' is retired \(20\d\d-\d\d-\d\d \d\d:\d\d by Ada Byron: too slow"
    for call in (
        lambda: two_versions.promote_model_version("m", "1.0", "production"),
        lambda: two_versions.create_endpoint("f", "m", "1.0"),
        lambda: two_versions.update_endpoint_traffic("e", {"1.0": 1}),
        lambda: two_versions.rollback_endpoint("e", "1.0"),
        lambda: two_versions.rollback_model("m", "1.0"),
    ):
        with pytest.raises(PolicyRefused, match=why):
            call()
    with pytest.raises(InvalidInput, match=r"already retired .*too slow"):
        two_versions.retire_model_version("m", "1.0", reason="again")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"tip": 3}', '{"tip": "TIP", "models": {"m": {"1.0.0": ["x"]}}}']
)
def test_a_damaged_cache_of_retirements_is_read_anew(two_versions: Registry, content: str) -> None:
    two_versions.retire_model_version("m", "1.0", reason="wrong data")
    two_versions.list_model_versions("m")
    cache = two_versions.handle.local_directory / "retirements.json"
    tip = git(two_versions.handle.paths.top, "rev-parse", "HEAD").strip()
    assert cache.is_file()
    cache.write_text(content.replace("TIP", tip))
    (first, _) = two_versions.list_model_versions("m")
    assert first.retirement is not None
    assert first.retirement.reason == "wrong data"
    two_versions.retire_model_version("m", "1.1", reason="wrong too")
    assert [v.retirement and v.retirement.reason for v in two_versions.list_model_versions("m")] == [
        "wrong data",
        "wrong too",
    ]
