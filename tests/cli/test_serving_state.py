"""promote, history, endpoint, traffic, rollback; and versions made from a version."""

import tomllib
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git
from support.model_files import write_model


@pytest.fixture
def served(regolo: Regolo, two_versions: Path) -> Path:
    """An endpoint `e` that sends everything to 1.0."""
    regolo("endpoint", "create", "e", "m@1.0")
    return two_versions


def head(top: Path) -> str:
    return git(top, "rev-parse", "HEAD")


def test_a_promotion_prints_the_version_and_says_what_stood_there(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.0", "staging")
    done = regolo("promote", "m@1.1", "staging", "--replicas", "3", "-m", "better recall")
    assert done.out == "m@1.1\n"
    assert "promoted m@1.1 to staging (before: 1.0)" in done.err
    written = tomllib.loads(git(two_versions, "show", "HEAD:environments/staging/m.toml"))
    assert (written["version"], written["replicas"]) == ("1.1", 3)
    assert regolo("list", "m", "--plain").lines[0].split("\t")[:2] == ["1.1", "staging"]


def test_the_history_of_environments(regolo: Regolo, two_versions: Path) -> None:
    assert "git regolo promote m@1.1 staging" in regolo("history", "m").err
    regolo("promote", "m@1.0", "staging", "-m", "first try")
    regolo("promote", "m@1.1", "staging")
    rows = [line.split("\t") for line in regolo("history", "m", "staging", "--plain").lines]
    assert [(row[1], row[2]) for row in rows] == [("staging", "1.1"), ("staging", "1.0")]
    assert regolo("history", "m", "--json").document[1]["message"].startswith("first try")


def test_a_proposed_promotion_is_a_branch(regolo: Regolo, two_versions: Path) -> None:
    before = head(two_versions)
    done = regolo("promote", "m@1.1", "staging", "--propose", "--json")
    assert done.document["branch"] == "propose/staging/m@1.1"
    assert "git push -u origin propose/staging/m@1.1" in done.err
    assert head(two_versions) == before


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["m@9.9", "staging"], 3, "9.9"),
        (["n@1.0", "staging"], 3, "'n'"),
        (["m@1.0", "--", "-staging"], 2, "-staging"),
        (["m@1.0", "Staging"], 2, "Staging"),
        (["m@1.0", "staging", "--replicas", "0"], 2, "replicas"),
        (["m@1.0", "staging", "--replicas", "10000"], 2, "replicas"),
        (["m@1.0", "staging", "--replicas", "many"], 2, "many"),
    ],
)
def test_a_promotion_that_cannot_be_changes_nothing(
    regolo: Regolo, two_versions: Path, arguments: list[str], status: int, words: str
) -> None:
    before = head(two_versions)
    assert words in regolo("promote", *arguments, status=status).err
    assert head(two_versions) == before


def test_a_rule_is_said_with_the_command_that_satisfies_it(regolo: Regolo, two_versions: Path) -> None:
    regolo("config", "environments.staging.replicas", "1")
    regolo("config", "environments.production.requires", '["staging"]')
    refused = regolo("promote", "m@1.1", "production", status=8)
    assert refused.err.endswith("hint: git regolo promote m@1.1 staging\n")
    regolo("promote", "m@1.1", "staging")
    regolo("promote", "m@staging", "production")
    assert regolo("show", "m@production", "--json").document["version"] == "1.1"


def test_an_endpoint_is_made_shown_and_listed(regolo: Regolo, served: Path) -> None:
    document = regolo("endpoint", "show", "e", "--json").document
    assert document["versions"]["1.0"]["weight"] == 1.0
    assert regolo("endpoint", "list", "--plain").out.split("\t")[:2] == ["e", "m"]
    assert "exists" in regolo("endpoint", "create", "e", "m@1.1", status=4).err
    made = regolo("endpoint", "create", "f", "m@1.0", "--timeout", "2.5", "--retry", "0", "--json").document
    assert made["routing"] == {"retry": 0, "timeout_seconds": 2.5}
    assert "between 0 and 10" in regolo("endpoint", "create", "g", "m@1.0", "--retry", "11", status=2).err
    regolo("endpoint", "delete", "f", "--yes")


def test_an_environment_that_is_not_there_is_said(regolo: Regolo, two_versions: Path) -> None:
    regolo("config", "environments.staging.replicas", "2")
    for command in (
        ["endpoint", "create", "e", "m@1.0", "--environment", "nowhere"],
        ["history", "m", "nowhere"],
        ["history", "m", "No"],
    ):
        assert "environment" in regolo(*command, status=2).err
    made = regolo("endpoint", "create", "e", "m@1.0", "--environment", "staging", "--replicas", "5")
    assert "note: environment 'staging' decides the replicas: 2, not 5" in made.err


