"""`git regolo retire`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git


def test_retire_needs_a_yes(regolo: Regolo, two_versions: Path) -> None:
    refused = regolo("retire", "m@1.0", "-m", "wrong data", status=4)
    assert "retire m@1.0: wrong data" in refused.err
    assert refused.err.endswith("hint: git regolo retire m@1.0 -m 'wrong data' --yes\n")
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "ready"


def test_retire_shows_its_plan_and_does_it(regolo: Regolo, two_versions: Path) -> None:
    plan = regolo("retire", "m@1.0", "-m", "wrong data", "--dry-run", "--json").document
    assert (plan["retired"], plan["free_bytes"] > 0) == (False, True)
    assert regolo("retire", "m@1.0", "-m", "wrong data", "--yes").out == "m@1.0\n"
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "retired"
    assert "m@v1.0" in git(two_versions, "tag", "--list")


def test_a_proposed_retirement_takes_effect_with_the_merge(regolo: Regolo, two_versions: Path) -> None:
    done = regolo("retire", "m@1.0", "-m", "its licence ended", "--propose", "--yes", "--json")
    assert done.document["retired"] is False
    assert "on operate/retire/m@1.0" in done.err
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "ready"
    git(two_versions, "merge", "-q", "operate/retire/m@1.0")
    assert regolo("list", "m", "--plain").lines[1].split("\t")[1] == "retired"


def test_retire_names_a_version_and_a_reason(regolo: Regolo, two_versions: Path) -> None:
    assert "give the version of 'm'" in regolo("retire", "m", "-m", "x", status=2).err
    assert "missing option" in regolo("retire", "m@1.0", status=2).err


def test_author_time_and_reason_are_shown_everywhere(regolo: Regolo, two_versions: Path) -> None:
    regolo("retire", "m@1.0", "-m", "too slow for anyone", "--yes")
    for command in (["log", "m"], ["show", "m@1.0"]):
        assert "by Ada Byron: too slow for anyone" in regolo(*command).out
    assert "too slow for anyone (Ada Byron, 20" in regolo("list", "m").out
    documents = (
        regolo("list", "m", "--json").document[1],
        regolo("log", "m", "--json").document[1],
        regolo("show", "m@1.0", "--json").document,
    )
    for document in documents:
        assert document["status"] == "retired"
        assert document["retired"]["reason"] == "too slow for anyone"
        assert document["retired"]["by"] == "Ada Byron <ada@example.com>"
        assert document["retired"]["when"].endswith("Z")
    assert regolo("list", "m", "--json").document[0]["retired"] is None
    assert "by Ada Byron: too slow for anyone" in regolo("promote", "m@1.0", "staging", status=8).err
