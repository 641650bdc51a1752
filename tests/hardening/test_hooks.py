"""The user's hooks run, or do not run, as they do for git's own commits; a refusal leaves nothing behind."""

import subprocess
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.everything import Everything
from support.git_program import git, proposal
from support.model_files import write_model

LOG = '{ echo "== $0 $*"; env | grep ^GIT_AUTHOR_NAME; } >> "$HOME/log"\n'


@pytest.fixture
def top(git_repository: Path, monkeypatch: pytest.MonkeyPatch, regolo: Regolo) -> Path:
    monkeypatch.chdir(git_repository)
    regolo("init")
    write_model(git_repository / "model.safetensors", 1)
    regolo("register", "m", "model.safetensors")
    write_model(git_repository / "model.safetensors", 2)
    return git_repository


def hook(
    top: Path, name: str, script: str, directory: str = ".git/hooks", start: str = "#!/bin/sh\n"
) -> Path:
    place = top / directory / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(start + script)
    place.chmod(0o755)
    return place


def transactions(home: Path) -> list[str]:
    """Each state with its lines, as the hook saw them."""
    log = home / "log"
    return log.read_text().split("== ")[1:] if log.exists() else []


RECORD = '{ echo "== $1"; cat; } >> "$HOME/log"\n'


def test_a_message_hook_sees_and_changes_the_message(top: Path, regolo: Regolo, isolated: Path) -> None:
    hook(top, "commit-msg", 'cat "$1" > "$HOME/seen"; pwd >> "$HOME/seen"; echo "Change-Id: I1" >> "$1"\n')
    regolo("commit", "m", "model.safetensors", "-m", "better\n\nSigned-off-by: A <a@b>")
    assert (isolated / "seen").read_text() == f"better\n\nm@1.1\n\nSigned-off-by: A <a@b>\n{top}\n"
    shown = git(top, "log", "-1", "--format=%(trailers)").strip()
    assert shown == "Signed-off-by: A <a@b>\nChange-Id: I1"
    regolo("promote", "m@1.1", "staging")
    assert "Change-Id: I1" in git(top, "log", "-1", "--format=%(trailers)")
    assert list((top / ".git/regolo").glob("*EDITMSG*")) == []


def test_a_message_hook_has_the_environment_of_git(top: Path, regolo: Regolo, isolated: Path) -> None:
    record = 'env | grep -E "^GIT_(AUTHOR|INDEX|EDITOR|PREFIX)" | sort > "$HOME/env"; git rev-parse --git-dir'
    hook(top, "commit-msg", f'{record} --show-toplevel >> "$HOME/env"; git diff --cached --name-only\n')
    (top / "sub").mkdir()
    regolo("-C", "sub", "commit", "m", "../model.safetensors")
    lines = (isolated / "env").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines]
    assert names[:5] == [
        "GIT_AUTHOR_DATE",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_NAME",
        "GIT_EDITOR",
        "GIT_INDEX_FILE",
    ]
    assert "GIT_AUTHOR_NAME=Ada Byron" in lines
    assert str(top) in lines


@pytest.mark.parametrize("script", ["echo no such ticket >&2; exit 1\n", 'echo no such ticket; : > "$1"\n'])
def test_a_message_hook_that_refuses_leaves_nothing(top: Path, regolo: Regolo, script: str) -> None:
    hook(top, "commit-msg", script)
    before = Everything.of(top)
    said = regolo("commit", "m", "model.safetensors", status=4)
    assert "commit-msg" in said.err
    assert "no such ticket" in said.err
    before.must_be(top, more_stored=True)


@pytest.mark.parametrize("directory", ["../hooks", ".githooks"])
def test_hooks_are_where_the_configuration_says(top: Path, regolo: Regolo, directory: str) -> None:
    git(top, "config", "core.hooksPath", directory)
    hook(top, "commit-msg", "exit 1\n", ".git/hooks")
    regolo("promote", "m@1.0", "staging")
    hook(top, "commit-msg", "exit 1\n", directory)
    regolo("promote", "m@1.0", "production", status=4)
    hook(top, "commit-msg", "exit 1\n", directory, start="")
    regolo("promote", "m@1.0", "production", status=4)
    (top / directory / "commit-msg").chmod(0o644)
    regolo("promote", "m@1.0", "production")


