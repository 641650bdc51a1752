"""fsck finds every kind of damage, and nothing where there is none."""

import os
import zlib
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import clone, commit_files, git, proposal
from support.model_files import write_model

Damage = tuple[Path, Path]


def store_files(top: Path, kind: str) -> list[Path]:
    return sorted(
        (top / ".git" / "regolo" / "store" / kind).rglob("*/*"), key=lambda path: path.stat().st_size
    )


def problems(regolo: Regolo, *arguments: str) -> list[tuple[str, str]]:
    found = regolo("fsck", "--json", *arguments, status=5).document["problems"]
    return [(problem["subject"], problem["what"]) for problem in found]


def test_a_sound_registry_has_no_problem(regolo: Regolo, two_versions: Path) -> None:
    for arguments in ([], ["--full"], ["m"]):
        outcome = regolo("fsck", *arguments)
        assert outcome.out == ""
        assert "checked 2 versions" in outcome.err
        assert "no problems found" in outcome.err
    document = regolo("fsck", "--full", "--json").document
    assert (document["problems"], document["full"], document["versions"]) == ([], True, 2)


def test_a_manifest_that_was_removed_alone_is_found(regolo: Regolo, two_versions: Path) -> None:
    manifest = "models/m/manifest.toml"
    git(two_versions, "rm", "-q", manifest)
    git(two_versions, "commit", "-q", "-m", "without")
    assert problems(regolo) == [(f"'{manifest}'", "was removed without the rest of 'models/m' (model.toml)")]
    assert f"git checkout m@v1.1 -- {manifest}\n" in regolo("fsck", status=5).out
    git(two_versions, "checkout", "m@v1.1", "--", manifest)
    git(two_versions, "commit", "-q", "-m", "back")
    regolo("fsck")
    git(two_versions, "rm", "-q", "-r", "models/m")
    git(two_versions, "commit", "-q", "-m", "deleted")
    regolo("fsck")


def test_gates_written_before_the_first_version_are_no_problem(regolo: Regolo, two_versions: Path) -> None:
    commit_files(two_versions, {"models/n/model.toml": "format = 1\n\n[gates.f1]\nmin = 0.5\n"})
    git(two_versions, "switch", "-q", "-c", "aside")
    regolo("register", "n", "model.safetensors")
    git(two_versions, "switch", "-q", "main")
    regolo("fsck")


def test_a_registry_without_versions_is_sound(regolo: Regolo, registry: Path) -> None:
    assert "no problems found" in regolo("fsck").err


def test_a_directory_is_checked_file_by_file(regolo: Regolo, registry: Path) -> None:
    for number in range(210):
        (registry / "model" / f"part-{number}").parent.mkdir(exist_ok=True)
        (registry / "model" / f"part-{number}").write_text(str(number))
    (registry / "model" / "empty").touch()
    regolo("register", "m", "model")
    regolo("fsck", "--full")


@pytest.mark.parametrize("kind", ["chunks", "recipes"])
def test_missing_bytes_are_found(regolo: Regolo, two_versions: Path, kind: str) -> None:
    store_files(two_versions, kind)[0].unlink()
    ((subject, what),) = problems(regolo)
    assert subject in ("m@1.0", "m@1.1")
    assert "missing" in what or "lacks" in what


def test_a_short_chunk_is_found_by_its_size(regolo: Regolo, two_versions: Path) -> None:
    chunk = store_files(two_versions, "chunks")[0]
    chunk.chmod(0o644)
    chunk.write_bytes(chunk.read_bytes()[:-1])
    assert len(problems(regolo)) == 1


def test_a_changed_byte_is_found_by_reading_every_byte(regolo: Regolo, two_versions: Path) -> None:
    chunk = store_files(two_versions, "chunks")[0]
    chunk.chmod(0o644)
    chunk.write_bytes(b"\xff" + chunk.read_bytes()[1:])
    regolo("fsck")
    ((_, what),) = problems(regolo, "--full")
    assert "damaged" in what
    assert len(problems(regolo)) == 1  # it was moved aside


@pytest.mark.parametrize("state", ["a pipe", "a directory"])
def test_something_else_in_place_of_a_recipe_is_not_a_missing_one(
    regolo: Regolo, two_versions: Path, state: str
) -> None:
    recipe = store_files(two_versions, "recipes")[0]
    recipe.unlink()
    os.mkfifo(recipe) if state == "a pipe" else recipe.mkdir()
    ((_, what),) = problems(regolo)
    assert f"is {state}" in what


def test_a_store_that_goes_away_is_not_many_missing_recipes(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / ".git/regolo/store").rename(two_versions / "away")
    assert "is not there" in regolo("fsck", status=6).err


