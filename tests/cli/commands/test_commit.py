"""`git regolo commit`."""

import json
import random
import tomllib
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def head(top: Path) -> str:
    return git(top, "rev-parse", "HEAD")


def safetensors_bytes(seed: int, size: int) -> bytes:
    """One tensor, so that the header is all that versions share."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    return len(header).to_bytes(8, "little") + header + random.Random(seed).randbytes(size)


def test_sizes_that_read_the_same_are_said_once(regolo: Regolo, two_versions: Path) -> None:
    for seed in (1, 2):
        (two_versions / "large.safetensors").write_bytes(safetensors_bytes(seed, 300_000))
        done = regolo("commit" if seed == 2 else "register", "large", "large.safetensors")
        assert "created large@1." in done.err
        assert "(stored 300 kB)\n" in done.err


def test_a_commit_says_what_it_did_not_have_to_store(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    (registry / "model" / "weights.bin").write_bytes(b"w" * 3_000_000)
    (registry / "model" / "config.json").write_text("{}")
    regolo("register", "m", "model")
    (registry / "model" / "config.json").write_text('{"a": 1}')
    done = regolo("commit", "m", "model")
    assert done.out == "m@1.1\n"
    assert "was already in the store" in done.err
    assert "git regolo diff m@1.0 1.1" in done.err


def test_the_next_version_can_be_bumped_or_named(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    assert regolo("commit", "m", "model.safetensors", "--bump", "major").out == "m@2.0\n"
    write_model(two_versions / "model.safetensors", 4)
    assert regolo("commit", "m", "model.safetensors", "--version", "2.0.1").out == "m@2.0.1\n"


def test_a_version_is_named_or_bumped_not_both(regolo: Regolo, two_versions: Path) -> None:
    both = ["--version", "3.0", "--bump", "major"]
    assert "cannot be used together" in regolo("commit", "m", "model.safetensors", *both, status=2).err


def test_the_same_bytes_again_need_a_yes(regolo: Regolo, two_versions: Path) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    refused = regolo("commit", "m", "model.safetensors", status=4)
    assert "error: 'model.safetensors' has the same content as 'm@1.1'" in refused.err
    assert refused.err.endswith("hint: git regolo commit m model.safetensors --yes\n")
    assert git(two_versions, "rev-parse", "HEAD") == before
    assert regolo("commit", "m", "model.safetensors", "--yes").out == "m@1.2\n"


def test_an_existing_version_is_refused_with_another_name(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    refused = regolo("commit", "m", "model.safetensors", "--version", "1.0.0", status=4)
    assert "already exists" in refused.err
    assert "--version 1.2" in refused.err


def test_a_proposal_says_how_to_have_it_reviewed(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    done = regolo("commit", "m", "model.safetensors", "--propose")
    assert done.out == "m@1.2\n"
    assert "git regolo push" in done.err
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
        (["commit", "none", "model.safetensors"], 3, "hint: git regolo register none model.safetensors"),
        (["register", "m", "model.safetensors"], 4, "hint: git regolo commit m model.safetensors"),
        (["commit", "m", "missing.bin"], 3, "missing.bin"),
        (["commit", "M", "model.safetensors"], 2, "model name 'M' cannot be used"),
        (["commit", "m", "model.safetensors", "--metric", "a=b"], 2, "is not a number"),
        (["commit", "m", "model.safetensors", "--metric", "a=nan"], 2, "'a'"),
        (["commit", "m", "model.safetensors", "--base", "none"], 3, "there is no model 'none'"),
        (["commit", "m", "model.safetensors", "--code", "nowhere"], 3, "nowhere"),
        (["commit", "m", "model.safetensors", "--propose", "--direct"], 2, "cannot be used together"),
        (["commit", "--from", "1.0"], 2, "hint: git regolo commit MODEL --from 1.0"),
        (["commit", "m"], 4, "has the same content as 'm@1.1'"),
        (["commit"], 4, "hint: git regolo commit --yes"),
        (["commit", "model.safetensors"], 3, "hint: git regolo commit m model.safetensors"),
        (["commit", "none"], 3, "there is no model 'none'"),
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


def test_a_version_can_be_made_from_a_version(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / "model.safetensors").unlink()
    done = regolo("commit", "m", "--from", "1.0", "--version", "prod-1.0", "--meta", "approved=yes")
    assert done.out == "m@prod-1.0\n"
    assert "nothing new to store" in done.err
    source, made = (regolo("show", f"m@{name}", "--json").document for name in ("1.0", "prod-1.0"))
    assert made["digest"] == source["digest"]
    assert made["metadata"] == {**source["metadata"], "approved": "yes"}
    assert not (two_versions / "model.safetensors").exists()
    regolo("checkout", "m@prod-1.0")
    assert (two_versions / "model.safetensors").stat().st_size == source["size"]


def test_from_a_version_another_serving_block_makes_the_next_one(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / "serving.toml").write_text('format = "safetensors"\nentry_point = "acme:load"\n')
    done = regolo("commit", "m", "--from", "1.1", "--version", "1.1.1", "--serving", "serving.toml")
    assert done.out == "m@1.1.1\n"
    manifests = [tomllib.loads(regolo("show", f"m@{v}", "--manifest").out) for v in ("1.1", "1.1.1")]
    assert manifests[1]["serving"] == {"entry_point": "acme:load", "format": "safetensors"}
    assert manifests[1]["artifact"] == manifests[0]["artifact"]


def test_from_a_version_whose_bytes_are_gone_nothing_is_made(regolo: Regolo, two_versions: Path) -> None:
    for chunk in (two_versions / ".git" / "regolo" / "store" / "chunks").rglob("*"):
        if chunk.is_file():
            chunk.unlink()
    before = head(two_versions)
    assert "missing" in regolo("commit", "m", "--from", "1.0", "--version", "prod-1.0", status=3).err
    assert head(two_versions) == before


def test_a_version_comes_from_a_path_or_from_a_version(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    both = regolo("commit", "m", "model.safetensors", "--from", "1.0", status=2)
    assert "either PATH or --from" in both.err
    assert "9.9" in regolo("commit", "m", "--from", "9.9", status=3).err


def test_a_version_that_does_not_follow_the_newest_says_its_parent(
    regolo: Regolo, two_versions: Path
) -> None:
    regolo("checkout", "m@1.0")
    write_model(two_versions / "model.safetensors", 3)
    done = regolo("commit", "m", "model.safetensors", "--version", "1.0.1")
    assert "parent  1.0, not the newest version" in done.err
    assert "git regolo diff m@1.0 1.0.1" in done.err
    assert regolo("diff", "m@1.0.1").out.startswith("m  1.0 -> 1.0.1")
    write_model(two_versions / "model.safetensors", 4)
    given = regolo("commit", "m", "model.safetensors", "--parent", "m@1.1", "--json")
    assert given.document["parents"] == ["1.1"]
    assert "parent" not in given.err


def test_a_parent_that_does_not_exist_is_refused(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    refused = regolo("commit", "m", "model.safetensors", "--parent", "9.9", status=3)
    assert "no such parent: model 'm' has no version '9.9'" in refused.err


def test_values_taken_over_are_reported(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--meta", "license=mit", "--metric", "f1=0.5")
    write_model(two_versions / "model.safetensors", 4)
    done = regolo("commit", "m", "model.safetensors")
    assert "  kept    experiment, license of 1.2\n" in done.err
    assert "  metrics not carried over from 1.2: f1\n" in done.err
    assert "  next    git regolo evaluate m@1.3 --metric f1=VALUE\n" in done.err
    assert regolo("evaluate", "m@1.3", "--metric", "f1=0.6").out == "m@1.3\n"
    write_model(two_versions / "model.safetensors", 5)
    assert "kept" not in regolo("commit", "m", "model.safetensors", "--no-inherit").err


def test_bytes_of_an_older_version_are_worth_a_note(regolo: Regolo, two_versions: Path) -> None:
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    regolo("checkout", "m@1.0")
    done = regolo("commit", "m", "model.safetensors")
    assert "note: 'model.safetensors' has the same content as 'm@1.0'" in done.err
    assert done.out == "m@1.3\n"


def test_bytes_of_a_retired_version_need_a_yes(regolo: Regolo, two_versions: Path) -> None:
    regolo("checkout", "m@1.0")
    regolo("retire", "m@1.0", "-m", "wrong data", "--yes")
    refused = regolo("commit", "m", "model.safetensors", status=4)
    assert "has the same content as 'm@1.0', which was retired: wrong data" in refused.err
    assert refused.err.endswith("hint: git regolo commit m model.safetensors --yes\n")
    assert regolo("commit", "m", "model.safetensors", "--yes").out == "m@1.2\n"


def test_excluded_files_are_reported_and_recorded(regolo: Regolo, registry: Path) -> None:
    place = registry / "bert"
    (place / ".git").mkdir(parents=True)
    for name in ("config.json", "a.log", ".git/HEAD", ".regoloignore"):
        (place / name).write_text("*.tmp\n" if name == ".regoloignore" else name)
    (place / "x.tmp").write_text("x")
    done = regolo("register", "bert", "bert", "--exclude", "*.log")
    assert "note: left out '.git', 'a.log', 'x.tmp' (" in done.err
    shown = regolo("show", "bert", "--json").document
    assert sorted(shown["files"]) == [".regoloignore", "config.json"]
    assert 'exclude = ["*.log"]' in (registry / "models/bert/manifest.toml").read_text()
    (place / "a.log").write_text("longer")
    assert "unchanged" in regolo("status", "--plain").out
    again = regolo("commit", "bert", "bert", "--exclude", "!a.log", "--exclude", "config.json")
    assert "left out '.git', 'config.json', 'x.tmp'" in again.err
    refused = regolo("commit", "bert", "--from", "1.0", "--exclude", "*.log", status=2)
    assert "not of a version that exists" in refused.err
    regolo("commit", "bert", "--from", "1.0", "--version", "2.0")
    assert 'exclude = ["*.log"]' in (registry / "models/bert/manifest.toml").read_text()
