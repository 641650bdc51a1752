"""A manifest is written in one order, read back, and refused where its parts do not fit together."""

from dataclasses import replace
from typing import Any

import pytest

from regolo_git.errors import IntegrityError, NewerFormat
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact, FileEntry, Lineage, Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.recipe import Recipe, RecipeChunk, RecipeFile

SHA = Digest("sha256", "a" * 64)
OTHER = Digest("blake3", "b" * 64)
FILE = Artifact("file", "dir/m.bin", SHA, 3, OTHER)
DIRECTORY = Artifact("directory", None, SHA, 5, OTHER)
ONE = Manifest("team/m", "1.0", FILE)
MANY = Manifest("m", "1.0", DIRECTORY, files={"b": FileEntry(2, SHA), "a": FileEntry(3, OTHER)})
FULL = replace(
    MANY,
    description="what it is",
    build="build.7",
    parents=("0.9", "0.8"),
    artifact=replace(DIRECTORY, path="model", unknown={"later": 1}),
    metadata={"accuracy": 0.9},
    lineage=Lineage("c" * 40, {"z": "1", "a": "2"}, {"lr": 0.1}, "base@1.0", {"later": 2}),
    serving={"format": "onnx"},
    unknown={"z": 1, "y": {"x": 2}},
)
TEXT = f'''\
format = 1
model = "m"
version = "1.0"
description = "what it is"
build = "build.7"
parents = ["0.9", "0.8"]

[artifact]
kind = "directory"
path = "model"
digest = "{SHA}"
size = 5
recipe = "{OTHER}"
later = 1

[files]
a = {{ size = 3, blake3 = "{OTHER.hex}" }}
b = {{ size = 2, sha256 = "{SHA.hex}" }}

[metadata]
accuracy = 0.9

[lineage]
code = "{"c" * 40}"
base = "base@1.0"
later = 2

[lineage.data]
a = "2"
z = "1"

[lineage.parameters]
lr = 0.1

[serving]
format = "onnx"
'''


def test_the_text_has_one_order() -> None:
    assert replace(FULL, unknown={}).to_text() == TEXT
    assert FULL.to_text() == TEXT.replace("\n\n[artifact]", "\nz = 1\n\n[artifact]", 1) + "\n[y]\nx = 2\n"


@pytest.mark.parametrize(
    "manifest", [ONE, MANY, FULL, replace(MANY, files=None, artifact=replace(DIRECTORY, file_count=9))]
)
def test_a_manifest_reads_back(manifest: Manifest) -> None:
    assert Manifest.parse(manifest.to_text()) == manifest
    assert Manifest.parse(manifest.to_text().encode()) == manifest


def test_it_is_named_by_model_and_version() -> None:
    assert ONE.reference == "team/m@1.0"


def test_files_are_those_of_the_manifest_or_of_the_recipe() -> None:
    recipe = Recipe("directory", (RecipeFile("x", 0o644, 5, SHA),), (), (RecipeChunk("b" * 64, 5),))
    assert MANY.file_entries(None) == MANY.files
    assert MANY.file_entries(recipe) == MANY.files
    assert replace(MANY, files=None).file_entries(recipe) == {"x": FileEntry(5, SHA)}
    assert replace(MANY, files=None).file_entries(None) == {}
    assert ONE.file_entries(recipe) == {"m.bin": FileEntry(3, SHA)}
    assert replace(ONE, artifact=replace(FILE, path=None)).file_entries(None) == {"m": FileEntry(3, SHA)}


def test_a_file_has_its_own_name_without_a_path() -> None:
    named = replace(ONE, artifact=replace(FILE, path=None, name="face.tflite", unknown={"later": 1, "z": 2}))
    assert named.file_entries(None) == {"face.tflite": FileEntry(3, SHA)}
    assert Manifest.parse(named.to_text()) == named
    # An older release has the key among those that it does not know, and computes the same seal.
    older = replace(FILE, path=None, unknown={"later": 1, "name": "face.tflite", "z": 2})
    assert replace(named, artifact=older).to_text() == named.to_text()


@pytest.mark.parametrize("name", ["a/b", "..", "", ".git", "a\\\\b", "a\\u001b"])
def test_a_name_that_could_lead_elsewhere_is_damage(name: str) -> None:
    text = replace(ONE, artifact=replace(FILE, path=None, name="face")).to_text()
    with pytest.raises(IntegrityError):
        Manifest.parse(text.replace('name = "face"', f'name = "{name}"'))


