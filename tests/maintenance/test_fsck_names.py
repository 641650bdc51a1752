"""fsck and other people's tags, two tags of one version, and a branch that contradicts its tags."""

import shlex
from pathlib import Path

import pytest
from support.command_line import Outcome, Regolo
from support.git_program import clone, git
from support.model_files import write_model


def notes(outcome: Outcome) -> list[str]:
    return [line for line in outcome.err.splitlines() if line.startswith("note: tag ")]


FOREIGN = ((), ("-a", "-m", "Registering artifact m version v1.2"))


@pytest.mark.parametrize("options", FOREIGN)
@pytest.mark.parametrize("name", ["m@v1.2", "m@v1.2.0"])
def test_a_tag_of_another_tool_is_stepped_over_and_only_noted(
    regolo: Regolo, two_versions: Path, options: tuple[str, ...], name: str
) -> None:
    git(two_versions, "tag", *options, name)
    before = git(two_versions, "rev-parse", name)
    write_model(two_versions / "model.safetensors", 3)
    made = regolo("commit", "m", "model.safetensors")
    assert made.out == "m@1.3\n"
    assert f"note: stepped over tag '{name}'" in made.err
    for arguments in (("fsck",), ("fsck", "--full"), ("tag", "--merged"), ("doctor",)):
        done = regolo(*arguments)
        assert "git tag -d" not in done.out + done.err
    assert [name in note for note in notes(regolo("fsck"))] == [True]
    assert regolo("fsck", "--json").document["notes"][0]["subject"] == f"tag {name}"
    assert git(two_versions, "rev-parse", name) == before
    listed = [line.partition("\t")[0] for line in regolo("list", "m", "--plain").lines]
    assert listed == ["1.3", "1.1", "1.0"]
    regolo("log", "m")
    regolo("diff", "m@1.1", "1.3")


def test_several_are_stepped_over_and_a_higher_one_is_left_alone(regolo: Regolo, two_versions: Path) -> None:
    for name in ("m@v1.2", "m@v1.3.0", "m@v5.0", "m@v1.1.1"):
        git(two_versions, "tag", name)
    write_model(two_versions / "model.safetensors", 3)
    assert regolo("commit", "m", "model.safetensors", "--bump", "patch").out == "m@1.1.2\n"
    write_model(two_versions / "model.safetensors", 4)
    assert regolo("commit", "m", "model.safetensors", "--propose").out == "m@1.4\n"


@pytest.mark.parametrize("asked", ["5.0", "5.0.0"])
def test_its_number_is_refused_with_a_free_one(regolo: Regolo, two_versions: Path, asked: str) -> None:
    git(two_versions, "tag", "m@v5.0.0")
    git(two_versions, "tag", "m@v1.2")
    write_model(two_versions / "model.safetensors", 3)
    refused = regolo("commit", "m", "model.safetensors", "--version", asked, status=4)
    assert "tag 'm@v5.0.0' already exists; it is of another tool, or was created by hand" in refused.err
    assert f"such as --version 1.3{'.0' if asked.count('.') == 2 else ''}" in refused.err


@pytest.mark.parametrize("options", FOREIGN)
def test_in_place_of_a_version_it_is_a_problem_and_kept_under_another_name(
    regolo: Regolo, two_versions: Path, options: tuple[str, ...]
) -> None:
    git(two_versions, "tag", "-f", *options, "m@v1.0", "HEAD")
    moved = git(two_versions, "rev-parse", "m@v1.0")
    (problem,) = regolo("fsck", "--json", status=5).document["problems"]
    assert problem["subject"] == "tag m@v1.0"
    first, second, third = (shlex.split(command) for command in problem["hint"].split(" && "))
    for command in (first, second):
        git(two_versions, *command[1:])
    assert regolo(*third[2:]).out == "m@v1.0\n"
    assert git(two_versions, "rev-parse", "other/m-v1.0") == moved
    assert regolo("fsck").err.count("note:") == 0


def double(regolo: Regolo, top: Path) -> None:
    """Gives 1.1 a second tag, m@v1.1.0, of a commit of its own, as another clone may create it."""
    git(top, "switch", "-qc", "other", "m@v1.0")
    manifest = top / "models/m/manifest.toml"
    manifest.write_text(manifest.read_text().replace('version = "1.0"', 'version = "1.1.0"'))
    git(top, "commit", "-qam", "add m@1.1.0")
    blob = git(top, "rev-parse", "HEAD:models/m/manifest.toml").strip()
    old = git(top, "for-each-ref", "--format=%(contents)", "refs/tags/m@v1.0")
    lines = [line for line in old.splitlines() if not line.startswith(("Regolo-Version", "Regolo-Manifest"))]
    message = "\n".join([*lines, "Regolo-Version: 1.1.0", f"Regolo-Manifest: {blob}"]).replace("\n\nR", "\nR")
    git(top, "tag", "-a", "-m", message.replace("\nR", "\n\nR", 1), "m@v1.1.0")
    git(top, "switch", "-q", "main")


def test_two_tags_of_one_version_are_a_problem_and_listed_once(regolo: Regolo, two_versions: Path) -> None:
    double(regolo, two_versions)
    (problem,) = regolo("fsck", "--json", status=5).document["problems"]
    assert problem["subject"] == "tag m@v1.1.0"
    assert problem["what"] == "is the same version as tag 'm@v1.1'"
    assert [line.partition("\t")[0] for line in regolo("list", "m", "--plain").lines] == ["1.1", "1.0"]
    assert regolo("list", "--plain").out.startswith("m\t2\t1.1\t")
    assert regolo("show", "m@1.1.0", "--json").document["version"] == "1.1"
    for command in problem["hint"].split(" && "):
        git(two_versions, *shlex.split(command)[1:])
    regolo("fsck")


def test_a_branch_that_contradicts_the_tag_of_its_version_is_a_problem(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = clone(two_versions, tmp_path / "clone")
    git(top, "config", "regolo.store", str(two_versions / ".git/regolo/store"))
    git(top, "tag", "-d", "m@v1.1")
    git(top, "reset", "-q", "--hard", "HEAD~1")
    git(top, "remote", "remove", "origin")
    monkeypatch.chdir(top)
    write_model(top / "model.safetensors", 8)
    assert regolo("commit", "m", "model.safetensors").out == "m@1.1\n"
    git(two_versions, "fetch", "-q", "--no-tags", str(top), "main")
    git(two_versions, "reset", "-q", "--hard", "FETCH_HEAD")
    monkeypatch.chdir(two_versions)
    found = regolo("fsck", "--json", status=5).document["problems"]
    (problem,) = [problem for problem in found if problem["subject"] == "'models/m/manifest.toml'"]
    assert problem["what"].count("sha256:") == 2
    assert problem["hint"] == "git regolo commit m PATH"
    write_model(two_versions / "model.safetensors", 9)
    assert regolo("commit", "m", "model.safetensors").out == "m@1.2\n"
    regolo("fsck")


def test_tags_that_a_clone_does_not_fetch_are_not_called_damage(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("promote", "m@1.0", "staging")
    for options in (["--no-tags"], ["--depth=1"], ["--single-branch", "--no-tags"]):
        top = clone(two_versions, tmp_path / "-".join(options), *options)
        git(top, "config", "regolo.store", str(two_versions / ".git/regolo/store"))
        monkeypatch.chdir(top)
        done = regolo("fsck")
        assert "note: environment staging: names 'm@1.0', which has no tag in this clone" in done.err
        assert "git fetch --tags" in done.err
