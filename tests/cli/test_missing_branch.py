"""A clone without the registry branch says how to get it, in every verb, and then works."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Outcome, Regolo
from support.git_program import clone, git
from support.model_files import write_model

VERBS = (
    ("list",), ("list", "m"), ("show", "m"), ("show", "m@1.0"), ("log", "m"), ("diff", "m@1.0", "1.1"),
    ("commit", "m", "new.safetensors"), ("commit", "m", "new.safetensors", "--version", "9.0"),
    ("commit", "m", "new.safetensors", "--propose"), ("commit", "m", "new.safetensors", "--direct"),
    ("register", "n", "new.safetensors"), ("promote", "m@1.0", "staging"), ("history", "m"), ("tag", "--merged"),
    ("retire", "m@1.0", "-m", "wrong", "--yes"), ("endpoint", "list"), ("config",), ("init",), ("fsck",),
    ("traffic", "e", "1.0=100"), ("rollback", "e"),
)  # fmt: skip


def step(outcome: Outcome) -> str:
    """The command of a hint."""
    line = next(line for line in outcome.err.splitlines() if line.startswith("hint: "))
    return line.removeprefix("hint: ").partition("   ")[0]


def of_one_branch(source: Path, to: Path) -> Path:
    git(source, "branch", "feat")
    return clone(source, to, "--branch=feat", "--single-branch")


def of_a_pull_request(source: Path, to: Path) -> Path:
    """As `actions/checkout` does: a detached HEAD, and the refspec of all branches."""
    git(source, "update-ref", "refs/pull/1/merge", "main")
    git(to.parent, "init", "-q", "-b", "main", str(to))
    git(to, "remote", "add", "origin", f"file://{source}")
    git(to, "fetch", "-q", "--tags", "origin", "+refs/pull/1/merge:refs/remotes/pull/1/merge")
    git(to, "checkout", "-q", "--detach", "refs/remotes/pull/1/merge")
    return to


def renamed(source: Path, to: Path) -> Path:
    git(source, "branch", "-m", "main", "trunk")
    return source


def renamed_on_the_host(source: Path, to: Path) -> Path:
    git(source, "branch", "-m", "main", "trunk")
    return clone(source, to)


CLONES = (of_one_branch, of_a_pull_request, renamed, renamed_on_the_host)


@pytest.mark.parametrize("made", CLONES)
def test_every_verb_names_the_branch_and_the_same_way_out(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    made: Callable[[Path, Path], Path],
) -> None:  # fmt: skip
    top = made(two_versions, tmp_path / "clone")
    monkeypatch.chdir(top)
    git(top, "config", "regolo.store", str(two_versions / ".git/regolo/store"))
    write_model(top / "new.safetensors", 7)
    before = git(top, "for-each-ref")
    steps = set()
    for verb in VERBS:
        refused = regolo(*verb, status=3)
        assert "error: the registry branch 'main' is not in this clone" in refused.err, verb
        steps.add(step(refused))
    assert git(top, "for-each-ref") == before
    assert "the registry branch 'main' is not in this clone" in regolo("doctor").out
    (command,) = steps
    words = shlex.split(command)
    if made in (renamed, renamed_on_the_host):
        assert command == "git regolo config registry.branch trunk"
        assert regolo(*words[2:]).err.startswith("set registry.branch (commit ")
    else:
        assert command == "git fetch origin main:main"
        git(top, *words[1:])
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")
    assert regolo("init").err.startswith(f"{top} is already a model registry, on ")
    if made is not of_a_pull_request:
        assert regolo("commit", "m", "new.safetensors").out == "m@1.2\n"


def test_a_branch_that_was_only_fetched_is_enough(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(two_versions, "branch", "feat")
    monkeypatch.chdir(clone(two_versions, tmp_path / "clone", "--branch=feat"))
    assert "refs/heads/main" not in git(tmp_path / "clone", "for-each-ref")
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")
    assert regolo("show", "m@1.1", "--json").document["version"] == "1.1"


def test_a_bare_clone_of_another_branch_says_so_too(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(two_versions, "branch", "feat")
    top = clone(two_versions, tmp_path / "clone", "--bare", "--branch=feat", "--single-branch")
    monkeypatch.chdir(top)
    command = step(regolo("list", status=3))
    git(top, *command.split()[1:])
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")


def test_a_bare_repository_whose_branch_was_renamed_is_still_a_registry(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = clone(two_versions, tmp_path / "clone", "--bare")
    git(top, "remote", "remove", "origin")
    git(top, "branch", "-m", "main", "trunk")
    git(top, "symbolic-ref", "HEAD", "refs/heads/gone")
    monkeypatch.chdir(top)
    assert "the registry branch 'main' is not in this clone" in regolo("init", status=3).err
    assert step(regolo("list", status=3)) == "git regolo config registry.branch BRANCH"
    regolo("config", "registry.branch", "trunk")
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")


def test_a_topic_branch_follows_the_new_name(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "branch", "topic")
    git(two_versions, "branch", "-m", "main", "trunk")
    regolo("config", "registry.branch", "trunk")
    git(two_versions, "switch", "-q", "topic")
    assert regolo("status", "--json").document["registry_branch"] == "trunk"
    regolo("list")


def test_a_new_name_must_be_that_of_a_branch(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "branch", "-m", "main", "trunk")
    before = git(two_versions, "for-each-ref")
    assert "there is no branch 'nothing'" in regolo("config", "registry.branch", "nothing", status=3).err
    assert git(two_versions, "for-each-ref") == before
