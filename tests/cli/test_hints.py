"""Hints are commands: each is taken from the error that gave it and typed where the error was seen."""

import shlex
from pathlib import Path

import pytest
from support.command_line import Outcome, Regolo
from support.git_program import git, proposal
from support.model_files import write_model


def hint(outcome: Outcome) -> str:
    """The command of a hint, or of the first next step."""
    lines = [line.strip() for line in outcome.err.splitlines()]
    found = next(line for line in lines if line.startswith(("hint: ", "next ")))
    return found.removeprefix("hint:").removeprefix("next").strip()


def typed(regolo: Regolo, command: str) -> Outcome:
    git_word, regolo_word, *arguments = shlex.split(command)
    assert (git_word, regolo_word) == ("git", "regolo")
    return regolo(*arguments)


def test_a_yes_loses_nothing_of_what_was_typed(regolo: Regolo, two_versions: Path) -> None:
    options = ["--version", "2.0", "-m", "as it was", "--metric", "accuracy=0.5"]
    refused = regolo("commit", "m", *options, "model.safetensors", status=4)
    assert typed(regolo, hint(refused)).out == "m@2.0\n"
    assert regolo("show", "m@2.0", "--json").document["metrics"] == {"accuracy": 0.5}


def test_status_names_files_from_where_one_stands(
    regolo: Regolo, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(registry / "deep/model.safetensors", 1)
    regolo("register", "m", "deep/model.safetensors")
    write_model(registry / "deep/model.safetensors", 2)
    monkeypatch.chdir(registry / "deep")
    assert typed(regolo, hint(regolo("status"))).out == "m@1.1\n"


def test_a_rebase_under_way_is_gone_on_with(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "switch", "-qc", "topic", "HEAD~1")
    git(two_versions, "commit", "-q", "--allow-empty", "-m", "theirs")
    git(two_versions, "-c", "sequence.editor=sed -i '1i break'", "rebase", "-q", "-i", "main")
    write_model(two_versions / "model.safetensors", 3)
    refused = regolo("commit", "m", "model.safetensors", status=4)
    assert "a rebase is in progress" in refused.err
    git(two_versions, *hint(refused).split()[1:])
    assert regolo("commit", "m", "model.safetensors").out == "m@1.2\n"


def test_a_second_proposal_gets_a_number_of_its_own(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    write_model(two_versions / "model.safetensors", 4)
    refused = regolo("commit", "m", "model.safetensors", "--propose", "--version", "1.2", status=4)
    assert "'m@1.2' is already proposed on branch 'propose/m@1.2+" in refused.err
    assert "leave out --version" in hint(refused)
    assert regolo("commit", "m", "model.safetensors", "--propose").out == "m@1.3\n"


def test_a_clone_without_tags_says_how_to_get_them(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--no-tags", f"file://{two_versions}", "clone")
    monkeypatch.chdir(tmp_path / "clone")
    refused = regolo("show", "m", status=3)
    assert "model 'm' has no version tag in this clone" in refused.err
    assert "1 model in this clone, but no version tags" in regolo("list").err
    command = hint(refused).partition("   ")[0]
    git(tmp_path / "clone", *command.split()[1:])
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")


@pytest.mark.parametrize("verb", ["show", "log", "diff", "checkout", "list"])
def test_a_missing_registry_is_reported(regolo: Regolo, top: Path, verb: str) -> None:
    refused = regolo(verb, "m", status=3)
    assert f"'{top}' is not a registry yet" in refused.err
    typed(regolo, hint(refused))


def test_a_whole_reference_is_a_version_to_go_back_to(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("revert", "m", "--to", "m@1.0").out == "m@1.0\n"


def test_the_author_is_checked_before_the_artifact_is_read(
    regolo: Regolo, two_versions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = two_versions / ".git/regolo/store"
    before = sorted(store.rglob("*"))
    write_model(two_versions / "model.safetensors", 3)
    monkeypatch.setenv("GIT_COMMITTER_NAME", "<>")
    for flow in ("--direct", "--propose"):
        assert "no name and email address" in regolo("commit", "m", "model.safetensors", flow, status=2).err
    assert sorted(store.rglob("*")) == before


def test_a_version_that_follows_none_is_compared_with_the_next(regolo: Regolo, two_versions: Path) -> None:
    refused = regolo("diff", "m@1.0", status=3)
    assert "1.0 -> 1.1" in typed(regolo, hint(refused)).out


@pytest.mark.parametrize("how", [["checkout", "m@1.0"], ["fsck"], ["tag", "--merged"]])
def test_a_clone_names_the_store_of_its_origin(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: list[str]
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", proposal(two_versions, "m@1.2"))
    git(tmp_path, "clone", "-q", str(two_versions), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    refused = regolo(*how, status=3 if how[0] == "checkout" else 5)
    (command,) = {
        line.strip().removeprefix("hint: ")
        for line in refused.err.splitlines() + refused.lines
        if "regolo.store" in line
    }
    typed(regolo, command)
    regolo(*how)


def test_status_of_what_lies_elsewhere_says_that_it_has_no_path(
    regolo: Regolo, registry: Path, tmp_path: Path
) -> None:
    write_model(tmp_path / "elsewhere.safetensors", 1)
    regolo("register", "m", str(tmp_path / "elsewhere.safetensors"))
    assert regolo("status", "--plain").out == "m@1.0\tno path\ttagged\t\t\n"