def test_a_split_is_set_in_percents_or_shares(regolo: Regolo, served: Path) -> None:
    assert regolo("traffic", "e", "1.0=90", "1.1=10", "-m", "canary").out == "1.0=90% 1.1=10%\n"
    assert git(served, "log", "-1", "--format=%s").strip() == "canary"
    trailers = git(served, "log", "-1", "--format=%(trailers)")
    assert "Regolo-From: 1.0=100%" in trailers
    assert "Regolo-To: 1.0=90% 1.1=10%" in trailers
    assert regolo("traffic", "e", "1.0=0.5", "1.1=0.5").out == "1.0=50% 1.1=50%\n"
    assert regolo("traffic", "e").out == "1.0=50% 1.1=50%\n"
    assert "already" in regolo("traffic", "e", "1.0=50", "1.1=50", status=4).err


@pytest.mark.parametrize(
    ("split", "status", "words"),
    [
        (["1.0=90", "1.1=20"], 2, "add up"),
        (["1.0=-10", "1.1=110"], 2, "-10"),
        (["1.0=nan", "1.1=1"], 2, "nan"),
        (["1.0=inf"], 2, "inf"),
        (["1.0=0", "1.1=0"], 2, "add up"),
        (["1.0"], 2, "1.0"),
        (["=100"], 2, "=100"),
        (["1.0=50", "1.0=50"], 2, "1.0"),
        (["1.0=50", "1.0.0=50"], 2, "1.0"),
        (["9.9=100"], 3, "9.9"),
        (["1.0=100", "--replicas", "1.0=0"], 2, "replicas"),
        (["1.0=100", "--replicas", "1.0=10000"], 2, "replicas"),
        (["1.0=100", "--replicas", "1.1=2"], 2, "1.1"),
    ],
)
def test_a_bad_split_changes_nothing(
    regolo: Regolo, served: Path, split: list[str], status: int, words: str
) -> None:
    before = head(served)
    assert words in regolo("traffic", "e", *split, status=status).err
    assert head(served) == before


def test_a_retired_version_gets_no_traffic(regolo: Regolo, served: Path) -> None:
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    before = head(served)
    assert "retired" in regolo("traffic", "e", "1.0=90", "1.1=10", status=8).err
    assert "retired" in regolo("rollback", "e", "--to", "1.1", status=8).err
    assert head(served) == before


