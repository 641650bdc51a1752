"""list, log, show, status, describe and diff."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


def test_models_are_listed(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("list").lines[0].split() == ["MODEL", "VERSIONS", "LATEST", "UPDATED"]
    assert regolo("list").lines[1].split()[:3] == ["m", "2", "1.1"]
    (document,) = regolo("list", "--json").document
    assert document["model"] == "m"
    assert document["environments"] == {}


def test_a_registry_without_models_says_how_to_make_one(regolo: Regolo, registry: Path) -> None:
    outcome = regolo("list")
    assert outcome.out == ""
    assert "git regolo register" in outcome.err
    assert regolo("list", "--json").document == []
    assert regolo("list", "--plain").out == ""


def test_versions_are_listed_newest_first(regolo: Regolo, two_versions: Path) -> None:
    assert [line.split()[0] for line in regolo("list", "m").lines] == ["VERSION", "1.1", "1.0"]


def test_plain_has_one_line_for_each_version_that_starts_with_it(regolo: Regolo, two_versions: Path) -> None:
    lines = [line.split("\t") for line in regolo("list", "m", "--plain").lines]
    assert [line[0] for line in lines] == ["1.1", "1.0"]
    _, status, size, when, who, digest, commit, tag, message = lines[0]
    assert (status, who, tag, message) == ("ready", "Ada Byron <ada@example.com>", "m@v1.1", "second")
    assert int(size) == (two_versions / "model.safetensors").stat().st_size
    assert datetime.fromisoformat(when).utcoffset() is not None
    assert digest.startswith("sha256:")
    assert commit == git(two_versions, "rev-parse", "HEAD").strip()


def test_metrics_can_be_columns(regolo: Regolo, two_versions: Path) -> None:
    lines = regolo("list", "m", "--metric", "accuracy", "--metric", "none").lines
    assert lines[0].split()[2:4] == ["ACCURACY", "NONE"]
    assert lines[1].split()[2:4] == ["0.92", "-"]
    assert regolo("list", "m", "--metric", "accuracy", "--json").document[0]["metrics"] == {"accuracy": 0.92}


def test_a_list_can_be_limited(regolo: Regolo, two_versions: Path) -> None:
    limited = regolo("list", "m", "--limit", "1")
    assert len(limited.lines) == 2
    assert "and 1 older version: git regolo list m --all" in limited.err


def test_a_tag_that_is_no_version_breaks_no_list(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "m@v9.9")
    git(two_versions, "tag", "other@v1.0.0")
    assert [line.split("\t")[0] for line in regolo("list", "m", "--plain").lines] == ["1.1", "1.0"]


def test_the_log_has_metrics_against_the_version_before(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("log", "m").out
    assert re.search(r"^m@1\.1  ready  .*  Ada Byron  ", out)
    assert "    second\n" in out
    assert re.search(r"accuracy +0\.92 +\+0\.03 +\+3\.37% +\+ better", out)
    assert re.search(r"ms +165 +\+15 +\+10\.00% +- worse", out)
    assert re.search(r"accuracy +0\.89\n", out)


def test_the_log_of_one_metric_is_a_trend(regolo: Regolo, two_versions: Path) -> None:
    lines = regolo("log", "m", "--metric", "accuracy").lines
    assert lines[0] == "accuracy  _#  0.89 -> 0.92 over 2 versions"
    assert lines[3].split()[:5] == ["1.1", "0.92", "+0.03", "+3.37%", "+"]


def test_an_unknown_metric_is_not_found_and_says_which_there_are(regolo: Regolo, two_versions: Path) -> None:
    assert "(there are accuracy, ms)" in regolo("log", "m", "--metric", "f1", status=3).err


def test_the_log_for_programs(regolo: Regolo, two_versions: Path) -> None:
    newest, first = regolo("log", "m", "--json").document
    assert (newest["version"], newest["previous"]) == ("1.1", "1.0")
    assert newest["metrics"]["accuracy"]["verdict"] == "better"
    assert first["previous"] is None
    lines = [line.split("\t") for line in regolo("log", "m", "--plain").lines]
    assert [line[0] for line in lines] == ["1.1", "1.1", "1.0", "1.0"]
    assert lines[0][3:6] == ["accuracy", "0.92", "0.03"]


def test_show_says_everything(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("show", "m").out
    for word in ("m@1.1  ready", "second", "Ada Byron <ada@example.com>", "m@v1.1 (not signed)", "1 tensor"):
        assert word in out
    for name, value in (("accuracy", "0.92"), ("experiment", "more data"), ("follows", "1.0")):
        assert re.search(rf"{name} +{value}", out)
    assert git(two_versions, "rev-parse", "HEAD").strip() in out


def test_show_of_a_directory_lists_its_files(regolo: Regolo, registry: Path) -> None:
    (registry / "model").mkdir()
    (registry / "model" / "config.json").write_text("{}")
    write_model(registry / "model" / "weights.safetensors")
    regolo("register", "m", "model")
    assert re.search(r"config\.json +2 B  sha256:", regolo("show", "m").out)
    assert "2 files" in regolo("show", "m").out


def test_show_for_programs(regolo: Regolo, two_versions: Path) -> None:
    document = regolo("show", "m@1.0", "--json").document
    assert document["metrics"] == {"accuracy": 0.89, "ms": 150}
    assert document["signed"] is False
    assert document["here"] is True
    lines = dict(line.split("\t") for line in regolo("show", "m@1.0", "--plain").lines)
    assert lines["metrics.accuracy"] == "0.89"
    assert lines["files.model.safetensors.size"] == str(document["size"])


def test_the_manifest_can_be_had_as_it_is(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("show", "m", "--manifest").out == git(two_versions, "show", "HEAD:models/m/manifest.toml")
    regolo("show", "m", "--manifest", "--json", status=2)


def test_status_holds_the_work_tree_against_the_commit(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("status").lines[-1].split() == ["m@1.1", "unchanged", "model.safetensors"]
    write_model(two_versions / "model.safetensors", 3)
    assert "git regolo commit m model.safetensors" in regolo("status").err
    assert regolo("status", "--plain").out == "m@1.1\tmodified\ttagged\tmodel.safetensors\t\n"
    (two_versions / "model.safetensors").unlink()
    document = regolo("status", "--json").document
    assert document["models"][0]["state"] == "missing"
    assert document["branch"] == "main"


def test_status_knows_the_bytes_of_another_version(regolo: Regolo, two_versions: Path) -> None:
    regolo("checkout", "m@1.0")
    assert "holds 1.0" in regolo("status").out
    assert regolo("status", "--json").document["models"][0]["holds"] == "1.0"


def test_describe_says_which_versions_a_commit_is(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("describe", "--plain").out == "m@1.1\texact\ttagged\n"
    git(two_versions, "commit", "-q", "--allow-empty", "-m", "later")
    assert regolo("describe", "--plain").out == "m@1.1\tin force\ttagged\n"
    assert regolo("describe", "HEAD~2", "--json").document[0]["version"] == "1.0"
    assert (
        "no version in"
        in regolo("describe", git(two_versions, "rev-list", "--max-parents=0", "HEAD").strip()).err
    )


def test_describe_of_nothing_known_is_not_found(regolo: Regolo, two_versions: Path) -> None:
    regolo("describe", "nowhere", status=3)


def test_diff_shows_both_values_and_which_is_better(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("diff", "m@1.0", "m@1.1").out
    assert out.startswith("m  1.0 -> 1.1  ")
    assert re.search(r"accuracy +0\.89 +0\.92 +\+0\.03 +\+3\.37% +\+ better", out)
    assert re.search(r"experiment +- +more data", out)
    assert re.search(r"layer\.weight +changed +F32 \[8, 8\] +F32 \[8, 8\]", out)
    assert out.endswith("by SemVer this is a minor change\n")


@pytest.mark.parametrize("arguments", [["m@1.0", "1.1"], ["m@1.0", "latest"], ["m"], ["m@1.1"]])
def test_diff_can_be_asked_for_in_short(regolo: Regolo, two_versions: Path, arguments: list[str]) -> None:
    assert (
        regolo("diff", *arguments, "--json").document == regolo("diff", "m@1.0", "m@1.1", "--json").document
    )


def test_diff_takes_two(regolo: Regolo, two_versions: Path) -> None:
    assert "follows no other" in regolo("diff", "m@1.0", status=3).err
    assert "different models" in regolo("diff", "m@1.0", "n@1.0", status=2).err


def test_diff_has_pages(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("diff", "m", "--format", "markdown").out.startswith("## m: 1.0 → 1.1\n")
    assert regolo("diff", "m", "--format", "html").out.startswith("<!doctype html>\n")
    assert regolo("diff", "m", "--format", "json").out == regolo("diff", "m", "--json").out
    regolo("diff", "m", "--format", "html", "--plain", status=2)


def test_diff_for_the_shell(regolo: Regolo, two_versions: Path) -> None:
    lines = [line.split("\t") for line in regolo("diff", "m", "--plain").lines]
    assert lines[0] == ["metric", "accuracy", "0.89", "0.92", "0.03", "0.033707865168539325", "better"]
    assert {line[0] for line in lines} == {"metric", "metadata", "file", "tensor", "size"}


def test_json_and_plain_exclude_each_other(regolo: Regolo, two_versions: Path) -> None:
    assert "exclude each other" in regolo("list", "--json", "--plain", status=2).err