def test_the_refs_of_a_version_are_one_transaction(top: Path, regolo: Regolo, isolated: Path) -> None:
    hook(top, "reference-transaction", RECORD)
    before = git(top, "rev-parse", "HEAD").strip()
    regolo("commit", "m", "model.safetensors")
    tag, new = git(top, "rev-parse", "m@v1.1", "HEAD").split()
    prepared, committed = transactions(isolated)
    lines = prepared.splitlines()
    assert lines[0] == "prepared"
    assert f"{'0' * 40} {tag} refs/tags/m@v1.1" in lines
    assert f"{before} {new} refs/heads/main" in lines
    assert committed == prepared.replace("prepared", "committed")
    assert git(top, "reflog", "show", "-1", "--format=%gs", "main") == "regolo: publish\n"
    assert git(top, "status", "--porcelain") == "?? model.safetensors\n" or not git(
        top, "status", "--porcelain"
    )
    regolo("fsck")


def test_every_change_of_a_ref_runs_the_hook(top: Path, regolo: Regolo, isolated: Path) -> None:
    hook(top, "reference-transaction", RECORD)
    regolo("promote", "m@1.0", "staging")
    assert [state.split("\n")[0] for state in transactions(isolated)] == ["prepared", "committed"]
    regolo("commit", "m", "model.safetensors", "--propose")
    assert "refs/heads/propose/m@1.1" in transactions(isolated)[-1]
    git(top, "merge", "-q", "--ff-only", proposal(top, "m@1.1"))
    regolo("tag", "--merged")
    assert "refs/tags/m@v1.1" in transactions(isolated)[-1]


def test_a_refused_transaction_leaves_nothing(top: Path, regolo: Regolo, isolated: Path) -> None:
    hook(
        top,
        "reference-transaction",
        f'{RECORD[:-1]}\n[ "$1" != prepared ] || {{ echo frozen >&2; exit 1; }}\n',
    )
    before = Everything.of(top)
    said = regolo("commit", "m", "model.safetensors", status=4)
    assert "reference-transaction" in said.err
    assert "frozen" in said.err
    before.must_be(top, more_stored=True)
    assert [state.split("\n")[0] for state in transactions(isolated)] == ["prepared", "aborted"]
    assert list((top / ".git").rglob("*.lock")) == []
    (top / ".git/hooks/reference-transaction").unlink()
    regolo("commit", "m", "model.safetensors")
    assert git(top, "status", "--porcelain", "models") == ""


@pytest.mark.slow
def test_a_branch_that_git_holds_is_waited_for_or_named(top: Path, regolo: Regolo) -> None:
    hook(top, "reference-transaction", "exit 0\n")
    lock = top / ".git/refs/heads/main.lock"
    lock.write_text("")
    before = Everything.of(top)
    regolo("promote", "m@1.0", "staging", status=4)
    before.must_be(top)
    lock.unlink()
    regolo("promote", "m@1.0", "staging")


def test_hooks_that_do_not_run_are_named_once(top: Path, regolo: Regolo) -> None:
    hook(top, "pre-commit", "exit 1\n")
    hook(top, "post-commit", "exit 1\n")
    hook(top, "pre-push", "exit 1\n")
    assert "hook" not in regolo("list").err
    first = regolo("commit", "m", "model.safetensors").err
    assert "hooks 'pre-commit', 'post-commit' do not run" in first
    assert "do not run" not in regolo("promote", "m@1.1", "staging").err
    assert "hooks 'pre-commit', 'post-commit' do not run" in regolo("doctor").out


def test_without_a_hook_nothing_is_printed(top: Path, regolo: Regolo) -> None:
    subprocess.run(["git", "init", "-q", top], check=True)  # brings the samples
    assert "hook" not in regolo("commit", "m", "model.safetensors").err
    assert not (top / ".git/regolo/hooks-said").exists()
