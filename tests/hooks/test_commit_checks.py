"""What the checks of a commit say of staged files, without git running them."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.sample_files import torch_file

from regolo_git.artifacts.second_opinion import is_installed
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Manifest
from regolo_git.records.seal import sealed

MANIFEST = "models/m/manifest.toml"


@pytest.fixture(autouse=True)
def in_registry(two_versions: Path) -> None:
    """The tests stand in a registry with two versions of `m`."""


class Runs:
    """An object whose pickle runs something."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("true",)


def stage(top: Path, path: str, content: bytes) -> None:
    (top / path).parent.mkdir(parents=True, exist_ok=True)
    (top / path).write_bytes(content)
    oid = git(top, "hash-object", "-w", "--no-filters", "--", path).strip()
    git(top, "update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")


def test_nothing_staged_is_nothing_to_say(regolo: Regolo) -> None:
    assert regolo("hook", "pre-commit").err == ""


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        pytest.param((b"0.92", b"0.99"), "its seal is of other content", id="metric"),
        pytest.param((b'model = "m"', b'model = "n"'), "is the manifest of another model, 'n'", id="model"),
        pytest.param((b"\n", b"\r\n"), "its lines end with carriage returns", id="crlf"),
        pytest.param((b"format = 1\n", b"<<<<<<< ours\nformat = 1\n"), MANIFEST, id="conflict"),
        pytest.param((b'version = "1.1"', b'version =   "1.1"'), "not in its one form", id="spaces"),
        pytest.param((b"format = 1", b"format = 9"), "newer", id="newer"),
    ],
)
def test_an_edited_manifest_is_refused(
    regolo: Regolo, top: Path, edit: tuple[bytes, bytes], said: str
) -> None:
    stage(top, MANIFEST, (top / MANIFEST).read_bytes().replace(*edit))
    done = regolo("hook", "manifest", status=8)
    assert said in done.err
    assert done.err.startswith("error: ")


def test_an_edited_manifest_is_one_error_with_one_way_out(regolo: Regolo, top: Path) -> None:
    stage(top, MANIFEST, (top / MANIFEST).read_bytes().replace(b"0.92", b"0.99"))
    assert regolo("hook", "pre-commit", status=8).err.count("error: ") == 1
    done = regolo("hook", "policy", status=8)
    assert done.err.count("error: ") == 1
    assert "hint: git regolo commit m model.safetensors --propose\n" in done.err  # 1.1 has its tag
    regolo("seal", "m", status=4)


def test_the_seal_of_a_manifest_cannot_be_removed(regolo: Regolo, top: Path) -> None:
    lines = (top / MANIFEST).read_text().splitlines(keepends=True)
    stage(top, MANIFEST, "".join(line for line in lines if not line.startswith("seal")).encode())
    assert "it is not sealed" in regolo("hook", "manifest", status=8).err


def test_a_link_in_the_place_of_a_record_is_refused(regolo: Regolo, top: Path) -> None:
    (top / MANIFEST).unlink()
    (top / MANIFEST).symlink_to("/etc/passwd")
    git(top, "add", MANIFEST)
    assert "is a link" in regolo("hook", "manifest", status=8).err


def test_files_of_people_are_only_read(regolo: Regolo, top: Path) -> None:
    stage(top, "models/m/model.toml", b'# ours\nformat = 1\ndescription   =   "x"\n')
    regolo("hook", "manifest")
    stage(top, ".regolo/config.toml", b"format = \n")
    assert "config.toml" in regolo("hook", "manifest", status=8).err


