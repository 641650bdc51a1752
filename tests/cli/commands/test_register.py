"""`git regolo register`."""

import re
from pathlib import Path

from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


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


def test_a_file_from_elsewhere_keeps_its_name(regolo: Regolo, registry: Path, tmp_path: Path) -> None:
    (tmp_path / "face.tflite").write_bytes(b"1")
    done = regolo("register", "vad", str(tmp_path / "face.tflite"))
    assert "is outside the work tree, so no path is recorded: git regolo checkout vad face.tflite" in done.err
    assert "file     face.tflite (not from the work tree)" in regolo("show", "vad").out
    (tmp_path / "face.tflite").write_bytes(b"22")
    assert "outside" not in regolo("commit", "vad", str(tmp_path / "face.tflite")).err
    assert "face.tflite  changed" in regolo("diff", "vad", "1.0", "1.1").out
    (registry / "there").mkdir()
    regolo("checkout", "vad@1.0", "there")
    assert (registry / "there" / "face.tflite").read_bytes() == b"1"
    assert regolo("commit", "vad", "--from", "1.0", "--version", "2.0").out == "vad@2.0\n"
    assert "hint: git regolo checkout vad@2.0 face.tflite" in regolo("checkout", "vad@2.0", status=2).err


def test_null_values_in_a_metadata_file_are_left_out(regolo: Regolo, registry: Path) -> None:
    write_model(registry / "model.safetensors")
    (registry / "meta.json").write_text('{"lang": "en", "vectors": {"width": 0, "name": null}, "url": null}')
    done = regolo("register", "m", "model.safetensors", "--metadata", "meta.json")
    assert "note: left out metadata without a value: 'vectors.name', 'url'" in done.err
    assert regolo("show", "m", "--json").document["metadata"] == {"lang": "en", "vectors": {"width": 0}}


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
    for line in ('"eval.f1" = 0.9', 'seal = "blake3:', 'team = "nlp"', 'train = "sha256:00ff"', "epochs = 3"):
        assert line in text
    assert 'base = "base@1.0"' in text
    assert f'code = "{git(registry, "rev-parse", "base@v1.0^{commit}").strip()}"' in text
    assert "[serving]" in text
    assert 'description = "tuned"' in git(registry, "show", "HEAD:models/m/model.toml")
    assert git(registry, "log", "-1", "--format=%s").strip() == "first"


def test_an_incomplete_artifact_is_a_note_and_with_strict_an_error(regolo: Regolo, registry: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 1400000\n"
    (registry / "model.safetensors").write_text(pointer)
    says = "'model.safetensors' is a Git LFS pointer, not the content (1.4 MB): git lfs pull"
    refused = regolo("register", "m", "model.safetensors", "--strict", status=2)
    assert f"error: the artifact is not complete: {says}\n" in refused.err
    assert regolo("list").out == ""
    assert f"note: {says}\n" in regolo("register", "m", "model.safetensors").err


def test_a_value_in_place_of_a_file_of_metadata_names_the_option(regolo: Regolo, registry: Path) -> None:
    weights = str(write_model(registry / "model.safetensors", 1))
    for value, hint in {
        "accuracy=0.9": "--metric accuracy=0.9",
        "eval.loss=1e-3": "--metric eval.loss=1e-3",
        "task=named entities": "--meta 'task=named entities'",
    }.items():
        refused = regolo("register", "m", weights, "--metadata", value, status=3).err
        assert f"no such metadata file: '{value}'\nhint: {hint}\n" in refused
    assert "hint" not in regolo("register", "m", weights, "--metadata", "metrics.json", status=3).err
