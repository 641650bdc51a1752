"""A seal holds together what belongs to one version, and lets people edit the rest."""

from dataclasses import replace

import pytest
from blake3 import blake3

from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact, FileEntry, Lineage, Manifest
from regolo_git.records.measurement import Measurement
from regolo_git.records.seal import seal_of, seal_problem, sealed, sealed_text

SHA = Digest("sha256", "a" * 64)
DIRECTORY = Artifact("directory", "model", SHA, 5, Digest("blake3", "b" * 64))
PLAIN = Manifest(
    "m",
    "1.1",
    DIRECTORY,
    parents=("1.0",),
    files={"b": FileEntry(2, SHA), "a": FileEntry(3, SHA)},
    metrics={"f1": Measurement(0.9, n=10)},
    metadata={"license": "mit"},
    lineage=Lineage("c" * 40, {"reviews": str(SHA)}, {"lr": 0.1, "deep": {"b": 1, "a": [{"y": 1, "x": 2}]}}),
)
ONE = sealed(PLAIN)


def test_a_seal_is_the_digest_of_what_it_seals() -> None:
    assert ONE.seal == f"blake3:{blake3(sealed_text(ONE).encode()).hexdigest()}"
    assert seal_problem(ONE, required=True) is None
    assert seal_problem(Manifest.parse(ONE.to_text()), required=True) is None


@pytest.mark.parametrize(
    "edited",
    [
        replace(ONE, model="n"),
        replace(ONE, version="1.2"),
        replace(ONE, parents=()),
        replace(ONE, artifact=replace(DIRECTORY, digest=Digest("sha256", "d" * 64))),
        replace(ONE, artifact=replace(DIRECTORY, path="other")),
        replace(ONE, files={"b": FileEntry(3, SHA), "a": FileEntry(2, SHA)}),
        replace(ONE, metrics={"f1": Measurement(0.9)}),
        replace(ONE, metrics=None),
        replace(ONE, lineage=None),
        replace(ONE, seal="blake3:nonsense"),
    ],
    ids=lambda manifest: str(seal_of(manifest))[-6:],
)
def test_a_change_of_what_is_sealed_is_found(edited: Manifest) -> None:
    assert "mixed" in (seal_problem(edited, required=False) or "")


def test_the_rest_may_be_edited() -> None:
    edited = replace(ONE, description="new", metadata={"license": "gpl"}, serving={"format": "onnx"})
    assert seal_problem(edited, required=True) is None


def test_the_order_of_keys_and_line_ends_do_not_matter() -> None:
    text = ONE.to_text()
    lines = text.splitlines()
    at = lines.index("[artifact]")
    shuffled = [*lines[:at][::-1], lines[at], *lines[at + 1 : at + 6][::-1], *lines[at + 6 :]]
    for edited in ("\r\n".join(lines) + "\r\n", "\n".join(shuffled) + "\n"):
        assert edited != text
        assert seal_problem(Manifest.parse(edited), required=True) is None
        assert sealed(Manifest.parse(edited)).to_text() == text


def test_the_order_of_parameters_does_not_matter() -> None:
    assert PLAIN.lineage is not None
    other = {"deep": {"a": [{"x": 2, "y": 1}], "b": 1}, "lr": 0.1}
    assert seal_of(replace(PLAIN, lineage=replace(PLAIN.lineage, parameters=other))) == ONE.seal


def test_a_manifest_without_a_seal_is_wrong_only_where_one_is_required() -> None:
    assert seal_problem(PLAIN, required=False) is None
    assert "not sealed" in (seal_problem(PLAIN, required=True) or "")


def test_sealing_gives_the_metrics_of_an_old_manifest_their_own_table() -> None:
    old = replace(PLAIN, metrics=None, metadata={"f1": 0.9, "eval": {"loss": 1}, "by": "Ada"})
    new = sealed(old)
    assert new.metrics == {"f1": Measurement(0.9), "eval.loss": Measurement(1)}
    assert (new.metadata, new.shown_metadata) == (
        {"by": "Ada"},
        {"by": "Ada", "f1": 0.9, "eval": {"loss": 1}},
    )
    assert sealed(new) == new
