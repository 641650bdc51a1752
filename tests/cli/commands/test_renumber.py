"""`git regolo renumber`, and what `list`, `status` and `doctor` say before it."""

import subprocess
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


@pytest.fixture
def clash(regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone whose 1.2 is not the 1.2 that another clone has pushed."""
    host = tmp_path / "host.git"
    git(tmp_path, "clone", "-q", "--bare", str(two_versions), str(host))
    git(tmp_path, "clone", "-q", str(host), "other")
    git(tmp_path / "other", "config", "regolo.store", str(two_versions / ".git/regolo/store"))
    git(two_versions, "remote", "add", "origin", str(host))
    git(two_versions, "config", "branch.main.remote", "origin")
    git(two_versions, "config", "branch.main.merge", "refs/heads/main")
    git(two_versions, "fetch", "-q")
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    monkeypatch.chdir(tmp_path / "other")
    write_model(tmp_path / "other/model.safetensors", 4)
    regolo("commit", "m", "model.safetensors")
    git(tmp_path / "other", "push", "-q", "--follow-tags")
    monkeypatch.chdir(two_versions)
    refused = subprocess.run(["git", "fetch", "--tags"], check=False, capture_output=True, text=True)
    assert "would clobber" in refused.stderr
    return two_versions


def test_the_clash_is_reported_with_the_command_that_helps(regolo: Regolo, clash: Path) -> None:
    for command in (["list"], ["list", "m"], ["status"]):
        said = regolo(*command).err
        assert "note: m@1.2 of origin/main has other bytes: sha256:" in said
        assert "git regolo renumber m@1.2" in said
    assert "origin/main" in regolo("doctor", "--dry-run").out
    (found,) = regolo("status", "--json").document["clashes"]
    assert (found["model"], found["version"], found["branch"]) == ("m", "1.2", "origin/main")
    assert "origin/main" not in regolo("list", "m", "--plain").err
    (model,) = regolo("list", "--json").document
    assert model["clashes"] == [found]
    newest, *others = regolo("list", "m", "--json").document
    assert (newest["version"], newest["clashes"]) == ("1.2", [found])
    assert [other["clashes"] for other in others] == [[], []]


def test_the_plan_is_shown_and_asked_about(regolo: Regolo, clash: Path) -> None:
    before = git(clash, "for-each-ref")
    planned = regolo("renumber", "m@1.2", "--dry-run")
    assert "renumber m@1.2 to 1.3" in planned.err
    assert "main goes on from origin/main" in planned.err
    assert planned.out == ""
    refused = regolo("renumber", "m@1.2", status=4)
    assert refused.err.endswith("hint: git regolo renumber m@1.2 --yes\n")
    assert git(clash, "for-each-ref") == before


def test_it_can_be_pushed_afterwards(regolo: Regolo, clash: Path) -> None:
    assert regolo("renumber", "m@1.2", "--yes").out == "m@1.3\n"
    git(clash, "push", "-q", "--atomic", "--follow-tags")
    git(clash, "fetch", "-q", "--tags")
    assert regolo("list", "m").err == ""
    listed = regolo("list", "m", "--json").document
    assert [(v["version"], v["status"]) for v in listed] == [
        ("1.3", "ready"), ("1.2", "ready"), ("1.1", "ready"), ("1.0", "ready"),
    ]  # fmt: skip
    refused = regolo("renumber", "m@1.3", "--yes", status=4)
    assert "was pushed" in refused.err


def test_versions_that_cannot_be_renumbered(regolo: Regolo, two_versions: Path) -> None:
    assert "give the version" in regolo("renumber", "m", status=2).err
    assert "has no version '9.9'" in regolo("renumber", "m@9.9", status=3).err


def test_the_record_of_a_rollback_gets_the_new_number(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.0", "production")
    regolo("endpoint", "create", "e", "m@1.0", "--environment", "production")
    regolo("promote", "m@1.1", "production")
    regolo("rollback", "e", "--keep-environment")
    regolo("renumber", "m@1.1", "--yes")
    assert regolo("endpoint", "show", "e").lines[0] == "e  m  rolled back from production=1.2"
