"""What a clone without tags says of its versions, and one tag that lies among many."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, git


@pytest.mark.parametrize("verb", ["describe", "status"])
@pytest.mark.parametrize("option", ["--no-tags", "--depth=1"])
def test_an_untagged_version_may_have_a_tag_elsewhere(
    regolo: Regolo,
    two_versions: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    option: str,
) -> None:
    assert "may lack" not in regolo(verb).err
    git(two_versions, "commit", "-q", "--allow-empty", "-m", "code")
    monkeypatch.chdir(clone(two_versions, tmp_path / "clone", option))
    assert regolo(verb).err.count("note: this clone may lack version tags (git fetch --tags)") == 1


def test_one_tag_that_lies_is_named_once_and_the_rest_is_shown(regolo: Regolo, two_versions: Path) -> None:
    raw = git(two_versions, "cat-file", "tag", "m@v1.0")
    line = next(line for line in raw.splitlines() if line.startswith("Regolo-Digest"))
    lie = git(
        two_versions, "mktag", given=raw.replace(line, line[:-1] + ("0" if line[-1] != "0" else "1"))
    ).strip()
    git(two_versions, "update-ref", "refs/tags/m@v1.0", lie)
    for verb in (("log", "m"), ("list", "m", "--metric", "accuracy")):
        shown = regolo(*verb)
        assert "1.1" in shown.out
        assert shown.err.count("tag 'm@v1.0' records a different digest than its manifest") == 1
    regolo("show", "m@1.0", status=5)
    regolo("show", "m@1.1")
    regolo("fsck", status=5)


@pytest.mark.parametrize("options", [["--no-tags"], ["--depth=1"], ["--single-branch", "--no-tags"]])
def test_fsck_says_that_it_may_not_know_every_version(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    git(tmp_path, "clone", "-q", *options, two_versions.as_uri(), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    checked = regolo("fsck", status=(0, 5)).err
    assert "this clone may lack version tags (git fetch --tags)" in checked
    monkeypatch.chdir(two_versions)
    assert "may lack" not in regolo("fsck").err
