"""init, register and commit."""

import re
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_init_commits_once_and_says_what_comes_next(regolo: Regolo, top: Path) -> None:
    first = regolo("init")
    assert first.out == ""
    assert "git regolo register MODEL PATH" in first.err
    assert "is a registry already" in regolo("init").err
    assert git(top, "rev-list", "--count", "HEAD").strip() == "1"


def test_init_tells_programs_where(regolo: Regolo, top: Path) -> None:
    document = regolo("init", "--json", "--store", "s3://models/team").document
    assert document["branch"] == "main"
    assert document["commit"] == git(top, "rev-parse", "HEAD").strip()
    assert regolo("config", "store.url").out == "s3://models/team\n"


def test_register_prints_the_reference_and_talks_beside(regolo: Regolo, registry: Path) -> None:
    write_model(registry / "model.safetensors")
    done = regolo("register", "m", "model.safetensors")
    assert done.out == "m@1.0\n"
    assert "tag     m@v1.0" in done.err
    assert re.search(r"commit  [0-9a-f]{10} on main", done.err)
    assert "stored 3" in done.err
    assert git(registry, "tag", "--list").split() == ["m@v1.0"]


def test_quiet_leaves_the_reference_alone(regolo: Regolo, registry: Path) -> None:
    write_model(registry / "model.safetensors")
    assert regolo("register", "m", "model.safetensors", "--quiet").err == ""


def test_a_commit_says_what_it_did_not_have_to_store(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    (registry / "model" / "weights.bin").write_bytes(b"w" * 3_000_000)
    (registry / "model" / "config.json").write_text("{}")
    regolo("register", "m", "model")
    (registry / "model" / "config.json").write_text('{"a": 1}')
    done = regolo("commit", "m", "model")
    assert done.out == "m@1.1\n"
    assert "were there already" in done.err
    assert "git regolo diff m@1.0 1.1" in done.err


def test_everything_that_can_be_said_of_a_version_is_in_its_manifest(regolo: Regolo, registry: Path) -> None:
    write_model(registry / "model.safetensors")
    regolo("register", "base", "model.safetensors", "--description", "a base model")
    (registry / "serving.toml").write_text('[serving]\nformat = "onnx"\n')
    write_model(registry / "model.safetensors", 2)
    regolo(
        "register", "m", "model.safetensors", "--version", "1.0.0", "--metric", "eval.f1=0.9",
        "--meta", "team=nlp", "--code", "HEAD", "--data", "train=sha256:00ff", "--param", "epochs=3",
        "--base", "base", "--description", "tuned", "-m", "first", "--serving", "serving.toml",
    )  # fmt: skip
    text = git(registry, "show", "m@v1.0.0:models/m/manifest.toml")
    for line in ("[metadata.eval]", "f1 = 0.9", 'team = "nlp"', 'train = "sha256:00ff"', "epochs = 3"):
        assert line in text
    assert 'base = "base@1.0"' in text
    assert f'code = "{git(registry, "rev-parse", "base@v1.0^{commit}").strip()}"' in text
    assert "[serving]" in text
    assert 'description = "tuned"' in git(registry, "show", "HEAD:models/m/model.toml")
    assert git(registry, "log", "-1", "--format=%s").strip() == "first"


def test_the_next_version_can_be_bumped_or_named(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    assert regolo("commit", "m", "model.safetensors", "--bump", "major").out == "m@2.0\n"
    write_model(two_versions / "model.safetensors", 4)
    assert regolo("commit", "m", "model.safetensors", "--version", "2.0.1").out == "m@2.0.1\n"


def test_a_version_is_named_or_bumped_not_both(regolo: Regolo, two_versions: Path) -> None:
    both = ["--version", "3.0", "--bump", "major"]
    assert "exclude each other" in regolo("commit", "m", "model.safetensors", *both, status=2).err


def test_the_same_bytes_again_need_a_yes(regolo: Regolo, two_versions: Path) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    refused = regolo("commit", "m", "model.safetensors", status=4)
    assert "error: 'model.safetensors' has the same bytes as 'm@1.1'" in refused.err
    assert refused.err.endswith("hint: git regolo commit m model.safetensors --yes\n")
    assert git(two_versions, "rev-parse", "HEAD") == before
    assert regolo("commit", "m", "model.safetensors", "--yes").out == "m@1.2\n"


def test_an_existing_version_is_refused_with_another_name(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    refused = regolo("commit", "m", "model.safetensors", "--version", "1.0.0", status=4)
    assert "exists already" in refused.err
    assert "--version 1.2" in refused.err


def test_a_proposal_says_how_to_have_it_reviewed(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    done = regolo("commit", "m", "model.safetensors", "--propose")
    assert done.out == "m@1.2\n"
    assert "git push -u origin propose/m@1.2" in done.err
    assert "git regolo tag --merged" in done.err
    assert "m@v1.2" not in git(two_versions, "tag", "--list")


def test_a_version_as_json(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    document = regolo("commit", "m", "model.safetensors", "--json").document
    assert document["reference"] == "m@1.2"
    assert document["tag"] == "m@v1.2"
    assert document["size"] == (two_versions / "model.safetensors").stat().st_size


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["commit", "none", "model.safetensors"], 3, "hint: git regolo register none PATH"),
        (["register", "m", "model.safetensors"], 4, "hint: git regolo commit m PATH"),
        (["commit", "m", "missing.bin"], 3, "missing.bin"),
        (["commit", "M", "model.safetensors"], 2, "model name 'M' cannot be used"),
        (["commit", "m", "model.safetensors", "--metric", "a=b"], 2, "is not a number"),
        (["commit", "m", "model.safetensors", "--metric", "a=nan"], 2, "'a'"),
        (["commit", "m", "model.safetensors", "--base", "none"], 3, "there is no model 'none'"),
        (["commit", "m", "model.safetensors", "--code", "nowhere"], 3, "nowhere"),
        (["commit", "m", "model.safetensors", "--propose", "--direct"], 2, "exclude each other"),
        (["commit", "m"], 2, "either PATH or --from"),
    ],
)
def test_bad_input_leaves_everything_as_it_was(
    regolo: Regolo, two_versions: Path, arguments: list[str], status: int, said: str
) -> None:
    before = git(two_versions, "for-each-ref"), git(two_versions, "status", "--porcelain")
    outcome = regolo(*arguments, status=status)
    assert said in outcome.err
    assert outcome.out == ""
    assert (git(two_versions, "for-each-ref"), git(two_versions, "status", "--porcelain")) == before
