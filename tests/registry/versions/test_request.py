"""What is asked for: refused at once where it cannot be, and by whom and when it was made."""

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput
from regolo_git.registry.versions.create import CreatedVersion, create_version
from regolo_git.registry.versions.request import VersionRequest

GRACE = "Grace Hopper <grace@example.com>"
WHEN = datetime(2021, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=2)))


def create(registry: Registry, number: int, **given: object) -> CreatedVersion:
    request = VersionRequest(
        "m",
        f"{number}".encode(),
        new_model=number == 0,
        version=f"1.{number}",
        **given,  # type: ignore[arg-type]
    )
    return create_version(registry.handle, request, on_same_content=lambda _: None)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"bump": "huge"}, InvalidInput),
        ({"flow": "sideways"}, InvalidInput),
        ({"version": "1.0", "bump": "minor"}, InvalidInput),
        ({"message": "a\0b"}, InvalidInput),
        ({"version": 1.0}, TypeError),
        ({"author": 3}, TypeError),
        ({"lineage": "main"}, TypeError),
    ],
)
def test_what_means_nothing_is_refused(given: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        VersionRequest("m", b"bytes", new_model=True, **given)  # type: ignore[arg-type]


def test_imported_versions_keep_their_authors_and_dates(registry: Registry) -> None:
    environment = dict(os.environ)
    days = [WHEN + timedelta(days=number) for number in range(3)]
    for number, day in enumerate(days):
        create(registry, number, author=GRACE, when=day)
    assert dict(os.environ) == environment
    listed = registry.list_model_versions("m")
    assert [(version.created_by, version.created_at) for version in listed] == [(GRACE, day) for day in days]
    top = registry.handle.paths.top
    said = git(top, "log", "-3", "--reverse", "--date=iso-strict", "--format=%an <%ae> %ad %cn <%ce> %cd")
    assert said.splitlines() == [f"{GRACE} {day.isoformat()} {GRACE} {day.isoformat()}" for day in days]


def test_the_version_that_comes_back_says_the_same(registry: Registry) -> None:
    created = create(registry, 0, author=GRACE, when=WHEN).version
    assert (created.created_by, created.created_at) == (GRACE, WHEN)


@pytest.mark.parametrize("flow", ["auto", "propose"])
def test_only_the_time_may_be_given(registry: Registry, flow: str) -> None:
    create(registry, 0)
    created = create(registry, 1, when=WHEN, flow=flow).version
    assert (created.created_by, created.created_at) == ("Ada Byron <ada@example.com>", WHEN)


def test_by_default_it_is_whoever_git_says_now(registry: Registry) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    created = create(registry, 0).version
    assert created.created_by == "Ada Byron <ada@example.com>"
    assert before <= created.created_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "given",
    [
        {"author": "Grace"},
        {"when": datetime(2021, 3, 4)},
        {"when": datetime(1960, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_author_or_time_that_git_cannot_hold_leaves_nothing(
    registry: Registry, git_repository: Path, given: dict[str, object]
) -> None:
    before = git(git_repository, "for-each-ref"), list((git_repository / ".git/regolo/store").rglob("*"))
    with pytest.raises(InvalidInput):
        create(registry, 0, **given)
    after = git(git_repository, "for-each-ref"), list((git_repository / ".git/regolo/store").rglob("*"))
    assert after == before
