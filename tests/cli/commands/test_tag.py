"""`git regolo tag`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git, proposal
from support.model_files import write_model


def test_a_merged_proposal_gets_its_tag(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", "--no-ff", proposal(two_versions, "m@1.2"))
    assert "would tag m@v1.2" in regolo("tag", "--merged", "--dry-run").err
    assert regolo("tag", "--merged").out == "m@v1.2\n"
    assert regolo("tag", "--merged", "--json").document == []
    assert "nothing to tag" in regolo("tag", "--merged").err


def test_tags_are_made_of_what_was_merged_only(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("tag", status=2).err.endswith("hint: git regolo tag --merged\n")


def test_a_merged_version_without_bytes_is_refused(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--propose")
    git(two_versions, "merge", "-q", "--no-ff", proposal(two_versions, "m@1.2"))
    git(two_versions, "clone", "-q", ".", str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    assert "1 of 1 versions not tagged" in regolo("tag", "--merged", status=5).err


def test_the_results_of_gates_are_in_the_tag_and_printed(regolo: Regolo, registry: Path) -> None:
    for number, accuracy in enumerate(("0.92", "0.95", "0.9")):
        (registry / "m.bin").write_bytes(accuracy.encode())
        arguments = ("m", "m.bin", "--metric", f"accuracy={accuracy}")
        if number == 0:
            regolo("register", *arguments)
            card = registry / "models/m/model.toml"
            card.write_text(card.read_text() + "[gates.accuracy]\nmax_drop = 0.005\n")
            git(registry, "commit", "-qam", "gates")
            git(registry, "switch", "-qc", "topic")
        else:
            regolo("commit", *arguments)
    git(registry, "switch", "-q", "main")
    git(registry, "merge", "-q", "--squash", "topic")
    git(registry, "commit", "-qm", "squashed")
    dry = regolo("tag", "--merged", "--dry-run", "--json").document
    assert [(gate["name"], gate["state"]) for gate in dry[0]["gates"]] == [("accuracy", "fail")]
    plain = regolo("tag", "--merged", "--dry-run", "--plain").lines[0].split("\t")
    assert plain[2:] == ["would tag", "", "fail (accuracy fail)"]
    done = regolo("tag", "--merged")
    assert done.out == "m@v1.2\n"
    assert "  parent  its parent 1.1 has no tag: 1.0, the newest tagged version before it, counts" in done.err
    assert "  gates   1 gate: 1 fails\n    fail  accuracy: fell by 0.02 from 0.92 in m@1.0 to 0.9" in done.err
    assert "Regolo-Gates: fail (accuracy fail)" in git(
        registry, "tag", "-l", "--format=%(contents)", "m@v1.2"
    )
    compared = regolo("diff", "m@1.2", "--json")
    assert compared.document["a"] == "1.0"
    assert "the parent 1.1 of 'm@1.2' has no tag; 1.0 is the newest tagged version before it" in compared.err
    assert regolo("show", "m@1.2", "--json").document["gates_at_merge"] == "fail (accuracy fail)"
    shown = regolo("show", "m@1.2").out
    assert "fail (accuracy fail), when it was merged" in shown
    assert "  parent   1.1 (no tag)\n" in shown
    assert "when it was merged" not in regolo("show", "m@1.0").out
