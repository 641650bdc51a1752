"""An endpoint that does not serve what its environment has, as each command says it."""

import json
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import commit_files


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
    events = regolo("history", "m", "production", "--json").document
    assert [(event["version"], event["action"]) for event in events] == [
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
    assert f"{said}; for both to agree: git regolo promote m@1.0 production" in done.err
    assert regolo("endpoint", "show", "e").lines[0] == f"e  m  {said}"
    assert said in regolo("endpoint", "list").out
    assert said in regolo("traffic", "e").err
    history = regolo("history", "m")
    assert said in history.err
    assert "next    git regolo promote m@1.0 production" in history.err
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


def test_lists_show_and_status_say_so_too(followed: Path, regolo: Regolo) -> None:
    said = "rolled back from production=1.1"
    regolo("promote", "m@1.0", "staging")
    regolo("rollback", "e", "--keep-environment")
    assert f"production=1.1 staging=1.0  e 1.0=100% ({said})" in regolo("list").out
    (model,) = regolo("list", "--json").document
    assert [(each["endpoint"], each["state"]) for each in model["endpoints"]] == [("e", said)]
    status = regolo("status")
    assert f"endpoint 'e' serves 1.0=100%: {said}" in status.err
    assert regolo("status", "--json").document["endpoints"][0]["agrees"] is False
    shown = regolo("show", "m@production")
    assert shown.lines[0] == "m@1.1  production"
    assert f"endpoint 'e' serves 1.0=100%: {said}" in shown.out
    assert regolo("show", "m@1.1", "--json").document["endpoints"][0]["state"] == said
    regolo("promote", "m@1.1", "production")
    for command in (["list"], ["show", "m"], ["status"]):
        done = regolo(*command)
        assert "rolled back" not in done.out + done.err


def test_a_version_shows_every_place_that_it_is_in(followed: Path, regolo: Regolo) -> None:
    regolo("promote", "m@1.1", "staging")
    regolo("endpoint", "create", "f", "m@1.0")
    regolo("traffic", "f", "1.0=90", "1.1=10")
    newest, oldest = regolo("list", "m").lines[1:]
    assert newest.split()[:5] == ["1.1", "production,", "staging", "e=100%", "f=10%"]
    assert oldest.split()[:3] == ["1.0", "ready", "f=90%"]
    first, second = regolo("list", "m", "--json").document
    assert (first["status"], first["environments"]) == ("production", ["staging", "production"])
    assert (first["endpoints"], second["endpoints"]) == ({"e": 1.0, "f": 0.1}, {"f": 0.9})
    page = regolo("show", "m@1.1")
    assert page.lines[0] == "m@1.1  production, staging"
    assert "environment 'staging', environment 'production', endpoint 'e', endpoint 'f'" in page.out
    document = regolo("show", "m@1.1", "--json").document
    assert document["environments"] == ["staging", "production"]
    assert [(each["endpoint"], each["traffic"]["1.1"]) for each in document["endpoints"]] == [
        ("e", 1.0),
        ("f", 0.1),
    ]
    assert "m@1.1  production, staging  " in regolo("log", "m").out
    assert regolo("log", "m", "--json").document[0]["environments"] == ["staging", "production"]


def test_an_endpoint_that_cannot_be_read_is_named_by_the_lists(followed: Path, regolo: Regolo) -> None:
    commit_files(followed, {"endpoints/e.toml": "format = 2\n"})
    for _ in range(2):
        assert "endpoints/e.toml" in regolo("list").err


def test_the_next_step_names_no_version_that_was_rolled_back(followed: Path, regolo: Regolo) -> None:
    split = regolo("traffic", "e", "1.0=10", "1.1=90").err
    assert "differs from production=1.1; for both to agree: git regolo promote m@1.1 production" in split
    regolo("traffic", "e", "1.1=100")
    done = regolo("rollback", "e", "--keep-environment")
    step = done.err.split("for both to agree: ")[1].splitlines()[0]
    regolo(*step.split()[2:])
    assert regolo("endpoint", "show", "e").lines[0] == "e  m  follows production=1.0"
    regolo("demote", "m", "production")
    assert "next    git regolo promote m@1.0 production" in regolo("status").err
    regolo("traffic", "e", "1.0=10", "1.1=90")
    assert "git regolo promote" not in regolo("status").err


def test_a_new_endpoint_gets_the_version_of_the_environment_that_it_follows(
    two_versions: Path, regolo: Regolo
) -> None:
    assert regolo("endpoint", "create", "early", "m", "--environment", "production").out == "early\n"
    assert served(regolo, "early") == {"1.1": 1.0}  # nothing is promoted yet
    regolo("promote", "m@1.0", "production")
    assert "differs" not in regolo("endpoint", "create", "e", "m", "--environment", "production").err
    assert served(regolo, "e") == {"1.0": 1.0}
    assert regolo("endpoint", "show", "e").lines[0] == "e  m  follows production=1.0"
    named = regolo("endpoint", "create", "latest", "m@latest", "--environment", "production")
    assert "differs from production=1.0" in named.err
    assert served(regolo, "latest") == {"1.1": 1.0}
    regolo("endpoint", "create", "free", "m")
    assert served(regolo, "free") == {"1.1": 1.0}
    refused = regolo("endpoint", "create", "x", "m", "--environment", "prodution", status=(2, 3))
    assert "git regolo endpoint create x m@1.1 --environment production" in refused.err


def served(regolo: Regolo, endpoint: str) -> object:
    document = regolo("endpoint", "show", endpoint, "--json").document
    assert isinstance(document, dict)
    return {version: found["weight"] for version, found in document["versions"].items()}
