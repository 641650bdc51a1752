"""An endpoint that does not serve what its environment has, as each command says it."""

import json
from pathlib import Path

import pytest
from support.command_line import Regolo


@pytest.fixture
def followed(two_versions: Path, regolo: Regolo) -> Path:
    """Endpoint `e` follows production, which had 1.0 and has 1.1."""
    regolo("promote", "m@1.0", "production")
    regolo("endpoint", "create", "e", "m@production", "--environment", "production")
    regolo("promote", "m@1.1", "production")
    return two_versions


def test_a_rollback_says_what_it_did_to_the_environment(followed: Path, regolo: Regolo) -> None:
    done = regolo("rollback", "e", "-m", "times out")
    assert done.out == "1.0=100%\n"
    assert "environment  production moved to 1.0 (was 1.1)" in done.err
    rows = [line.split("\t") for line in regolo("history", "m", "production", "--plain").lines]
    assert [(row[2], row[-1]) for row in rows] == [
        ("1.0", "rollback"),
        ("1.1", "promote"),
        ("1.0", "promote"),
    ]
    assert "rolled back from production=1.1, follows production=1.0" in regolo("endpoint", "show", "e").out
    assert "e moved to 1.1" in regolo("promote", "m@1.1", "production", "-m", "fixed").err
    assert "follows production=1.1" in regolo("endpoint", "show", "e").out


def test_where_they_differ_every_view_says_so(followed: Path, regolo: Regolo) -> None:
    said = "rolled back from production=1.1"
    done = regolo("rollback", "e", "--keep-environment")
    assert f"{said}; to return: git regolo promote m@1.1 production" in done.err
    assert regolo("endpoint", "show", "e").lines[0] == f"e  m  {said}"
    assert said in regolo("endpoint", "list").out
    assert said in regolo("traffic", "e").err
    history = regolo("history", "m")
    assert said in history.err
    assert "next    git regolo promote m@1.1 production" in history.err
    events = regolo("history", "m", "--json").document
    assert [[each["state"] for each in event["endpoints"]] for event in events] == [[said], []]
    for command in (["endpoint", "show", "e"], ["traffic", "e"]):
        document = regolo(*command, "--json").document
        found = [document[key] for key in ("environment_version", "agrees", "rolled_back_from", "state")]
        assert found == ["1.1", False, "1.1", said]
    regolo("promote", "m@1.1", "production")
    assert "note" not in regolo("history", "m").err


def test_other_followers_stay_without_a_terminal_and_move_with_all(followed: Path, regolo: Regolo) -> None:
    regolo("endpoint", "create", "f", "m@production", "--environment", "production")
    kept = json.loads(regolo("rollback", "e", "--json").out)
    assert (kept["environment_version"], kept["agrees"], kept["other_endpoints"]) == ("1.1", False, [])
    regolo("rollback", "e", "--all", "--keep-environment", status=2)
    done = regolo("rollback", "f", "--to", "1.0", "--all")
    assert "environment  production moved to 1.0 (was 1.1)" in done.err
    assert "endpoint     e moved to 1.0" in done.err
    assert "follows production=1.0" in regolo("endpoint", "show", "e").out