@pytest.mark.parametrize(
    ("old", "new"), [(b"format = 1\n", b"format = 1\nnote = 1\n"), (b"size", b"Size"), (b"\n[", b"\n\n[")]
)
def test_a_manifest_whose_bytes_are_not_its_name_is_found(
    regolo: Regolo, two_versions: Path, old: bytes, new: bytes
) -> None:
    """git reads a loose object without comparing it with its name."""
    oid = git(two_versions, "rev-parse", "m@v1.0^{commit}:models/m/manifest.toml").strip()
    place = two_versions / ".git/objects" / oid[:2] / oid[2:]
    _, _, text = zlib.decompress(place.read_bytes()).partition(b"\0")
    changed = text.replace(old, new, 1)
    assert changed != text
    place.chmod(0o644)
    place.write_bytes(zlib.compress(b"blob %d\0" % len(changed) + changed))
    assert git(two_versions, "cat-file", "blob", oid) == changed.decode()
    ((_, what),) = [found for found in problems(regolo) if found[0] == "tag m@v1.0"]
    assert "hash mismatch" in what


def test_each_problem_comes_with_the_command_that_helps(regolo: Regolo, two_versions: Path) -> None:
    for chunk in store_files(two_versions, "chunks"):
        chunk.unlink()
    outcome = regolo("fsck", status=5)
    assert "  git regolo retire m@1.0 -m 'its bytes are lost'\n" in outcome.out
    assert "2 problems" in outcome.err
    assert len(regolo("fsck", "--plain", status=5).lines[0].split("\t")) == 3
    assert regolo("retire", "m@1.0", "-m", "lost", "--yes").out == "m@1.0\n"
    assert [subject for subject, _ in problems(regolo)] == ["m@1.1"]


