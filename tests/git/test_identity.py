"""Author and committer are the ones that git itself would take."""

import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.git_program import git
from support.git_repository import opened

from regolo_git.errors import InvalidInput
from regolo_git.git.environment import Role
from regolo_git.git.identity import Identity, check_time, find_person, parse_identity, read_time, utc

LAST_SECOND = 253402128000  # the last second that can be shown in every zone
EAST = timezone(timedelta(hours=1))


def read(role: Role = "AUTHOR") -> Identity:
    person = find_person(role, "Configured", "configured@example.com")
    assert person is not None
    return Identity(*person, read_time(role))


def test_the_configured_author_is_taken_at_this_second() -> None:
    before = int(datetime.now(UTC).timestamp())
    found = read()
    assert (found.name, found.email) == ("Configured", "configured@example.com")
    assert before <= found.seconds <= int(datetime.now(UTC).timestamp())
    assert found.when.microsecond == 0


def test_the_environment_comes_before_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace")
    assert (read().name, read().email) == ("Grace", "configured@example.com")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "grace@example.com")
    assert (read().name, read().email) == ("Grace", "grace@example.com")
    monkeypatch.setenv("EMAIL", "other@example.com")
    assert read().email == "grace@example.com"


def test_each_role_has_variables_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Grace")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@0 +0100")
    found = read("COMMITTER")
    assert (found.name, found.when) == ("Grace", datetime(1970, 1, 1, 1, tzinfo=EAST))
    assert read().name == "Configured"


def test_an_address_that_is_nowhere_else_is_the_one_for_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL", "mail@example.com")
    assert find_person("AUTHOR", "Ada", None) == ("Ada", "mail@example.com")
    assert read().email == "configured@example.com"


@pytest.mark.parametrize(
    ("name", "email"), [(None, "a@b.c"), ("Ada", None), ("", "a@b.c"), (" <>.\n", "a@b.c")]
)
def test_somebody_without_name_or_address_is_not_known(name: str | None, email: str | None) -> None:
    assert find_person("AUTHOR", name, email) is None


@pytest.mark.parametrize(
    "name", ["Ada <Byron>", " .,:;Ada Byron;:,. ", "\"Ada\" 'Byron'", "Ada\nByron", "A\\"]
)
def test_names_are_cleaned_as_git_cleans_them(
    name: str, git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", name)
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "empty")
    assert read().name == git(git_repository, "log", "--format=%an").rstrip("\n")


@pytest.mark.parametrize(
    "text",
    [
        "@1700000000 +0530", "1700000000 -0330", "2026-11-23T14:00:00+01:00", "Mon, 23 Nov 2026 14:00:00 -0700",
        "@0 +0000", "@4294967295 +0000",
    ],
)  # fmt: skip
def test_dates_are_read_as_git_reads_them(
    text: str, git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", text)
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "empty")
    seconds, zone = git(git_repository, "log", "--format=%ad", "--date=raw").split()
    sign = -1 if zone[0] == "-" else 1
    assert read().seconds == int(seconds)
    assert read().offset == sign * (int(zone[1:3]) * 60 + int(zone[3:]))


def test_a_date_without_a_zone_is_in_the_readers_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", " 2026-11-23T14:00:00 ")
    assert read().when == datetime(2026, 11, 23, 14).astimezone()
    assert read().when.tzinfo is not None


@pytest.mark.parametrize(
    "text",
    [
        "yesterday", "@1 0000", "@1 +00000", "@4294967296 +0000", "1969-12-31T23:59:59+00:00",
        "0001-01-01T00:00:00+14:00", "@1700000000 +9900",
    ],
)  # fmt: skip
def test_a_date_that_git_cannot_hold_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_DATE", text)
    with pytest.raises(InvalidInput, match="date") as caught:
        read()
    assert text in caught.value.message


@given(st.integers(0, LAST_SECOND))
def test_seconds_are_times_in_utc(seconds: int) -> None:
    found = utc(seconds)
    assert (found.timestamp(), found.tzinfo) == (seconds, UTC)


@pytest.mark.parametrize("seconds", [-1, -(1 << 62), 1 << 62, LAST_SECOND + 1])
def test_seconds_beyond_the_calendar_are_its_ends(seconds: int) -> None:
    found = utc(seconds)
    assert found in (datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC))
    assert (found.year == 1970) == (seconds < 0)
    found.astimezone(timezone(timedelta(hours=23, minutes=59)))


def test_minutes_east_of_greenwich_have_a_sign() -> None:
    west = timezone(-timedelta(hours=3, minutes=30))
    assert Identity("a", "b", datetime(2026, 1, 1, tzinfo=west)).offset == -210
    assert Identity("a", "b", datetime(2026, 1, 1, tzinfo=EAST)).offset == 60
    assert Identity("a", "b", datetime(2026, 1, 1)).offset == 0


# -- an author that is given --------------------------------------------------------------------------------


def test_a_person_is_a_name_and_an_address() -> None:
    when = datetime(2021, 3, 4, tzinfo=EAST)
    found = parse_identity(" Grace B. Hopper <grace@example.com> ", when)
    assert found == Identity("Grace B. Hopper", "grace@example.com", when)
    assert parse_identity(found.person, when) == found


