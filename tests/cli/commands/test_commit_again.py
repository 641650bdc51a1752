"""`git regolo commit --propose --again`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git
from support.model_files import write_model
from support.program import run_program


@pytest.fixture
def overtaken(regolo: Regolo, two_versions: Path) -> Path:
    """`m@1.2` is proposed, and then another version has that number."""
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    write_model(two_versions / "model.safetensors", 4)
    regolo("commit", "m", "model.safetensors")
    return two_versions


def branch(top: Path) -> str:
    return git(top, "branch", "--list", "propose/*", "--format=%(refname:short)").strip()


def test_the_outcome_of_a_proposal_is_reported(regolo: Regolo, overtaken: Path) -> None:
    old = git(overtaken, "rev-parse", branch(overtaken)).strip()
    done = regolo("commit", "--propose", "--again")
    assert done.out == "m@1.3\n"
    assert "proposed m@1.3 again (the same " in done.err
    assert f"  before  m@1.2 at {old[:10]}" in done.err
    assert "note: it was 1.2: 'main' has 1.2 now" in done.err
    assert "  next    git regolo push\n" in done.err
    listed = regolo("list", "m").err
    assert listed.count("is proposed by") == 1
    assert "m@1.3" in listed


def test_as_json_and_with_the_command_that_pushes(
    regolo: Regolo, overtaken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, name = tmp_path / "host.git", branch(overtaken)
    git(tmp_path, "clone", "-q", "--bare", str(overtaken), str(host))
    top = clone(host, tmp_path / "bea")
    monkeypatch.chdir(top)
    old = git(top, "rev-parse", f"origin/{name}").strip()
    done = regolo("commit", "m", "--propose", "--again", "--from", "1.2", "-m", "once more", "--json")
    document = done.document
    assert isinstance(document, dict)
    assert (document["reference"], document["before"], document["replaced"]) == ("m@1.3", "m@1.2", old)
    assert (document["branch"], document["pushed_to"]) == (name, None)
    command = f"git push --force-with-lease={name}:{old} origin {name}"
    assert f"  next    {command}\n" in done.err
    git(top, *command.split()[1:])
    assert git(host, "log", "-1", "--format=%s", name) == "once more\n"


def test_an_outdated_branch_is_told_from_the_proposal_that_was_made_again(
    regolo: Regolo, overtaken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, name = tmp_path / "host.git", branch(overtaken)
    git(tmp_path, "clone", "-q", "--bare", str(overtaken), str(host))
    top = clone(host, tmp_path / "bea")
    git(top, "switch", "-q", name)
    git(overtaken, "remote", "add", "origin", str(host))
    git(overtaken, "fetch", "-q")
    regolo("commit", "--propose", "--again", "--push")
    monkeypatch.chdir(top)
    git(top, "fetch", "-q")
    follow = f"  next    git reset --keep origin/{name}\n"
    for command in ("list", "status"):
        said = regolo(command).err
        assert f"note: m@1.3 is proposed by Ada Byron (on origin/{name})\n" in said
        assert f"note: {name} here is that proposal before it was made again\n{follow}" in said
    (found,) = regolo("status", "--json").document["proposals"]
    assert (found["places"], found["outdated"]) == ([f"origin/{name}"], [name])
    said = regolo("review", f"main..{name}", status=5).err
    assert f"note: {name} here is a proposal before it was made again\n" in said
    assert f"  next    git regolo review main..origin/{name}\n" in said
    regolo("push", "--yes")
    old = git(top, "rev-parse", "HEAD").strip()
    done = regolo("commit", "--propose", "--again")
    assert f"note: 'origin' had it already: branch '{name}' here follows\n" in done.err
    assert f"  before  m@1.2 at {old[:10]}\n" in done.err
    assert "git push" not in done.err
    assert git(top, "status", "--porcelain") == ""
    assert git(top, "rev-parse", "HEAD") == git(top, "rev-parse", f"origin/{name}")
    git(top, "reset", "-q", "--keep", old)
    git(top, *follow.split()[2:])
    assert "before it was made again" not in regolo("status").err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["m", "--again"], 2, "hint: git regolo commit MODEL --propose --again"),
        (["m", "--propose", "--again", "--metric", "f1=1"], 2, "cannot be used together with --metric"),
        (["m", "model.safetensors", "--propose", "--again"], 2, "cannot be used together with PATH"),
        (["m", "--propose", "--again", "--version", "3.0"], 2, "cannot be used together with --version"),
        (["m", "model.safetensors", "--propose", "--push"], 2, "--push requires --propose --again"),
        (["m", "--propose", "--again", "--push"], 3, "hint: git remote add origin URL"),
        (["none", "--propose", "--again"], 3, "no proposal of 'none' waits"),
        (["m", "--propose", "--again", "--from", "9.0"], 3, "no proposal '9.0' waits"),
    ],
)
def test_bad_input_changes_nothing(
    regolo: Regolo, overtaken: Path, arguments: list[str], status: int, said: str
) -> None:
    before = git(overtaken, "for-each-ref")
    assert said in regolo("commit", *arguments, status=status).err
    assert git(overtaken, "for-each-ref") == before


@pytest.mark.slow
@pytest.mark.parametrize("state", ["prepared", "committed"])
def test_a_killed_run_loses_nothing(overtaken: Path, state: str) -> None:
    name = branch(overtaken)
    old = git(overtaken, "rev-parse", name).strip()
    hook = overtaken / ".git/hooks/reference-transaction"
    hook.write_text(
        f'#!/bin/sh\n[ "$1" = {state} ] && kill -9 "$(ps -o ppid= -p "$PPID")" && sleep 1\nexit 0\n'
    )
    hook.chmod(0o755)
    assert run_program(overtaken, "commit", "--propose", "--again").returncode == -9
    hook.unlink()
    assert run_program(overtaken, "commit", "--propose", "--again").returncode == 0
    assert git(overtaken, "show", f"{name}:models/m/manifest.toml").count('version = "1.3"') == 1
    assert old in git(overtaken, "reflog", "show", "--format=%H", name).split()
    assert git(overtaken, "rev-list", "--count", f"main..{name}").strip() == "1"


@pytest.mark.slow
def test_a_hook_and_the_settings_of_git_count_as_for_a_commit(overtaken: Path) -> None:
    name = branch(overtaken)
    hook = overtaken / ".git/hooks/commit-msg"
    hook.write_text('#!/bin/sh\necho "Checked-by: hook" >> "$1"\n')
    hook.chmod(0o755)
    done = run_program(
        overtaken,
        "commit",
        "--propose",
        "--again",
        GIT_COMMITTER_NAME="Bea",
        GIT_COMMITTER_EMAIL="bea@example.com",
    )
    assert done.returncode == 0
    assert git(overtaken, "log", "-1", "--format=%an %cn", name) == "Ada Byron Bea\n"
    assert "Checked-by: hook" in git(overtaken, "log", "-1", "--format=%B", name)
    git(overtaken, "commit", "-q", "--allow-empty", "-m", "more")
    hook.write_text("#!/bin/sh\nexit 1\n")
    before = git(overtaken, "for-each-ref")
    assert run_program(overtaken, "commit", "--propose", "--again").returncode == 4
    assert git(overtaken, "for-each-ref") == before