def test_model_files_and_large_files_are_refused_and_pointers_are_not(regolo: Regolo, top: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n".encode()
    stage(top, "a.safetensors", pointer)
    stage(top, "small.bin", b"x" * 100)
    regolo("hook", "no-model-bytes")
    stage(top, "w\n'eird.PT", b"weights")
    stage(top, "weights.dat", b"GGUF" + bytes(70_000))
    stage(top, "pytorch_model.bin", torch_file((bytes(70_000),)))
    stage(top, "big.csv", b"1" * 200_000)
    assert "file of a model" in regolo("hook", "no-model-bytes", status=8).err
    done = regolo("hook", "no-model-bytes", "--limit", "100kB", status=8)
    assert "'w\\n'eird.PT' is a file of a model" in done.err
    assert "'weights.dat' has the bytes of a model" in done.err
    assert "'pytorch_model.bin' has the bytes of a model" in done.err
    assert "'big.csv' has 200 kB" in done.err
    git(top, "config", "regolo.modelBytesLimit", "150kB")
    assert "'big.csv'" in regolo("hook", "no-model-bytes", status=8).err


def test_only_the_files_that_are_named_are_looked_at(regolo: Regolo, top: Path) -> None:
    stage(top, "a[b].pt", b"weights")
    stage(top, "ab.txt", b"text")
    regolo("hook", "no-model-bytes", "ab.txt")
    regolo("hook", "no-model-bytes", "a[b].pt", status=8)


def test_a_pickle_that_runs_something_is_refused_whatever_its_name(regolo: Regolo, top: Path) -> None:
    stage(top, "notes.txt", pickle.dumps(Runs()))
    done = regolo("hook", "pickle-names", status=8)
    assert "'notes.txt' is a pickle that runs posix.system" in done.err
    stage(top, "notes.txt", pickle.dumps({"weights": [1.0]}))
    assert regolo("hook", "pickle-names").err == ""


def test_a_link_that_is_too_long_or_becomes_a_file_is_looked_at(regolo: Regolo, top: Path) -> None:
    def linked(content: bytes, mode: str = "120000") -> None:
        stage(top, "link", content)
        oid = git(top, "rev-parse", ":link").strip()
        git(top, "update-index", "--cacheinfo", f"{mode},{oid},link")

    harmful = pickle.dumps(Runs())
    linked(harmful)
    assert regolo("hook", "pickle-names").err == ""  # no more than a path that leads nowhere
    git(top, "commit", "-q", "-m", "link")
    linked(harmful, "100644")
    assert "'link' is a pickle" in regolo("hook", "pickle-names", status=8).err
    linked(harmful + b"." * 5000)
    assert "'link' is a pickle" in regolo("hook", "pickle-names", status=8).err
    linked(bytes(200_000))
    assert "'link' has 200 kB" in regolo("hook", "no-model-bytes", "--limit", "100kB", status=8).err


def test_the_pickles_of_a_staged_version_are_read_from_the_store(regolo: Regolo, top: Path) -> None:
    (top / "p.bin").write_bytes(pickle.dumps(Runs()))
    regolo("register", "p", "p.bin")
    git(top, "reset", "-q", "--soft", "HEAD~1")
    done = regolo("hook", "pickle-names", status=8)
    assert "'p@1.0: p.bin' is a pickle that runs posix.system" in done.err
    if is_installed():
        assert "note: 'p@1.0: p.bin' is malicious to modelaudit-picklescan" in done.err


def test_gates_are_those_of_head(regolo: Regolo, top: Path) -> None:
    card = top / "models/m/model.toml"
    rule = "\n[gates.accuracy]\nmin = 0.9\n"
    card.write_text((card.read_text() if card.exists() else "") + rule)
    git(top, "add", "--all", "models")
    git(top, "commit", "-q", "-m", "gate")
    (top / "model.safetensors").write_bytes(b"worse")
    regolo("commit", "m", "model.safetensors", "--metric", "accuracy=0.5")
    git(top, "reset", "-q", "--soft", "HEAD~1")
    card.write_text(card.read_text().replace("0.9", "0.4"))
    git(top, "add", str(card))
    git(top, "tag", "-d", "m@v1.2")
    done = regolo("hook", "policy", status=8)
    assert "gate 'accuracy' of 'm' fails" in done.err
    assert "this change loosens a rule" in done.err
    assert git(top, "for-each-ref", "--contains", "HEAD", "refs/heads").count("\n") == 1


def test_a_new_signer_alone_is_reported(regolo: Regolo, top: Path) -> None:
    stage(top, ".regolo/allowed_signers", b"eve@example.com ssh-ed25519 AAAAC3eve\n")
    assert "loosens a rule, eve@example.com" in regolo("hook", "policy").err


def test_a_card_that_is_removed_alone_loosens_its_gates(regolo: Regolo, top: Path) -> None:
    stage(top, "models/m/model.toml", b"format = 1\n\n[gates.accuracy]\nmin = 0.9\n")
    git(top, "commit", "-q", "-m", "gate")
    git(top, "rm", "-q", "models/m/model.toml")
    assert "this change loosens a rule, gates.accuracy" in regolo("hook", "policy").err


def test_a_manifest_cannot_be_removed_alone(regolo: Regolo, top: Path) -> None:
    git(top, "rm", "-q", MANIFEST)
    done = regolo("hook", "policy", status=8)
    assert f"'{MANIFEST}' was removed without the rest of 'models/m' (model.toml)" in done.err
    assert f"hint: git checkout HEAD -- {MANIFEST}" in done.err
    git(top, "rm", "-q", "-r", "models/m")
    assert regolo("hook", "policy").err == ""


def test_an_unknown_hook_is_named(regolo: Regolo) -> None:
    done = regolo("hook", "manifests", status=2)
    assert "git regolo hook manifest" in done.err


def test_hooks_say_nothing_outside_of_what_can_be_a_registry(
    regolo: Regolo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert "note: not checked" in regolo("hook", "pre-commit").err
    assert "note: not checked" in regolo("hook", "post-checkout", "0" * 40, "0" * 40, "1").err
    regolo("hook", "pre-receive", status=3)
    git(tmp_path, "init", "-q", "--object-format=sha256", "other")
    monkeypatch.chdir(tmp_path / "other")
    assert "note: not checked" in regolo("hook", "pre-commit").err


def test_a_framework_gives_a_push_and_a_checkout_by_variables(
    regolo: Regolo, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("config", "store.url", str(tmp_path / "shared"))
    tag = git(top, "rev-parse", "m@v1.1").strip()
    given = {"LOCAL_BRANCH": "refs/tags/m@v1.1", "TO_REF": tag, "REMOTE_BRANCH": "refs/tags/m@v1.1"}
    for name, value in {**given, "FROM_REF": git(top, "rev-parse", "m@v1.0").strip()}.items():
        monkeypatch.setenv(f"PRE_COMMIT_{name}", value)
    done = regolo("hook", "artifacts-pushed", status=8)
    assert "the bytes of 'm@1.1' are not in the shared store" in done.err
    (top / "model.safetensors").unlink()
    monkeypatch.setenv("PRE_COMMIT_CHECKOUT_TYPE", "1")
    assert "the files of m@1.1 are missing" in regolo("hook", "post-checkout").err
    monkeypatch.setenv("PRE_COMMIT_CHECKOUT_TYPE", "0")
    assert regolo("hook", "post-checkout").err == ""


def test_a_manifest_that_contradicts_its_recipe_is_refused_though_it_is_sealed(
    regolo: Regolo, top: Path
) -> None:
    manifest = Manifest.parse((top / MANIFEST).read_bytes())
    artifact = replace(manifest.artifact, digest=Digest("sha256", "0" * 64))
    stage(top, MANIFEST, sealed(replace(manifest, artifact=artifact)).to_text().encode())
    assert (
        "contradicts the store: the manifest records another digest"
        in regolo("hook", "manifest", status=8).err
    )


def test_a_promotion_that_was_edited_is_not_in_its_one_form(regolo: Regolo, top: Path) -> None:
    regolo("promote", "m@1.1", "staging")
    place = "environments/staging/m.toml"
    text = (top / place).read_bytes()
    stage(top, place, b"# by hand\n" + text)
    assert "not in its one form" in regolo("hook", "manifest", status=8).err
    stage(top, place, text.replace(b"1.1", b"one"))
    assert place in regolo("hook", "manifest", status=8).err
    git(top, "rm", "-q", "--cached", "-f", place)
    assert regolo("hook", "manifest").err == ""  # a record that goes away has nothing to check
