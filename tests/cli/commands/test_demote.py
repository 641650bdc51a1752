"""`git regolo demote`, and environments that are not declared."""

from pathlib import Path

from support.command_line import Regolo
from support.terminal import in_terminal


def test_a_demotion_says_what_was_there(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.1", "production")
    regolo("endpoint", "create", "e", "m@1.1", "--environment", "production")
    done = regolo("demote", "m", "production", "-m", "too slow")
    assert done.out == "m@1.1\n"
    assert "demoted m@1.1 from production" in done.err
    assert "endpoint  e keeps 1.1=100%" in done.err
    row = regolo("history", "m", "--plain").lines[0].split("\t")
    assert (row[2], row[-1]) == ("", "too slow")
    assert "which has no version" in regolo("history", "m").err
    document = regolo("history", "m", "--json").document[0]
    assert (document["action"], document["version"]) == ("demote", None)
    assert "no version of 'm' is promoted" in regolo("demote", "m", "production", status=3).err


def test_a_demotion_of_a_named_version(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.1", "staging")
    assert "'m@1.1' is in 'staging'" in regolo("demote", "m@1.0", "staging", status=4).err
    regolo("demote", "m@staging", "staging", status=2)
    document = regolo("demote", "m@1.1", "staging", "--propose", "--json").document
    assert document["branch"] == "operate/demote/staging/m@1.1"
    assert (document["version"], document["endpoints"]) == ("1.1", [])


def test_a_mistyped_environment_needs_a_yes(regolo: Regolo, two_versions: Path) -> None:
    refused = regolo("promote", "m@1.0", "prodution", status=2)
    assert "unknown environment 'prodution', did you mean 'production'?" in refused.err
    assert "git regolo promote m@1.0 production " in refused.err
    assert "git regolo promote m@1.0 prodution --yes" in refused.err
    done = regolo("promote", "m@1.0", "prodution", "--yes", "--json")
    assert done.document["declared"] is True
    assert "declared  environment prodution" in done.err
    assert list(regolo("config", "environments", "--json").document) == ["staging", "production", "prodution"]
    assert "hint: git regolo history m staging" in regolo("history", "m", "stagin", status=2).err


def test_a_mistyped_environment_is_asked_about(regolo: Regolo, two_versions: Path) -> None:
    question = "did you mean 'production'? (known: staging, production). Declare 'prodution'?"
    text, status = in_terminal("promote", "m@1.0", "prodution", cwd=two_versions, answers={question: "n\n"})
    assert (status, "nothing was changed" in text) == (4, True)
    assert list(regolo("config", "environments", "--json").document) == ["staging", "production"]
    _, status = in_terminal("promote", "m@1.0", "prodution", cwd=two_versions, answers={question: "y\n"})
    assert status == 0
    assert list(regolo("config", "environments", "--json").document)[-1] == "prodution"


def test_other_followers_are_asked_about(regolo: Regolo, two_versions: Path) -> None:
    regolo("promote", "m@1.0", "production")
    for name in ("e", "f"):
        regolo("endpoint", "create", name, "m@1.0", "--environment", "production")
    regolo("promote", "m@1.1", "production")
    question = "'production' is also followed by f. Roll back all of them?"
    _, status = in_terminal("rollback", "e", cwd=two_versions, answers={question: "n\n"})
    assert (status, regolo("show", "m@production", "--json").document["version"]) == (0, "1.1")
    regolo("promote", "m@1.1", "production")
    _, status = in_terminal("rollback", "e", cwd=two_versions, answers={question: "y\n"})
    assert (status, regolo("traffic", "f").out) == (0, "1.0=100%\n")
    assert regolo("show", "m@production", "--json").document["version"] == "1.0"
