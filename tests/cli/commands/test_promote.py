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
    assert done.document["branch"] == "propose/staging/m@1.1"
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


def test_a_rule_is_said_with_the_command_that_satisfies_it(regolo: Regolo, two_versions: Path) -> None:
    regolo("config", "environments.staging.replicas", "1")
    regolo("config", "environments.production.requires", '["staging"]')
    refused = regolo("promote", "m@1.1", "production", status=8)
    assert refused.err.endswith("hint: git regolo promote m@1.1 staging\n")
    regolo("promote", "m@1.1", "staging")
    regolo("promote", "m@staging", "production")
    assert regolo("show", "m@production", "--json").document["version"] == "1.1"
