"""`git regolo promote`."""

import tomllib
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


def head(top: Path) -> str:
    return git(top, "rev-parse", "HEAD")


def test_a_promotion_prints_the_version_and_says_what_stood_there(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.0", "staging")
    done = regolo("promote", "m@1.1", "staging", "--replicas", "3", "-m", "better recall")
    assert done.out == "m@1.1\n"
    assert "promoted m@1.1 to staging (was 1.0)" in done.err
    written = tomllib.loads(git(two_versions, "show", "HEAD:environments/staging/m.toml"))
    assert (written["version"], written["replicas"]) == ("1.1", 3)
    assert regolo("list", "m", "--plain").lines[0].split("\t")[:2] == ["1.1", "staging"]


def test_a_proposed_promotion_is_a_branch(regolo: Regolo, two_versions: Path) -> None:
    before = head(two_versions)
    done = regolo("promote", "m@1.1", "staging", "--propose", "--json")
    assert done.document["branch"] == "operate/staging/m@1.1"
    assert "next      git regolo push" in done.err
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


def test_a_rule_is_reported_with_the_command_that_satisfies_it(regolo: Regolo, two_versions: Path) -> None:
    regolo("config", "environments.staging.replicas", "1")
    regolo("config", "environments.production.requires", '["staging"]')
    refused = regolo("promote", "m@1.1", "production", status=8)
    assert refused.err.endswith("hint: git regolo promote m@1.1 staging\n")
    regolo("promote", "m@1.1", "staging")
    regolo("promote", "m@staging", "production")
    assert regolo("show", "m@production", "--json").document["version"] == "1.1"


def gated(top: Path) -> None:
    """Two gates for metrics, which `m@1.0` meets and `m@1.1` misses and lacks."""
    card = top / "models/m/model.toml"
    card.write_text(
        card.read_text() + "[gates.accuracy]\nmin = 0.85\nmax_drop = 0.005\n[gates.f1]\nmin = 0.5\n"
    )
    git(top, "commit", "-qam", "gates")


@pytest.fixture
def measured(regolo: Regolo, registry: Path) -> Path:
    """Versions 1.0 and 1.1 whose accuracy is 0.92 and 0.9, with gates."""
    for command, value in (("register", "0.92"), ("commit", "0.9")):
        (registry / "m.bin").write_bytes(value.encode())
        regolo(command, "m", "m.bin", "--metric", f"accuracy={value}")
    gated(registry)
    return registry


def test_a_promotion_is_compared_with_what_is_there(regolo: Regolo, measured: Path) -> None:
    first = regolo("promote", "m@1.0", "staging")
    assert "  compared  with nothing: no version is in staging yet\n" in first.err
    assert "  gates     2 gates: 1 open, 1 passes\n" in first.err
    assert "    open  f1: was not measured (git regolo evaluate m@1.0 --metric f1=VALUE)\n" in first.err
    refused = regolo("promote", "m@1.1", "staging", status=8)
    assert refused.out == ""
    assert "m@1.1 is not promoted to staging\n  compared  with 1.0: 3 B (-1 B)\n" in refused.err
    assert "    accuracy  0.92 -> 0.9  -0.02" in refused.err
    reason = "accuracy: fell by 0.02 from 0.92 in m@1.0 to 0.9, beyond max_drop 0.005"
    assert f"    fail  {reason} (commit a better version" in refused.err
    assert (
        f"error: 'm@1.1' may not be promoted to 'staging': {reason} (2 gates: 1 fails, 1 open)\n"
        in refused.err
    )
    again = regolo("promote", "m@1.0", "staging", "--replicas", "2")
    assert "  compared  it is there already\n" in again.err


def test_gates_and_comparison_are_in_the_document(regolo: Regolo, measured: Path) -> None:
    first = regolo("promote", "m@1.0", "staging", "--json").document
    assert first["comparison"] is None
    assert [(gate["name"], gate["state"]) for gate in first["gates"]] == [
        ("accuracy", "pass"),
        ("f1", "open"),
    ]
    refused = regolo("promote", "m@1.1", "staging", "--json", status=8).document
    assert (refused["previous"], refused["commit"]) == ("1.0", None)
    assert refused["comparison"]["metrics"]["accuracy"]["a"] == 0.92
    assert refused["gates"][0]["limits"][1]["found"] == 0.02


def test_a_dry_run_promotes_nothing(regolo: Regolo, measured: Path) -> None:
    before = head(measured)
    done = regolo("promote", "m@1.0", "staging", "--dry-run", "--json")
    assert (done.document["version"], done.document["commit"]) == ("1.0", None)
    assert "would promote m@1.0 to staging\n" in done.err
    assert "would propose" in regolo("promote", "m@1.0", "staging", "-n", "--propose").err
    assert head(measured) == before
    regolo("promote", "m@1.0", "staging")
    regolo("promote", "m@1.1", "staging", "-n", status=8)


def test_gates_of_an_environment_are_set_by_a_command(regolo: Regolo, two_versions: Path) -> None:
    done = regolo("config", "environments.staging.gates.licences", '["mit"]')
    assert "does not use" not in done.err
    regolo("config", "environments.staging.gates.metrics.accuracy.min", "0.9")
    regolo("config", "environments.staging.gates.signed", "1", status=2)
    regolo("config", "environments.staging.gates.scan", "all", status=2)
    assert "does not use" in regolo("config", "environments.staging.gates.licenses", "x").err
    assert "environments.staging.gates" in regolo("config", "--plain").out
    regolo("promote", "m@1.1", "staging", status=8)
