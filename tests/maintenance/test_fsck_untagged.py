"""fsck and merged versions without a tag: its tag was deleted, or is still to be created."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import clone, git

from regolo_git.records.manifest import Manifest

NOTE = {"subject": "m@1.0", "what": "is merged but not tagged", "hint": "git regolo tag --merged"}


def test_a_deleted_tag_is_noted_by_both_checks_in_the_same_words(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "-d", "m@v1.0")
    document = regolo("fsck", "--json").document
    assert (document["problems"], document["notes"], document["versions"]) == ([], [NOTE], 2)
    assert regolo("doctor", "--plain").out == f"left\t'm@1.0' {NOTE['what']}\t{NOTE['hint']}\n"
    regolo("tag", "--merged")
    assert regolo("fsck", "--json").document["notes"] == []


def test_one_whose_tag_was_moved_is_a_problem_and_no_note(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "-f", "-a", "-m", "not what it says", "m@v1.0", "HEAD")
    document = regolo("fsck", "--json", status=5).document
    (problem,) = document["problems"]
    assert problem["hint"].endswith("git regolo tag --merged")
    assert (document["notes"], document["versions"]) == ([], 2)


def test_it_is_noted_where_its_model_is_asked_for(regolo: Regolo, two_versions: Path) -> None:
    regolo("register", "n", "model.safetensors")
    git(two_versions, "tag", "-d", "m@v1.0")
    assert regolo("fsck", "m", "--json").document["notes"] == [NOTE]
    assert regolo("fsck", "n", "--json").document["notes"] == []


def test_its_bytes_are_checked(regolo: Regolo, two_versions: Path) -> None:
    recipe = Manifest.parse(
        git(two_versions, "show", "m@v1.0:models/m/manifest.toml").encode()
    ).artifact.recipe.hex
    git(two_versions, "tag", "-d", "m@v1.0")
    (two_versions / ".git/regolo/store/recipes" / recipe[:2] / recipe).unlink()
    (problem,) = regolo("fsck", "--json", status=5).document["problems"]
    commit = git(two_versions, "rev-parse", "--short=10", "HEAD~1").strip()
    assert problem["subject"] == f"m@1.0 of commit {commit}"
    assert "is missing from the store" in problem["what"]


def test_a_clone_that_may_lack_tags_says_that_once(
    regolo: Regolo, two_versions: Path, tmp_path: Path
) -> None:
    lacking = clone(two_versions, tmp_path / "clone", "--no-tags")
    found = regolo("-C", str(lacking), "fsck", "--json", status=5)
    assert found.document["notes"] == []
    assert found.err.count("this clone may lack version tags (git fetch --tags)") == 1
