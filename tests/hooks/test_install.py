"""Installing hooks: those of others keep running, and come back."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import commit_files, git

from regolo_git.git.hook_scripts import CLONE_HOOKS, FORM


@pytest.fixture(autouse=True)
def in_repository(top: Path) -> None:
    """The tests stand in an empty repository."""


def states(regolo: Regolo) -> dict[str, str]:
    found = regolo("hooks", "status", "--json").document
    assert isinstance(found, list)
    return {each["name"]: each["state"] for each in found}


def write_hook(place: Path, text: str = "#!/bin/sh\necho theirs\n") -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)
    return place


def test_hooks_are_installed_and_removed(regolo: Regolo, top: Path) -> None:
    assert set(states(regolo).values()) == {"not installed"}
    regolo("hooks", "install")
    assert states(regolo) == dict.fromkeys(CLONE_HOOKS, "installed")
    regolo("hooks", "install")  # a second time changes nothing
    assert not list((top / ".git/hooks").glob("*.before-regolo"))
    regolo("hooks", "uninstall")
    assert set(states(regolo).values()) == {"not installed"}
    assert "no hook is installed" in regolo("hooks", "uninstall").err


def test_a_hook_of_others_is_kept_and_put_back(regolo: Regolo, top: Path) -> None:
    theirs = write_hook(top / ".git/hooks/pre-push")
    text = theirs.read_text()
    assert states(regolo)["pre-push"] == "other hook"
    assert "pre-push.before-regolo" in regolo("hooks", "install").err
    assert states(regolo)["pre-push"] == "installed"
    regolo("hooks", "uninstall")
    assert theirs.read_text() == text
    assert states(regolo)["pre-push"] == "other hook"


def test_a_hook_that_cannot_be_kept_is_not_lost(regolo: Regolo, top: Path) -> None:
    write_hook(top / ".git/hooks/pre-push")
    write_hook(top / ".git/hooks/pre-push.before-regolo", "#!/bin/sh\necho older\n")
    assert "there already" in regolo("hooks", "install", status=4).err
    assert states(regolo)["pre-commit"] == "not installed"


def test_a_stale_hook_is_reported_and_renewed(regolo: Regolo, top: Path) -> None:
    regolo("hooks", "install")
    place = top / ".git/hooks/pre-push"
    place.write_text(place.read_text().replace(f"hook, form {FORM}", "hook, form 0"))
    assert states(regolo)["pre-push"] == "stale"
    regolo("init")
    assert "git regolo hooks install" in regolo("doctor").out
    regolo("hooks", "install")
    place.chmod(0o644)
    assert states(regolo)["pre-push"] == "not executable"


def test_a_relative_hooks_path_starts_at_the_top(
    regolo: Regolo, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(top, "config", "core.hooksPath", "our hooks")
    (top / "inner").mkdir()
    monkeypatch.chdir(top / "inner")
    assert "is in the work tree" in regolo("hooks", "install").err
    assert (top / "our hooks/pre-commit").exists()
    assert states(regolo)["pre-commit"] == "installed"


def test_a_global_hooks_path_is_written_only_with_yes(regolo: Regolo, tmp_path: Path) -> None:
    git(tmp_path, "config", "--global", "core.hooksPath", str(tmp_path / "all"))
    done = regolo("hooks", "install", status=8)
    assert "where hooks run for every repository" in done.err
    assert not (tmp_path / "all").exists()
    regolo("hooks", "install", "--yes")
    assert (tmp_path / "all/pre-commit").exists()
    regolo("hooks", "uninstall", status=8)
    regolo("hooks", "uninstall", "--yes")


def test_a_bare_repository_takes_the_server_hook_alone(
    regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "init", "-q", "--bare", "host.git")
    monkeypatch.chdir(tmp_path / "host.git")
    assert "--server" in regolo("hooks", "install", status=2).err
    regolo("hooks", "install", "--server")
    assert states(regolo) == {"pre-receive": "installed"}


def test_a_framework_that_moved_our_hook_is_found_and_left_alone(regolo: Regolo, top: Path) -> None:
    regolo("hooks", "install")
    ours = top / ".git/hooks/pre-commit"
    ours.rename(ours.with_name("pre-commit.legacy"))
    write_hook(ours, "#!/bin/sh\nexit 0\n")
    assert states(regolo)["pre-commit"] == "installed"
    regolo("hooks", "install")
    assert ours.read_text() == "#!/bin/sh\nexit 0\n"
    regolo("hooks", "uninstall")
    assert sorted(each.name for each in (top / ".git/hooks").iterdir() if "sample" not in each.name) == [
        "pre-commit"
    ]


def test_all_work_trees_share_the_hooks(
    regolo: Regolo, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_files(top, {"a.txt": "1"})
    git(top, "worktree", "add", "-q", "-b", "topic", str(tmp_path / "linked tree"))
    monkeypatch.chdir(tmp_path / "linked tree")
    regolo("hooks", "install")
    assert (top / ".git/hooks/pre-commit").exists()
    assert states(regolo) == dict.fromkeys(CLONE_HOOKS, "installed")
