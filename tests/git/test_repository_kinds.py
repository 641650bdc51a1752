"""Which repositories are used and which are refused, and whose configuration counts."""

import subprocess
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import opened, publish_version

from regolo_git.errors import InvalidInput
from regolo_git.git.discover import find_repository


def test_a_sha256_repository_is_refused_with_what_to_type(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "other")
    with pytest.raises(InvalidInput, match="uses object format 'sha256'") as caught:
        find_repository(tmp_path / "other", {})
    command = str(caught.value.hint).partition(" (")[0].replace("DIRECTORY", "registry").split()
    # As it is typed where the error was seen.
    subprocess.run(command, cwd=tmp_path / "other", check=True, capture_output=True)
    assert find_repository(tmp_path / "other/registry", {}).top == tmp_path / "other/registry"


@pytest.mark.parametrize(("key", "value"), [("refStorage", "reftable"), ("compatObjectFormat", "sha256")])
def test_a_kind_that_the_library_cannot_read_is_refused_by_name(
    git_repository: Path, key: str, value: str
) -> None:
    with (git_repository / ".git/config").open("a") as config:
        config.write(f"[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\t{key} = {value}\n")
    with pytest.raises(InvalidInput, match=f"(?i){value}|{key}"):
        opened(git_repository)


def test_settings_on_the_command_line_of_git_count(
    git_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As `git -c user.name=Bob regolo …` hands it down.
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'user.name'='Bob' 'user.email'='bob@example.com'")
    publish_version(git_repository, "m", "1.0")
    assert git(git_repository, "log", "-1", "--format=%an %ae").strip() == "Bob bob@example.com"


def test_another_global_file_counts(
    git_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").write_text("[user]\n\tname = Grace Hopper\n\temail = grace@example.com\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "other"))
    publish_version(git_repository, "m", "1.0")
    assert git(git_repository, "log", "-1", "--format=%cn").strip() == "Grace Hopper"
    assert opened(git_repository).config_get("regolo.store") is None
