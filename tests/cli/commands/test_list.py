"""`git regolo list`."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git, proposal
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


def test_a_shallow_clone_names_the_models_whose_tags_it_lacks(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("register", "n", "model.safetensors")
    assert "shallow" not in regolo("list").err
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{two_versions}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    done = regolo("list")
    assert [line.split()[0] for line in done.lines] == ["MODEL", "n"]
    assert "note: this shallow clone has no version tag of 'm'\n  next    git fetch --tags" in done.err
    git(tmp_path / "shallow", "fetch", "-q", "--tags")
    assert "shallow" not in regolo("list").err


def test_a_shallow_clone_says_that_a_list_of_versions_has_gaps(
    regolo: Regolo, two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{two_versions}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    note = "note: this shallow clone has no version tag of 'm@1.0', and may lack more versions\n"
    for verb in (("list", "m"), ("log", "m")):
        done = regolo(*verb)
        assert "1.1" in done.out
        assert note + "  next    git fetch --unshallow --tags\n" in done.err
        assert "shallow" not in regolo(*verb, "--json").err
    git(tmp_path / "shallow", "fetch", "-q", "--unshallow", "--tags")
    for verb in (("list", "m"), ("log", "m")):
        assert "shallow" not in regolo(*verb).err


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
    regolo("evaluate", "m@1.0", "--metric", "late=1")
    lines = regolo("list", "m", "--metric", "accuracy", "--metric", "late").lines
    assert lines[0].split()[2:4] == ["ACCURACY", "LATE"]
    assert lines[1].split()[2:4] == ["0.92", "-"]
    assert regolo("list", "m", "-n", "1", "--metric", "late").lines[1].split()[2] == "-"
    refused = regolo("list", "m", "--metric", "none", status=3)
    assert "no version of 'm' has a metric 'none' (known: accuracy, late, ms)" in refused.err
    assert regolo("list", "m", "--metric", "accuracy", "--json").document[0]["metrics"] == {"accuracy": 0.92}


def test_a_list_can_be_limited(regolo: Regolo, two_versions: Path) -> None:
    limited = regolo("list", "m", "--limit", "1")
    assert len(limited.lines) == 2
    assert "and 1 older version: git regolo list m --all" in limited.err


def test_a_tag_that_is_not_a_version_breaks_no_list(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "tag", "m@v9.9")
    git(two_versions, "tag", "other@v1.0.0")
    assert [line.split("\t")[0] for line in regolo("list", "m", "--plain").lines] == ["1.1", "1.0"]


def test_the_version_that_the_branch_went_back_to_is_marked(regolo: Regolo, two_versions: Path) -> None:
    assert "current" not in regolo("list", "m").out
    regolo("revert", "m", "--to", "1.0")
    _, newest, older = regolo("list", "m").lines
    assert "current" not in newest
    assert "ready, current" in older
    assert [v["current"] for v in regolo("list", "m", "--json").document] == [False, True]
    assert "m@1.0 is the current version on the branch" in regolo("list", "m", "--limit", "1").err
    assert "current" in regolo("show", "m@1.0").out
    assert regolo("show", "m", "--json").document["current"] is False
    regolo("revert", "m", "--to", "1.1")
    assert "current" not in regolo("list", "m").out


def test_a_version_that_is_not_merged_is_marked(regolo: Regolo, two_versions: Path) -> None:
    git(two_versions, "switch", "-qc", "topic")
    write_model(two_versions / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors", "--direct")
    git(two_versions, "switch", "-q", "main")
    assert "not merged" in regolo("list", "m").lines[1]
    assert regolo("list", "m", "--plain").lines[0].split("\t")[:2] == ["1.2", "not merged"]
    assert regolo("list", "--json").document[0]["latest"] == "1.1"
    assert "not merged" in regolo("show", "m@1.2").lines[0]
    refused = regolo("promote", "m@1.2", "staging", status=8)
    assert "hint: git regolo promote m@1.2 staging --unmerged" in refused.err
    regolo("promote", "m@1.2", "staging", "--unmerged")
    assert "staging, not merged" in regolo("list", "m").lines[1]
    assert regolo("diff", "m").out.startswith("m  1.0 -> 1.1")
    assert "'m@v1.2' is not on branch 'main'" in regolo("doctor", "--dry-run").out


def test_list_and_status_say_which_proposals_wait_and_where(regolo: Regolo, two_versions: Path) -> None:
    regolo("commit", "m", "model.safetensors", "--propose", "--yes")
    for command in (["list"], ["list", "m"], ["status"]):
        err = regolo(*command).err
        assert "note: m@1.2 is proposed by Ada Byron (on propose/m@1.2" in err
        assert "next    git regolo diff main...propose/m@1.2" in err
    assert "proposed" not in regolo("list", "--plain").err
    (found,) = regolo("status", "--json").document["proposals"]
    assert found["versions"] == ["m@1.2"]
    assert found["places"][0].startswith("propose/m@1.2")


def test_list_chooses_and_sorts_by_a_filter(regolo: Regolo, two_versions: Path) -> None:
    out = regolo("list", "m", "--where", "accuracy > 0.8", "--sort", "accuracy", "-n", "1").out
    assert re.search(r"VERSION +STATUS +ACCURACY", out)
    assert re.search(r"\n1\.0 +ready +0\.89 ", out)
    assert "and 1 more version" in regolo("list", "--where", "accuracy > 0.8", "-n", "1").err
    assert "m@1.1 " in regolo("list", "--sort", "-ms").out
    lines = [line.split("\t")[:3] for line in regolo("list", "--where", "ms < 160", "--plain").lines]
    assert lines == [["m", "1.0", "ready"]]
    (found,) = regolo("list", "m", "--where", "ms < 160", "--metric", "ms", "--json").document
    assert found["metrics"] == {"ms": 150}
    assert "no version matches" in regolo("list", "m", "--where", "ms < 0").err
    assert "at character 5" in regolo("list", "m", "--where", "ms >> 0", status=2).err
    assert "for versions in this clone" in regolo("list", "m", "--remote", "--sort", "ms", status=2).err


def test_a_commit_and_ranges_are_filtered_and_sorted_with_metrics(regolo: Regolo, two_versions: Path) -> None:
    (two_versions / "model.safetensors").write_bytes(b"third")
    regolo("commit", "m", "model.safetensors", "--propose", "--metric", "accuracy=0.95", "--metric", "new=1")
    at = f"{proposal(two_versions, 'm@1.2')}:m"

    def found(*arguments: str) -> list[str]:
        return [line.split("\t")[0] for line in regolo("list", *arguments, "--plain").lines]

    assert found(at, "--where", "accuracy > 0.9", "--sort", "accuracy") == ["1.1", "1.2"]
    assert found(at, "--where", "status == 'proposed'") == ["1.2"]
    assert found(at, "--sort", "-accuracy", "-n", "2") == ["1.2", "1.1"]
    assert found("m@1.0..1.1", "--where", "has ms") == ["1.1"]
    assert "did you mean 'accuracy'" in regolo("list", at, "--where", "acuracy > 0").err
    assert "has a metric 'none'" in regolo("list", at, "--metric", "none", status=3).err
    brought = regolo("list", f"main..{at.removesuffix(':m')}", "--metrics", "--plain").lines
    assert [line.split("\t")[:2] + line.split("\t")[10:] for line in brought] == [
        ["m", "1.2", "accuracy=0.95", "new=1"]
    ]
    (newest, *_) = regolo("list", at, "--json").document
    assert (newest["version"], newest["metrics"]) == ("1.2", {"accuracy": 0.95, "new": 1})


def test_every_metric_is_a_column_and_in_json_unasked(regolo: Regolo, two_versions: Path) -> None:
    regolo("evaluate", "m@1.0", "--metric", "late=1")
    regolo("commit", "m", "--from", "1.1", "-y", *(f"--metric=x{number}=1" for number in range(20)))
    newest, middle, oldest = regolo("list", "m", "--json").document
    assert len(newest["metrics"]) == 20 + len(middle["metrics"])
    assert middle["metrics"] == {"accuracy": 0.92, "ms": 165}
    assert oldest["metrics"] == {"accuracy": 0.89, "ms": 150, "late": 1}
    assert oldest["measured_later"] == ["late"]
    shown = regolo("list", "m", "--metrics")
    assert shown.lines[0].split()[2:4] == ["ACCURACY", "MS"]
    assert "and 11 more metrics: --metric NAME, or --json" in shown.err
    assert "--metrics requires a model" in regolo("list", "--metrics", status=2).err
    assert "cannot be used together" in regolo("list", "m", "--metrics", "--metric", "ms", status=2).err


def test_list_takes_commits_and_ranges(regolo: Regolo, two_versions: Path) -> None:
    assert [line.split("\t")[0] for line in regolo("list", "main~1:m", "--plain").lines] == ["1.0"]
    assert [line.split("\t")[0] for line in regolo("list", "m@1.0..1.1", "--plain").lines] == ["1.1"]
    assert regolo("list", "main~1..main", "--plain").lines == ["m\t1.0\t1.1\tminor\t2 higher"]
    assert re.search(r"m +1\.0 +1\.1 +minor +", regolo("list", "main~1..main").out)
    assert regolo("list", "main~2..main", "--json").document["added"][0]["model"] == "m"
    assert "no version in m@1.1..1.0" in regolo("list", "m@1.1..1.0").err
    assert "no model differs between main and HEAD" in regolo("list", "main..HEAD").err
