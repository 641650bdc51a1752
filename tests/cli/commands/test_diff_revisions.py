"""`git regolo diff` and `show` of proposals, commits, ranges and the work tree."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


@pytest.fixture
def proposed(regolo: Regolo, two_versions: Path) -> Path:
    """`m@1.0` and `1.1` on the branch, and 1.2 with another shape on the branch `topic`."""
    git(two_versions, "checkout", "-qb", "topic")
    write_model(two_versions / "model.safetensors", 3, ("layer.weight", "head.weight"))
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.95", "-m", "third")
    git(two_versions, "checkout", "-q", "main")
    regolo("checkout", "m@1.1")
    return two_versions


def test_a_proposal_is_compared_like_a_tagged_version(regolo: Regolo, proposed: Path) -> None:
    for sides in (("m@1.1", "topic:m"), ("main:m", "topic:m"), ("topic:m",)):
        document = regolo("diff", *sides, "--json").document
        assert (document["a"], document["b"], document["suggested_bump"]) == ("1.1", "1.2", "minor")
        assert document["metrics"]["accuracy"]["b"] == 0.95
        assert {t["name"]: t["change"] for t in document["tensors"]["changes"]}["head.weight"] == "added"
    error = regolo("diff", "main:m", "m@1.1", "topic:m", status=2).err
    assert "unexpected argument 'topic:m'" in error


def test_two_versions_of_a_model_can_be_named_apart(regolo: Regolo, two_versions: Path) -> None:
    expected = regolo("diff", "m@1.0", "m@1.1", "--json").document
    assert regolo("diff", "m", "1.0", "1.1", "--json").document == expected
    assert regolo("diff", "m@1.0..1.1", "--json").document == expected
    assert "has no version '9.9'" in regolo("diff", "m", "1.0", "9.9", status=3).err


def test_a_range_of_commits_compares_every_model_that_changed(regolo: Regolo, proposed: Path) -> None:
    write_model(proposed / "new.safetensors", 1)
    regolo("register", "n", "new.safetensors", "--metric", "loss=1")
    document = regolo("diff", "topic..main", "--json").document
    assert isinstance(document, dict)
    assert [changed["model"] for changed in document["changed"]] == ["m"]
    assert [added["model"] for added in document["added"]] == ["n"]
    assert [c["a"] for c in regolo("diff", "main...topic", "--json").document["changed"]] == ["1.1"]
    lines = [line.split("\t")[:3] for line in regolo("diff", "main..topic", "--plain").lines]
    assert ["model", "m", "changed"] in lines
    assert ["model", "n", "removed"] in lines
    page = regolo("diff", "main~1..HEAD").out
    assert page.startswith("n  1.0 (new model)  341 B\n")
    assert regolo("diff", "main..topic", "--format", "markdown").out.startswith("## m: 1.1 → 1.2\n")
    assert regolo("diff", "main..topic", "--format", "html").out.count("<h1>") == 2


def test_nothing_modified_is_reported(regolo: Regolo, proposed: Path) -> None:
    assert "no model differs between HEAD and the work tree" in regolo("diff").err
    assert regolo("diff", "--json").document["changed"] == []


def test_without_arguments_modified_files_are_compared_with_their_version(
    regolo: Regolo, proposed: Path
) -> None:
    store = set((proposed / ".git/regolo/store").rglob("*"))
    write_model(proposed / "model.safetensors", 9)
    out = regolo("diff").out
    assert out.startswith("m  1.1 (HEAD) -> 1.1 (work tree)")
    assert "layer.weight  changed" in out
    assert regolo("diff", ":m").out == out
    document = regolo("diff", "m@1.0", ":m", "--json").document
    assert document["metrics"]["accuracy"]["b"] is None  # the changed bytes were not measured
    assert set((proposed / ".git/regolo/store").rglob("*")) == store
    shown = regolo("show", ":m", "--json").document
    assert (shown["status"], shown["tag"], shown["metrics"]) == ("not committed", None, {})


def test_a_truncated_file_in_the_work_tree_suggests_no_bump(regolo: Regolo, proposed: Path) -> None:
    file = proposed / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    assert "no bump suggested: a file is incomplete" in regolo("diff").out


def test_a_file_that_is_not_there_is_reported(regolo: Regolo, proposed: Path) -> None:
    (proposed / "model.safetensors").unlink()
    assert "m: 'model.safetensors' is not in the work tree" in regolo("diff").err
    assert "hint: git regolo checkout" in regolo("diff", ":m", status=3).err


def test_a_commit_alone_is_not_a_model(regolo: Regolo, proposed: Path) -> None:
    for arguments in (["topic"], ["HEAD"], ["main", "topic"]):
        err = regolo("diff", *arguments, status=2).err
        assert "is a commit, and a model is required" in err
        assert f"use {arguments[0]}:MODEL, or A..B" in err


def test_an_error_about_missing_history_ends_with_the_fetch(regolo: Regolo, proposed: Path) -> None:
    git(proposed, "remote", "add", "origin", str(proposed))
    err = regolo("diff", "main..origin/propose/m@1.3", status=3).err
    assert "git fetch origin propose/m@1.3:refs/remotes/origin/propose/m@1.3" in err


def test_a_hostile_branch_name_is_inert(regolo: Regolo, proposed: Path) -> None:
    name = "x\u202e$(id)\u009b31m<b>@octocat|`id`"
    git(proposed, "branch", name, "topic")
    for arguments in (["diff", f"main..{name}"], ["show", f"{name}:m"], ["diff", f"{name}:m", f"{name}:m"]):
        outcome = regolo(*arguments)
        assert "\u202e" not in outcome.out + outcome.err
        assert "\u009b" not in outcome.out + outcome.err
    assert "no model 'x'" in regolo("show", f"{name}:x", status=3).err
    assert "\\u202e" in regolo("diff", f"{name}:m", f"{name}:m").out
    markdown = regolo("diff", f"{name}:m", f"{name}:m", "--format", "markdown").out
    assert "<b>" not in markdown
    assert "@octocat" not in markdown


def test_show_takes_any_commit(regolo: Regolo, proposed: Path) -> None:
    out = regolo("show", "topic:m").out
    assert out.startswith("m@1.2  proposed\n")
    assert re_line("tag", "none until it is merged", out)
    assert regolo("show", "topic~1:m", "--json").document == regolo("show", "m@1.1", "--json").document
    assert 'version = "1.2"' in regolo("show", "topic:m", "--manifest").out
    assert "is a range, and one version is required" in regolo("show", "main..topic", status=2).err
    assert "commit 'topic' has no model 'n'" in regolo("show", "topic:n", "--manifest", status=3).err


def re_line(name: str, value: str, out: str) -> bool:
    return any(line.split(maxsplit=1) == [name, value] for line in out.splitlines())