def test_rollback_goes_to_the_last_version_that_had_everything(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.0=90", "1.1=10")
    regolo("traffic", "e", "1.1=100", "1.0=0")
    done = regolo("rollback", "e", "-m", "times out on long texts")
    assert done.out == "1.0=100%\n"
    assert "rolled back e" in done.err
    actions = [line.split("\t")[1] for line in regolo("endpoint", "history", "e", "--plain").lines]
    assert actions == ["rollback", "traffic", "traffic", "create-endpoint"]


def test_a_second_rollback_does_not_go_back_to_what_the_first_one_left(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100")
    assert regolo("rollback", "e").out == "1.0=100%\n"
    before = head(served)
    assert "no earlier version to go back to" in regolo("rollback", "e", status=3).err
    assert head(served) == before


def test_a_rollback_says_which_version_it_passes_over(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100")
    write_model(served / "model.safetensors", 3)
    regolo("commit", "m", "model.safetensors")
    regolo("traffic", "e", "1.2=100")
    regolo("retire", "m@1.1", "-m", "wrong data", "--yes")
    done = regolo("rollback", "e")
    assert done.out == "1.0=100%\n"
    assert "note: passed over: 'm@1.1' is retired" in done.err


def test_a_rollback_without_a_way_back_says_so(regolo: Regolo, served: Path) -> None:
    refused = regolo("rollback", "e", status=3)
    assert refused.err.endswith("hint: git regolo rollback e --to VERSION\n")
    assert "already" in regolo("rollback", "e", "--to", "1.0", status=4).err


def test_a_rollback_to_bytes_that_are_gone_is_refused(regolo: Regolo, served: Path) -> None:
    regolo("traffic", "e", "1.1=100", "1.0=0")
    chunks = served / ".git" / "regolo" / "store" / "chunks"
    for chunk in [path for path in chunks.rglob("*") if path.is_file()]:
        chunk.unlink()
    before = head(served)
    refused = regolo("rollback", "e", "--to", "1.0", status=3)
    assert "the bytes of 'm@1.0' are gone" in refused.err
    assert head(served) == before


def test_a_broken_file_on_the_branch_is_named(regolo: Regolo, served: Path) -> None:
    (served / "endpoints" / "e.toml").write_text("traffic = 1\n")
    git(served, "commit", "-qam", "by hand")
    for command in (["endpoint", "show", "e"], ["traffic", "e", "1.1=100"], ["rollback", "e", "--to", "1.1"]):
        refused = regolo(*command, status=5)
        assert "e.toml" in refused.err
        assert refused.err.endswith("hint: git log -p -- :/endpoints/e.toml\n")
    assert "delete endpoint e: 'endpoints/e.toml' lacks" in regolo("endpoint", "delete", "e", "--yes").err
    assert regolo("endpoint", "list", "--plain").out == ""


def test_a_broken_environment_is_not_in_the_way_of_an_endpoint(regolo: Regolo, served: Path) -> None:
    regolo("promote", "m@1.0", "production")
    (served / "environments/production/m.toml").write_text("format = 1\n")
    git(served, "commit", "-qam", "by hand")
    assert regolo("traffic", "e", "1.1=100").out == "1.1=100%\n"
    assert regolo("rollback", "e").out == "1.0=100%\n"
    regolo("endpoint", "create", "f", "m@1.1")
    regolo("promote", "m@1.1", "staging")
    assert regolo("list").err.endswith("(git log -p -- :/environments/production/m.toml)\n")
    for command in (["promote", "m@1.1", "production"], ["show", "m@production"]):
        refused = regolo(*command, status=5)
        assert refused.err.endswith("hint: git log -p -- :/environments/production/m.toml\n")


def test_a_newer_format_is_not_written_over(regolo: Regolo, served: Path) -> None:
    path = served / "endpoints/e.toml"
    path.write_text(path.read_text().replace("format = 1", "format = 2"))
    git(served, "commit", "-qam", "by a newer program")
    for command in (
        ["traffic", "e", "1.1=100"],
        ["rollback", "e", "--to", "1.1"],
        ["endpoint", "delete", "e", "--yes"],
    ):
        assert "newer than this program knows" in regolo(*command, status=5).err


def test_deleting_needs_a_yes_and_keeps_the_history(regolo: Regolo, served: Path) -> None:
    refused = regolo("endpoint", "delete", "e", status=4)
    assert refused.err.endswith("hint: git regolo endpoint delete e --yes\n")
    assert regolo("endpoint", "delete", "e", "--yes").out == "e\n"
    assert "no endpoints yet" in regolo("endpoint", "list").err
    assert len(regolo("endpoint", "history", "e", "--plain").lines) == 2
    assert "'e'" in regolo("traffic", "e", "1.0=100", status=3).err


def test_metrics_and_serving_say_what_is_missing(regolo: Regolo, served: Path) -> None:
    shown = regolo("metrics", "e")
    assert "nothing serves it now" in shown.out
    assert "git regolo serve e" in shown.err
    assert regolo("metrics", "e", "--json").document["version"]["1.0"]["error_rate"] is None
    assert "'f'" in regolo("metrics", "f", status=3).err
    assert "length of time" in regolo("metrics", "e", "--recorded", "--window", "abc", status=2).err
    assert "leave '--record'" in regolo("metrics", "e", "--recorded", "--record", status=2).err
    assert "git regolo serve" in regolo("serve", "--status", status=3).err


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
    assert "either PATH or --from" in regolo("commit", "m", status=2).err
    assert "9.9" in regolo("commit", "m", "--from", "9.9", status=3).err


def test_plain_lines_have_times_commits_and_people_as_programs_need_them(
    regolo: Regolo, two_versions: Path
) -> None:
    regolo("promote", "m@1.0", "production", "-m", "first release")
    head = git(two_versions, "rev-parse", "HEAD").strip()
    when, *rest = regolo("history", "m", "--plain").out.rstrip("\n").split("\t")
    assert rest == ["production", "1.0", "1", "Ada Byron <ada@example.com>", head, "first release"]
    assert when.endswith("Z")
    regolo("endpoint", "create", "e", "m@1.0", "-m", "the first")
    head = git(two_versions, "rev-parse", "HEAD").strip()
    when, *rest = regolo("endpoint", "history", "e", "--plain").out.rstrip("\n").split("\t")
    assert rest == ["create-endpoint", "1.0=1", "Ada Byron <ada@example.com>", head, "the first"]
    assert when.endswith("Z")
    version, weight, replicas, commit, digest = regolo("endpoint", "show", "e", "--plain").out.split()
    assert (version, weight, replicas, len(commit), digest[:7]) == ("1.0", "1", "1", 40, "sha256:")
    assert regolo("endpoint", "list", "--plain").out == "e\tm\t\t1.0=1\t1.0=1\n"
    numbers = regolo("metrics", "e", "--plain").out.rstrip("\n").split("\t")
    assert numbers == ["1.0", "1", "", "0", "0", "", "", "", "0", "", "", "", "", ""]


def test_deleting_an_endpoint_can_be_tried_first(regolo: Regolo, two_versions: Path) -> None:
    regolo("endpoint", "create", "e", "m@1.0")
    before = git(two_versions, "rev-parse", "HEAD")
    tried = regolo("endpoint", "delete", "e", "--dry-run")
    assert (tried.out, tried.err) == ("", "delete endpoint e: 1.0=100%\n")
    assert git(two_versions, "rev-parse", "HEAD") == before
    done = regolo("endpoint", "delete", "e", "--yes", "--json").document
    assert (done["endpoint"], done["deleted"]) == ("e", True)
    regolo("endpoint", "show", "e", status=3)