def test_an_artifact_is_what_its_recipe_rebuilds() -> None:
    recipe = Recipe("file", (RecipeFile("", 0o644, 5, SHA),), (), (RecipeChunk("b" * 64, 5),))
    assert Artifact.of(recipe) == Artifact("file", None, SHA, 5, recipe.address)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size = 5", "size = -5"),
        ("size = 5", "size = 6"),
        ("size = 3,", "size = -3,"),
        ("size = 3,", ""),
        ('kind = "directory"', 'kind = "file"'),
        ('kind = "directory"', 'kind = "socket"'),
        ('recipe = "blake3:', 'recipe = "sha256:'),
        ('path = "model"', 'path = "../model"'),
        ("later = 1", "later = 1\nfile_count = 2"),
        (f'sha256 = "{SHA.hex}"', ""),
        (f'sha256 = "{SHA.hex}"', f'sha256 = "{SHA.hex}", blake3 = "{SHA.hex}"'),
        (f'sha256 = "{SHA.hex}"', 'sha256 = "x"'),
        ("b = {", '"../b" = {'),
        ('model = "m"', 'model = "M"'),
        ('version = "1.0"', 'version = "one"'),
        ('parents = ["0.9", "0.8"]', 'parents = ["0.9", 8]'),
        ('a = "2"', "a = 2"),
        ("a = {", "a = 3 #"),
    ],
)
def test_parts_that_do_not_fit_together_are_damage(old: str, new: str) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(IntegrityError):
        Manifest.parse(TEXT.replace(old, new, 1))


def test_a_directory_lists_its_files_or_counts_them() -> None:
    with pytest.raises(IntegrityError):
        Manifest.parse(replace(MANY, files=None).to_text())


def test_a_file_has_no_files_in_it() -> None:
    for wrong in (replace(ONE, files={}), replace(ONE, artifact=replace(FILE, file_count=1))):
        with pytest.raises(IntegrityError):
            Manifest.parse(wrong.to_text())


def test_a_newer_format_is_distinguished_from_damage() -> None:
    with pytest.raises(NewerFormat):
        Manifest.parse(TEXT.replace("format = 1", "format = 2"))


@pytest.mark.parametrize(
    "wrong", [{"code": 1}, {"base": 1.0}, {"data": [("a", "b")]}, {"data": {"a": 1}}], ids=str
)
def test_a_lineage_is_of_text(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Lineage(**wrong)


ON = f"sha256:{'9' * 64}"
METRICS = f'''\
[metrics]
accuracy = {{ value = 0.912, n = 2000, on = "{ON}" }}
"eval.f1_score" = 0.89
loss = {{ value = 1, later = 2 }}

'''
MEASURED = TEXT.replace("[metadata]", f"{METRICS}[metadata]").replace(
    "\n\n[artifact]", f'\nseal = "{OTHER}"\n\n[artifact]'
)


def test_metrics_say_how_they_were_measured() -> None:
    manifest = Manifest.parse(MEASURED)
    assert manifest.to_text() == MEASURED
    assert manifest.seal == str(OTHER)
    assert manifest.measurements["accuracy"] == Measurement(0.912, n=2000, on=ON)
    assert manifest.metric_values == {"accuracy": 0.912, "eval.f1_score": 0.89, "loss": 1}


def test_metrics_are_shown_at_their_dotted_place() -> None:
    manifest = replace(Manifest.parse(MEASURED), metadata={"eval": {"by": "Ada"}, "epochs": 3})
    assert manifest.shown_metadata == {
        "accuracy": 0.912,
        "epochs": 3,
        "loss": 1,
        "eval": {"by": "Ada", "f1_score": 0.89},
    }
    assert manifest.plain_metadata == manifest.metadata


def test_the_numbers_of_a_manifest_without_metrics_are_its_metrics() -> None:
    old = replace(FULL, metadata={"f1": 0.9, "by": "Ada", "eval": {"loss": 1}, "list": [1]})
    assert old.measurements == {"f1": Measurement(0.9), "eval.loss": Measurement(1)}
    assert old.plain_metadata == {"by": "Ada", "list": [1]}
    assert old.shown_metadata == old.metadata


def test_no_number_of_the_metadata_of_a_sealed_manifest_is_a_metric() -> None:
    sealed = replace(FULL, seal=str(OTHER))
    assert sealed.measurements == {}
    assert sealed.plain_metadata == {"accuracy": 0.9}


@pytest.mark.parametrize(
    "wrong", ["accuracy = 'high'", "a.b = 1", "a = { n = 3 }", "a = { value = 1, n = 0 }", '"" = 1'], ids=str
)
def test_a_metric_is_a_number(wrong: str) -> None:
    with pytest.raises(IntegrityError, match="metrics"):
        Manifest.parse(TEXT + f"\n[metrics]\n{wrong}\n")
