"""What stood where and when, however it came onto the registry branch."""

from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git
from support.registry_fixtures import without_environments

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, PolicyRefused


@pytest.fixture
def models(registry: Registry, once: Once) -> Registry:
    """Versions 1.0 to 1.2 of `m`, with 1.0 in production."""

    def build() -> None:
        for number in "012":
            if number == "0":
                registry.register_model("m", number.encode())
            else:
                registry.create_model_version("m", model_data=number.encode())
        registry.promote_model_version("m", "1.0", "production")

    once(build)
    return registry


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Sets the clock of whoever commits to a day of January 2030."""
    return lambda number: monkeypatch.setenv("GIT_COMMITTER_DATE", f"2030-01-{number:02d}T12:00:00Z")


def told(registry: Registry, environment: str | None = None) -> list[tuple[str, str | None, int]]:
    """Environment, version and day of what happened in 2030, newest first."""
    return [
        (event.environment, event.promotion.version if event.promotion else None, event.when.day)
        for event in registry.get_promotion_history("m", environment)
        if event.when.year == 2030
    ]


def top(registry: Registry) -> Path:
    return registry.handle.paths.top


def test_a_proposal_counts_from_its_merge(models: Registry, day) -> None:  # type: ignore[no-untyped-def]
    models.create_endpoint("e", "m", "1.0", environment="production")
    day(2)
    models.promote_model_version("m", "1.1", "production", propose=True)
    day(3)
    models.promote_model_version("m", "1.2", "staging")
    day(9)
    git(top(models), "merge", "-q", "--no-ff", "--no-edit", "operate/production/m@1.1")
    assert models.get_model_version("m", "1.1").status == "production"
    assert told(models) == [("production", "1.1", 9), ("staging", "1.2", 3)]
    assert models.get_endpoint_history("e")[0].when.day == 9


def test_a_proposal_that_a_merge_from_elsewhere_brings_keeps_the_day_of_its_own(  # type: ignore[no-untyped-def]
    models: Registry, day
) -> None:
    git(top(models), "branch", "mine")
    day(2)
    models.promote_model_version("m", "1.1", "production", propose=True)
    day(4)
    git(top(models), "merge", "-q", "--no-ff", "--no-edit", "operate/production/m@1.1")
    day(5)
    models.promote_model_version("m", "1.2", "staging")
    git(top(models), "switch", "-q", "mine")
    git(top(models), "commit", "-q", "--allow-empty", "-m", "meanwhile")
    day(9)
    git(top(models), "merge", "-q", "--no-edit", "main")
    git(top(models), "branch", "-f", "main", "mine")
    assert told(models) == [("staging", "1.2", 5), ("production", "1.1", 4)]


def test_a_proposal_that_is_the_branch_itself_needs_no_merge(models: Registry, day) -> None:  # type: ignore[no-untyped-def]
    day(2)
    models.promote_model_version("m", "1.1", "production", propose=True)
    git(top(models), "merge", "-q", "--ff-only", "operate/production/m@1.1")
    assert told(models) == [("production", "1.1", 2)]


def test_a_reverted_merge_is_told(models: Registry, day) -> None:  # type: ignore[no-untyped-def]
    day(2)
    models.promote_model_version("m", "1.1", "production", propose=True)
    day(3)
    git(top(models), "merge", "-q", "--no-ff", "--no-edit", "operate/production/m@1.1")
    day(4)
    git(top(models), "revert", "--no-edit", "-m", "1", "HEAD")
    assert told(models) == [("production", "1.0", 4), ("production", "1.1", 3)]
    assert models.get_model_version("m", "production").version == "1.0"


def test_a_clock_that_is_wrong_changes_no_order(models: Registry, day) -> None:  # type: ignore[no-untyped-def]
    day(5)
    models.promote_model_version("m", "1.1", "staging")
    day(3)
    models.promote_model_version("m", "1.1", "production")
    day(4)
    models.promote_model_version("m", "1.2", "staging")
    assert told(models) == [("staging", "1.2", 4), ("production", "1.1", 3), ("staging", "1.1", 5)]


def test_an_environment_that_is_gone_is_told(models: Registry, day) -> None:  # type: ignore[no-untyped-def]
    day(2)
    models.promote_model_version("m", "1.1", "canary", new_environment=True)
    day(3)
    git(top(models), "rm", "-q", "environments/canary/m.toml")
    git(top(models), "commit", "-qm", "no canary any more")
    assert told(models) == [("canary", None, 3), ("canary", "1.1", 2)]
    assert told(models, "canary") == told(models)


def test_a_name_that_no_environment_can_have_is_refused(models: Registry) -> None:
    with pytest.raises(InvalidInput, match="environment name"):
        models.get_promotion_history("m", "../m")


def test_other_bytes_of_the_same_name_have_passed_nothing(models: Registry) -> None:
    configuration = top(models) / ".regolo/config.toml"
    rules = '\n[environments.staging]\n\n[environments.production]\nrequires = ["staging"]\n'
    configuration.write_text(without_environments(configuration.read_text()) + rules)
    digest = models.get_model_version("m", "1.1").digest
    path = top(models) / "environments/staging/m.toml"
    path.parent.mkdir(parents=True)
    written = (top(models) / "environments/production/m.toml").read_text()
    written = written.replace('"production"', '"staging"').replace('version = "1.0"', 'version = "1.1"')
    assert digest not in written
    path.write_text(written)
    git(top(models), "add", ".")
    git(top(models), "commit", "-qm", "by hand, of another version's bytes")
    with pytest.raises(PolicyRefused, match="must be promoted to 'staging' first"):
        models.promote_model_version("m", "1.1", "production")


def test_promotions_of_one_second_are_told_in_their_order(
    registered: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-02 03:04:05 +0000")
    for environment in ("production", "staging", "production"):
        replicas = len(registered.get_promotion_history("m")) + 1
        registered.promote_model_version("m", "1.1", environment, replicas=replicas)
    told = [
        (event.environment, event.promotion.replicas)
        for event in registered.get_promotion_history("m")
        if event.promotion
    ]
    assert told == [("production", 3), ("staging", 2), ("production", 1)]


def test_history_says_what_stood_where(registered: Registry) -> None:
    registered.promote_model_version("m", "1.0", "production")
    registered.promote_model_version("m", "1.1", "production", message="better")
    events = registered.get_promotion_history("m", "production")
    assert [(e.promotion.version, e.message) for e in events if e.promotion] == [
        ("1.1", "better"),
        ("1.0", "promote m@1.0 to production"),
    ]