@pytest.mark.parametrize(
    "person",
    ["", "Grace", "<grace@example.com>", "Grace <>", "Grace <a> <b>", "Gr\nace <g@e>x", "Grace g@e.x"],
)
def test_an_invalid_person_is_refused(person: str) -> None:
    with pytest.raises(InvalidInput, match="has no name or address"):
        parse_identity(person, datetime(2021, 3, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    "when",
    [
        datetime(2021, 3, 4),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    ],
)
def test_a_time_that_git_cannot_hold_is_refused(when: datetime) -> None:
    with pytest.raises(InvalidInput, match="time"):
        check_time(when)


@pytest.mark.parametrize(
    "when", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)]
)
def test_the_first_and_the_last_time_that_git_can_hold(when: datetime) -> None:
    assert check_time(when) is when


def test_author_and_time_are_each_given_or_default(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = opened(git_repository)
    when = datetime(2021, 3, 4, 5, 6, 7, tzinfo=EAST)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1000000000 +0000")
    known, dated = repository.authorship(), repository.authorship(when=when)
    named = repository.authorship("Grace Hopper <grace@example.com>")
    assert known.author.person == dated.committer.person == "Ada Byron <ada@example.com>"
    assert dated.author.when == dated.committer.when == when
    assert named.author.person == named.committer.person == "Grace Hopper <grace@example.com>"
    assert known.committer.seconds == named.committer.seconds == 10**9
    assert named.author.seconds > 10**9


# -- the answers of git itself ------------------------------------------------------------------------------


@pytest.fixture
def home(isolated: Path) -> Path:
    (isolated / ".gitconfig").write_text("[user]\n\tname = Home Name\n\temail = home@example.com\n")
    return isolated


def must_be_gits(top: Path) -> None:
    """Author and committer are those of a commit by git, whatever decides them."""
    found = opened(top).authorship()
    git(top, "commit", "-q", "--allow-empty", "-m", "by git")
    shown = git(top, "log", "-1", "--format=%an <%ae>%n%cn <%ce>").splitlines()
    assert [found.author.person, found.committer.person] == shown


CORP = "[user]\n\tname = Corp Name\n\temail = corp@example.com\n"


@pytest.mark.parametrize(
    "condition",
    [
        "hasconfig:remote.*.url:https://corp.example/**",
        "hasconfig:remote.*.url:ssh://other.example/**",
        "gitdir:**/repository/",
        "gitdir/i:**/REPOSITORY/.git",
        "onbranch:main",
        "onbranch:work/*",
    ],
)
def test_a_file_that_is_included_on_a_condition_counts_as_for_git(
    git_repository: Path, home: Path, condition: str
) -> None:
    git(git_repository, "remote", "add", "origin", "https://corp.example/models.git")
    (home / "corp").write_text(CORP)
    with (home / ".gitconfig").open("a") as file:
        file.write(f'[includeIf "{condition}"]\n\tpath = corp\n')
    must_be_gits(git_repository)
    git(git_repository, "switch", "-qc", "work/one")
    must_be_gits(git_repository)


def test_an_included_file_that_changes_counts_at_once(git_repository: Path, home: Path) -> None:
    git(git_repository, "remote", "add", "origin", "https://corp.example/models.git")
    (home / "corp").write_text(CORP)
    with (home / ".gitconfig").open("a") as file:
        file.write('[includeIf "hasconfig:remote.*.url:https://corp.example/**"]\n\tpath = ~/corp\n')
    repository = opened(git_repository)
    assert repository.authorship().author.name == "Corp Name"
    assert repository.config_get("user.email") == "corp@example.com"
    (home / "corp").write_text(CORP.replace("Corp Name", "Other Name"))
    assert repository.authorship().author.name == "Other Name"


def test_roles_have_names_of_their_own_in_the_configuration(git_repository: Path, home: Path) -> None:
    git(git_repository, "config", "author.name", "Author Only")
    git(git_repository, "config", "committer.email", "committer@example.com")
    must_be_gits(git_repository)


def test_the_configuration_of_one_work_tree_counts(git_repository: Path, home: Path) -> None:
    git(git_repository, "config", "extensions.worktreeConfig", "true")
    git(git_repository, "config", "--worktree", "user.name", "Of This Tree")
    must_be_gits(git_repository)


def test_another_home_is_followed(
    git_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text(CORP)
    monkeypatch.setenv("HOME", str(tmp_path))
    must_be_gits(git_repository)


def test_a_name_that_is_not_utf8_is_not_in_the_way(git_repository: Path, home: Path) -> None:
    with (home / ".gitconfig").open("ab") as file:
        file.write(b"[other]\n\tname = J\xfcrgen\n")
    assert opened(git_repository).authorship().author.name == "Home Name"


@pytest.mark.parametrize(
    ("lines", "environment"),
    [
        ("[user]\n\tuseConfigOnly = true\n\tname = Ada\n", {}),
        ("[user]\n\tuseConfigOnly = true\n", {"GIT_AUTHOR_NAME": "Ada", "GIT_COMMITTER_NAME": "Ada"}),
        ("[user]\n\tname = Ada\n\temail = a@b.c\n", {"GIT_AUTHOR_NAME": ""}),
        ("[user]\n\tname = <>\n\temail = a@b.c\n", {}),
    ],
)
def test_an_identity_that_git_refuses_is_refused_in_its_words(
    git_repository: Path,
    home: Path,
    lines: str,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (home / ".gitconfig").write_text(lines)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput) as caught:
        opened(git_repository).authorship()
    role = "AUTHOR"
    done = subprocess.run(
        ["git", "var", f"GIT_{role}_IDENT"], cwd=git_repository, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert caught.value.message.endswith(done.stderr.strip().rpartition("fatal: ")[2])
    assert "git config --global user.name" in str(caught.value.hint)
    assert "user.email" in str(caught.value.hint)
