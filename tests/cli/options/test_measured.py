"""Metrics and parameters of the command line, and the files that tools write them to."""

import hashlib
import json
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model

from regolo_git.records.manifest import Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.seal import seal_problem


@pytest.fixture
def top(registry: Path) -> Path:
    write_model(registry / "m.bin")
    return registry


def manifest(top: Path) -> Manifest:
    return Manifest.parse(git(top, "show", "HEAD:models/m/manifest.toml"))


def test_a_metric_says_how_it_was_measured(regolo: Regolo, top: Path) -> None:
    (top / "test,1.csv").write_bytes(b"rows")
    on = f"sha256:{hashlib.sha256(b'rows').hexdigest()}"
    regolo(
        "register", "m", "m.bin", "--metric", "accuracy=0.912,n=2000,on=test,1.csv", "--metric", "f1=1",
        "--metric", f"eval.loss=0.3,stderr=0.01,runs=5,on={on},predictions=m.bin", "--meta", "epochs=3",
    )  # fmt: skip
    made = manifest(top)
    assert made.metrics == {
        "accuracy": Measurement(0.912, n=2000, on=on),
        "eval.loss": Measurement(0.3, stderr=0.01, runs=5, on=on, predictions="m.bin"),
        "f1": Measurement(1),
    }
    assert made.metadata == {"epochs": 3}
    assert seal_problem(made, required=True) is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--metric", "f1=good"], "'good' of metric 'f1' is not a number\nhint: for other values: --meta"),
        (["--metric", "f1=0.9,m=3"], "'0.9,m=3' of metric 'f1' is not a number\nhint: after the number"),
        (["--metric", "f1=0.9,n=0"], "metric 'f1': 'n' is 0"),
        (["--metric", "f1=0.9,n=3,n=4"], "'n' of metric 'f1' is given twice"),
        (["--metric", "f1=0.9,on=none.csv"], "'none.csv' is neither a digest nor a file"),
        (["--metric", "f1=0.9,predictions=other"], "'other', the predictions of metric 'f1'"),
        (["--metric", "f1=nan"], "metric 'f1': 'value' is nan"),
        (["--metric", "f1=0.9", "--metric", "f1=0.8"], "'f1' is given twice"),
        (["--metric", "f1=0.9", "--meta", "f1=0.8"], "'f1' is in both the metrics and the metadata"),
        (["--metric", "f1=0.9", "--meta", "f1.note=x"], "is in both the metrics and the metadata"),
    ],
    ids=lambda value: "".join(value) if isinstance(value, list) else "",
)
def test_an_invalid_measurement_is_refused(regolo: Regolo, top: Path, options: list[str], said: str) -> None:
    assert said in regolo("register", "m", "m.bin", *options, status=(2, 3)).err
    assert git(top, "tag") == ""


DVC = {"train": {"accuracy": 0.97, "loss": 0.1}, "test": {"accuracy": 0.91, "auc": None}}
SPACY = {
    "lang": "en",
    "name": "core_web_sm",
    "spacy_version": ">=3.7",
    "labels": {"ner": ["ORG"]},
    "vectors": {"width": 0},
    "performance": {"tag_acc": 0.97, "ents_per_type": {"ORG": {"p": 0.8, "r": 0.7}}, "morph_acc": None},
}


@pytest.mark.parametrize(
    ("name", "text", "metrics", "left"),
    [
        (
            "metrics.json",
            json.dumps(DVC),
            {"test.accuracy": 0.91, "train.accuracy": 0.97, "train.loss": 0.1},
            "test.auc",
        ),
        (
            "meta.json",
            json.dumps(SPACY),
            {"ents_per_type.ORG.p": 0.8, "ents_per_type.ORG.r": 0.7, "tag_acc": 0.97},
            "morph_acc",
        ),
        ("m.toml", "[eval]\nf1 = 0.9\n", {"eval.f1": 0.9}, None),
        ("m.yaml", "eval: {f1: 9.0e-1}\nloss: 1e-3\nauc: ~\n", {"eval.f1": 0.9, "loss": 0.001}, "auc"),
        ("-", "eval:\n  f1: 0.9\n", {"eval.f1": 0.9}, None),
        ("-", '{"accuracy": {"value": 0.9, "n": 10}}', {"accuracy": 0.9}, None),
    ],
    ids=["dvc", "spacy", "toml", "yaml", "standard-input-yaml", "standard-input-json"],
)
def test_files_of_metrics_are_read(
    regolo: Regolo,
    top: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    text: str,
    metrics: dict[str, float],
    left: str | None,
) -> None:
    (top / "given").write_text(text)
    if name == "-":
        monkeypatch.setattr("sys.stdin", (top / "given").open())
    else:
        (top / name).write_text(text)
    done = regolo("register", "m", "m.bin", "--metrics", name)
    assert manifest(top).metric_values == metrics
    assert (f"left out metrics without a value: '{left}'" in done.err) == (left is not None)


