"""Git's configuration, as git itself would read it."""

import threading
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened

KEY = "regolo.store"


@pytest.fixture
def top(git_repository: Path) -> Path:
    git(git_repository, "config", KEY, "file")
    return git_repository


def test_a_key_has_the_value_of_the_repository(top: Path) -> None:
    assert opened(top).config_get(KEY) == "file"
    assert opened(top).config_get("user.name") == "Ada Byron"
    assert opened(top).config_get("regolo.other") is None


@pytest.mark.parametrize(
    "environment",
    [
        {"GIT_CONFIG_PARAMETERS": f"'{KEY}'='wanted\nü'"},
        {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": KEY, "GIT_CONFIG_VALUE_0": "wanted\nü"},
    ],
    ids=["git -c", "numbered variables"],
)
def test_a_value_of_the_environment_comes_first(
    top: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert opened(top).config_get(KEY) == "wanted\nü"
    assert opened(top).config_get("regolo.other") is None


@pytest.mark.parametrize("variable", ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"])
def test_another_file_is_read_where_the_environment_names_one(
    top: Path, tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_text("[regolo]\n\tstore = other\n\tcache = other\n")
    monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
    monkeypatch.setenv(variable, str(tmp_path / "other"))
    assert opened(top).config_get("regolo.cache") == "other"
    assert opened(top).config_get(KEY) == "file"


def test_without_the_program_the_files_are_read(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", f"'{KEY}'='wanted'")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert opened(top).config_get(KEY) == "file"


def test_a_setting_is_written_for_git_and_taken_out_again(top: Path) -> None:
    repository = opened(top)
    repository.config_set(KEY, "new value")
    assert git(top, "config", "--local", KEY) == "new value\n"
    assert repository.config_get(KEY) == "new value"
    repository.config_set(KEY, None)
    repository.config_set("regolo.never", None)
    assert repository.config_get(KEY) is None
    assert git(top, "config", "--local", KEY, check=False) == ""


def test_a_file_included_by_a_remote_is_read(top: Path, isolated: Path) -> None:
    git(top, "remote", "add", "origin", "https://corp.example/models.git")
    (isolated / "corp").write_text("[regolo]\n\tcache = corp\n")
    with (isolated / ".gitconfig").open("a") as file:
        file.write('[includeIf "hasconfig:remote.*.url:https://corp.example/**"]\n\tpath = corp\n')
    assert opened(top).config_get("regolo.cache") == "corp"
    assert opened(top).config_get(KEY) == "file"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gpgSign", True), ("gpgSign = true", True), ("gpgSign = YES", True), ("gpgSign = 1", True),
        ("gpgSign = on", True), ("gpgSign = 2k", True), ("gpgSign = false", False), ("gpgSign = 0", False),
        ("gpgSign =", False), ("gpgSign = off", False), ("", False), ("gpgSign = 00", False),
    ],
)  # fmt: skip
def test_a_boolean_is_read_as_git_reads_it(top: Path, line: str, expected: bool) -> None:
    with (top / ".git/config").open("a") as file:
        file.write(f"[Commit]\n\t{line}\n")
    assert opened(top).settings().is_true("commit.gpgSign") is expected
    assert (git(top, "config", "--type=bool", "commit.gpgsign", check=False) == "true\n") is expected


@pytest.mark.parametrize("environment", [{}, {"GIT_CONFIG_COUNT": "0"}], ids=["library", "git"])
def test_subsections_keep_their_case(
    top: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    git(top, "config", "Branch.My.Topic.Remote", "origin")
    settings = opened(top).settings()
    assert settings.get("branch.My.Topic.remote") == settings.get("BRANCH.My.Topic.REMOTE") == "origin"
    assert settings.get("branch.my.topic.remote") is None
    assert settings.below("branch") == {"branch.My.Topic.remote": "origin"}


# -- settings as of one moment ----------------------------------------------------------------------------


def test_a_block_has_the_settings_of_its_beginning(git_repository: Path) -> None:
    repository = opened(git_repository)
    git(git_repository, "config", "some.key", "one")
    with repository.steady():
        assert repository.config_get("some.key") == "one"
        git(git_repository, "config", "some.key", "two")
        with repository.steady():
            assert repository.config_get("some.key") == "one"
        assert repository.config_get("some.key") == "one"
        seen: list[str | None] = []
        thread = threading.Thread(target=lambda: seen.append(repository.config_get("some.key")))
        thread.start()
        thread.join()
        assert seen == ["two"]
    assert repository.config_get("some.key") == "two"


def test_a_block_that_asks_first_after_a_change_sees_it(git_repository: Path) -> None:
    repository = opened(git_repository)
    for value in ("one", "two"):
        with repository.steady():
            git(git_repository, "config", "some.key", value)
            assert repository.config_get("some.key") == value
