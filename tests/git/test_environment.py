"""What git reads from the environment is read in one place, and a git that we run gets its own."""

from pathlib import Path

import pytest

from regolo_git.git.environment import (
    email_address,
    environment_of_git,
    identity_variable,
    overrides_configuration,
)


def test_nothing_is_reported_where_nothing_is_set() -> None:
    assert identity_variable("AUTHOR", "NAME") is None
    assert email_address() is None
    assert not overrides_configuration()


def test_each_variable_is_read_by_its_role_and_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", "@1 +0000")
    monkeypatch.setenv("EMAIL", "ada@example.com")
    assert identity_variable("COMMITTER", "DATE") == "@1 +0000"
    assert identity_variable("AUTHOR", "DATE") is None
    assert email_address() == "ada@example.com"


@pytest.mark.parametrize("name", ["PARAMETERS", "COUNT", "GLOBAL", "SYSTEM"])
def test_a_variable_that_changes_the_configuration_is_seen_even_empty(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GIT_CONFIG_{name}", "")
    assert overrides_configuration()


def test_our_git_works_in_the_given_repository_with_the_users_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -v")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "COMMON_DIR", "PREFIX", "OBJECT_DIRECTORY", "NAMESPACE"):
        monkeypatch.setenv(f"GIT_{name}", "elsewhere")
    found = environment_of_git(Path("/a/.git"), None, None)
    assert (found["GIT_SSH_COMMAND"], found["GIT_TERMINAL_PROMPT"], found["LC_ALL"]) == ("ssh -v", "0", "C")
    assert found["GIT_DIR"] == "/a/.git"
    assert "elsewhere" not in found.values()
    found = environment_of_git(Path("/a/.git"), Path("/a"), Path("/a/index"))
    assert (found["GIT_WORK_TREE"], found["GIT_INDEX_FILE"]) == ("/a", "/a/index")
