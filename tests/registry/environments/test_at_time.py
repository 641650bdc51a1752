"""What environments have, and had at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound

START = datetime(2026, 5, 1, 12, tzinfo=UTC)
Clock = Callable[[int], datetime]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets the time of the next commits, in hours since the start."""

    def set_to(hours: int) -> datetime:
        when = START + timedelta(hours=hours)
        for role in ("AUTHOR", "COMMITTER"):
            monkeypatch.setenv(f"GIT_{role}_DATE", when.isoformat())
        return when

    return set_to


@pytest.fixture
def promoted(registry: Registry, clock: Clock, once: Once) -> Registry:
    """`m`: 1.0 in staging at 1, 1.1 at 2 and in production at 3; staging empty at 4."""

    def build() -> None:
        clock(0)
        registry.register_model("m", b"one")
        registry.create_model_version("m", model_data=b"two")
        clock(1)
        registry.promote_model_version("m", "1.0", "staging")
        clock(2)
        registry.promote_model_version("m", "1.1", "staging", replicas=3)
        clock(3)
        registry.promote_model_version("m", "1.1", "production")
        clock(4)
        registry.demote_model_version("m", "staging")

    once(build)
    clock(4)
    return registry


def held(registry: Registry, hours: float | None) -> list[tuple[str, str, int]]:
    at = START + timedelta(hours=hours) if hours is not None else None
    return [(found.environment, found.version, found.replicas) for found in registry.list_environments(at=at)]


def test_environments_are_as_they_were_at_the_time(promoted: Registry) -> None:
    assert held(promoted, 0.5) == []
    assert held(promoted, 1) == [("staging", "1.0", 1)]
    assert held(promoted, 2.5) == [("staging", "1.1", 3)]
    assert held(promoted, 3.5) == [("staging", "1.1", 3), ("production", "1.1", 1)]
    assert held(promoted, 99) == held(promoted, None) == [("production", "1.1", 1)]


def test_each_version_has_its_commit(promoted: Registry) -> None:
    (found,) = promoted.list_environments("production")
    assert (found.since, found.who) == (START + timedelta(hours=3), "Ada Byron <ada@example.com>")
    assert promoted.list_environments("production", "2026-05-01T15:30Z") == [found]
    assert promoted.list_environments("staging") == []


def test_a_proposed_promotion_counts_from_its_merge(promoted: Registry, clock: Clock) -> None:
    top = promoted.handle.paths.top
    clock(5)
    promoted.promote_model_version("m", "1.0", "staging", propose=True)
    (branch,) = git(
        top, "for-each-ref", "--format=%(refname)", "refs/heads/propose", "refs/heads/operate"
    ).split()
    clock(8)
    git(top, "merge", "-q", "--no-ff", "-m", "merge", branch)
    assert held(promoted, 6) == [("production", "1.1", 1)]
    assert held(promoted, 8) == [("staging", "1.0", 1), ("production", "1.1", 1)]


def test_a_shallow_clone_knows_the_present_only(promoted: Registry, tmp_path: Path) -> None:
    top = promoted.handle.paths.top
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{top}", "clone")
    with Registry.open(tmp_path / "clone") as clone:
        (found,) = clone.list_environments()
        assert (found.environment, found.version) == ("production", "1.1")
        with pytest.raises(NotFound, match="shallow"):
            clone.list_environments(at="2026-05-01T13:30Z")


def test_what_is_not_a_time_is_refused(promoted: Registry) -> None:
    for at in ("yesterday", datetime(2026, 5, 1)):
        with pytest.raises(InvalidInput, match="is not a time with a zone"):
            promoted.list_environments(at=at)