def test_a_clone_that_lacks_the_bytes_is_not_told_to_give_them_up(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", str(two_versions), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    said = regolo("fsck", status=5).out
    assert "git regolo config --local regolo.store" in said
    assert "git regolo retire" not in said


def make_tag(top: Path, name: str, commit: str, message: str) -> None:
    git(top, "tag", "-f", "-a", name, commit, "-F", "-", given=message)


def message_of(top: Path, tag: str) -> str:
    return git(top, "cat-file", "tag", tag).partition("\n\n")[2]


def test_a_tag_moved_to_another_commit_is_found(regolo: Regolo, two_versions: Path) -> None:
    make_tag(two_versions, "m@v1.0", "HEAD", message_of(two_versions, "m@v1.0"))
    assert ("tag m@v1.0", "its manifest is of 'm@1.1'") in problems(regolo)


def test_a_tag_on_a_commit_without_the_model_is_found(regolo: Regolo, two_versions: Path) -> None:
    make_tag(two_versions, "m@v1.0", "HEAD~2", message_of(two_versions, "m@v1.0"))
    ((subject, what),) = problems(regolo)
    assert subject == "tag m@v1.0"
    assert "has no manifest of 'm'" in what


@pytest.mark.parametrize("trailer", ["Regolo-Size", "Regolo-Digest", "Regolo-Manifest"])
def test_a_wrong_trailer_is_found(regolo: Regolo, two_versions: Path, trailer: str) -> None:
    message = message_of(two_versions, "m@v1.1")
    line = next(line for line in message.splitlines() if line.startswith(trailer))
    lie = line[:-1] + ("0" if line[-1] != "0" else "1")
    make_tag(two_versions, "m@v1.1", "HEAD", message.replace(line, lie))
    ((subject, _),) = problems(regolo)
    assert subject == "tag m@v1.1"


def test_a_tag_object_under_the_name_of_another_version_is_found(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "update-ref", "refs/tags/m@v1.2", git(two_versions, "rev-parse", "m@v1.1").strip())
    assert [subject for subject, _ in problems(regolo)] == ["tag m@v1.2"]


def test_a_lightweight_tag_in_place_of_a_version_is_found(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "-f", "m@v1.1")
    assert [subject for subject, _ in problems(regolo)] == ["tag m@v1.1"]


def test_tags_of_other_tools_are_none_of_our_business(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "package@v1.0.0")
    git(two_versions, "tag", "-a", "other@v2.0.0", "-m", "released by hand")
    regolo("fsck")


def test_a_recipe_that_is_not_of_its_manifest_is_found(regolo: Regolo, two_versions: Path) -> None:
    path = two_versions / "models" / "m" / "manifest.toml"
    first = git(two_versions, "show", "m@v1.0:models/m/manifest.toml")
    other = next(line for line in first.splitlines() if line.startswith("recipe"))
    held = path.read_text()
    mine = next(line for line in held.splitlines() if line.startswith("recipe"))
    path.write_text(held.replace(mine, other))
    git(two_versions, "commit", "-qam", "by hand")
    oid = git(two_versions, "rev-parse", "HEAD:models/m/manifest.toml").strip()
    message = message_of(two_versions, "m@v1.1")
    old = next(line for line in message.splitlines() if line.startswith("Regolo-Manifest"))
    make_tag(two_versions, "m@v1.1", "HEAD", message.replace(old, f"Regolo-Manifest: {oid}"))
    (tag, seal), (subject, what) = problems(regolo)
    assert (tag, subject) == ("tag m@v1.1", "m@1.1")
    assert "its seal is of other content" in seal
    assert "its recipe is for" in what


def test_an_environment_that_names_what_is_gone_is_found(regolo: Regolo, two_versions: Path) -> None:
    from regolo_git.api import Registry

    with Registry.open(two_versions) as opened:
        opened.promote_model_version("m", "1.0", "staging")
    git(two_versions, "tag", "-d", "m@v1.0")
    ((subject, what),) = problems(regolo)
    assert subject == "environment staging"
    assert "has no tag in this clone" in what


def test_a_shallow_clone_says_what_it_lacks(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = clone(two_versions, tmp_path / "clone", "--depth=1")
    git(shallow, "config", "regolo.store", str(two_versions / ".git" / "regolo" / "store"))
    monkeypatch.chdir(shallow)
    assert "checked 1 version" in regolo("fsck").err


def test_another_model_is_left_out(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "other.safetensors", 9)
    regolo("register", "other", "other.safetensors")
    for chunk in store_files(two_versions, "chunks"):
        chunk.unlink()
    assert {subject for subject, _ in problems(regolo, "other")} == {"other@1.0"}
    regolo("fsck", "nothing", status=3)


@pytest.mark.parametrize("name", ["model.toml", "manifest.toml", "retired.toml"])
def test_a_broken_record_on_the_branch_is_named(regolo: Regolo, two_versions: Path, name: str) -> None:
    path = two_versions / "models/m" / name
    path.write_text("format = 1\n[metrics.accuracy]\ndirection = 3\n[retired]\nx = 1\n")
    git(two_versions, "add", "models")
    git(two_versions, "commit", "-qm", "by hand")
    found = regolo("fsck", status=5)
    assert f"'models/m/{name}': " in found.out
    command = next(line.strip() for line in found.lines if line.startswith("  git log"))
    assert "by hand" in git(two_versions / "models", *command.split()[1:])


def test_a_manifest_at_the_path_of_another_model_is_named(regolo: Regolo, two_versions: Path) -> None:
    text = (two_versions / "models/m/manifest.toml").read_text()
    commit_files(two_versions, {"models/n/manifest.toml": text})
    assert problems(regolo) == [("'models/n/manifest.toml'", "is the manifest of another model, 'm'")]


def test_a_broken_configuration_is_named_by_every_verb(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / ".regolo/config.toml").write_text("branch = [\n")
    git(two_versions, "commit", "-qam", "by hand")
    for verb in (["list"], ["commit", "m", "model.safetensors"], ["fsck"]):
        assert "error: '.regolo/config.toml': " in regolo(*verb, status=5).err


def test_bytes_of_a_proposal_are_checked_as_those_of_a_version(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    write_model(two_versions / "model.safetensors", 4)
    regolo("commit", "m", "model.safetensors")
    assert "no problems found" in regolo("fsck", "--full").err
    for chunk in store_files(two_versions, "chunks"):
        chunk.unlink()
    found = [subject for subject, _ in problems(regolo)]
    assert found == ["m@1.0", "m@1.1", "m@1.2", f"m@1.2 of branch '{proposal(two_versions, 'm@1.2')}'"]
    assert "  git regolo commit m PATH\n" in regolo("fsck", status=5).out


def test_a_proposal_that_only_a_remote_has_may_lack_its_bytes(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(tmp_path, "clone", "-q", str(two_versions), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    assert [subject for subject, _ in problems(regolo)] == ["m@1.0", "m@1.1"]


def test_a_retired_version_that_a_branch_still_has_may_lack_its_bytes(
    regolo: Regolo, two_versions: Path
) -> None:
    for chunk in store_files(two_versions, "chunks"):
        chunk.unlink()
    for version in ("m@1.0", "m@1.1"):
        regolo("retire", version, "-m", "lost", "--yes")
    assert "no problems found" in regolo("fsck").err