@pytest.mark.parametrize("name", ["p.json", "p.yaml", "p.toml"])
def test_files_of_parameters_go_to_the_lineage(regolo: Regolo, top: Path, name: str) -> None:
    (top / "p.json").write_text('{"lr": 0.001, "model": {"layers": [1, 2]}}')
    (top / "p.yaml").write_text("lr: 1e-3\nmodel:\n  layers: [1, 2]\nseed: null\n")
    (top / "p.toml").write_text("lr = 1e-3\nmodel.layers = [1, 2]\n")
    done = regolo("register", "m", "m.bin", "--params", name, "--param", "epochs=3")
    lineage = manifest(top).lineage
    assert lineage is not None
    assert lineage.parameters == {"epochs": 3, "lr": 0.001, "model": {"layers": [1, 2]}}
    assert ("without a value: 'seed'" in done.err) == (name == "p.yaml")


BOMB = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefg", "bcdefgh", strict=True)
)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("m.json", '{"f1": "high"}', "metric 'f1' is a string, not a number"),
        ("m.json", '{"f1": [1, 2]}', "metric 'f1' is a list, not a number"),
        ("m.json", '{"f1": NaN}', "metric 'f1': 'value' is nan"),
        ("m.json", '{"f1": {"value": 0.9, "N": 3}}', "metric 'f1': 'N' is not known of a measurement"),
        ("m.json", '{"f1": {"value": 0.9, "n": "3"}}', "metric 'f1': 'n' of a measurement must be a number"),
        ("m.json", '{"f1": 1, "f1": 2}', "'f1' is there twice"),
        ("m.json", "[1]", "is not a table"),
        ("m.yaml", "f1: 1\nf1: 2\n", "is not valid YAML"),
        ("m.yaml", "- 1\n", "is not a table"),
        ("m.yaml", "a: !!python/object/apply:os.system ['true']\n", "is not valid YAML"),
        ("m.yaml", "a: &a [*a]\n", "too many values, or is nested too deep"),
        ("m.yaml", BOMB, "too many values"),
        ("none.yaml", None, "no such metrics file"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_without_metrics_is_refused_plainly(
    regolo: Regolo, top: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (top / name).write_text(text)
    assert said in regolo("register", "m", "m.bin", "--metrics", name, status=(2, 3)).err
    assert git(top, "tag") == ""


def test_yaml_without_its_library_names_the_extra(
    regolo: Regolo, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ruamel", None)
    (top / "m.yaml").write_text("f1: 1\n")
    assert "regolo-git[yaml]" in regolo("register", "m", "m.bin", "--metrics", "m.yaml", status=9).err


def test_values_that_are_not_carried_over_are_named(regolo: Regolo, top: Path) -> None:
    regolo(
        "register", "m", "m.bin", "--metric", "f1=0.9", "--meta", "license=mit", "--data", "train=sha256:00ff",
    )  # fmt: skip
    write_model(top / "m.bin", 2)
    done = regolo("commit", "m", "m.bin", "--meta", "epochs=5", "--metric", "auc=0.8")
    assert "kept    license of 1.0" in done.err
    assert "metrics not carried over from 1.0: f1" in done.err
    assert "data not carried over from 1.0: train" in done.err
    assert (manifest(top).metric_values, manifest(top).metadata) == (
        {"auc": 0.8},
        {"epochs": 5, "license": "mit"},
    )
