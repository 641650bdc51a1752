"""`git regolo history`."""

from pathlib import Path

from support.command_line import Regolo


def test_the_history_of_environments(regolo: Regolo, two_versions: Path) -> None:
    assert "git regolo promote m@1.1 staging" in regolo("history", "m").err
    regolo("promote", "m@1.0", "staging", "-m", "first try")
    regolo("promote", "m@1.1", "staging")
    rows = [line.split("\t") for line in regolo("history", "m", "staging", "--plain").lines]
    assert [(row[1], row[2]) for row in rows] == [("staging", "1.1"), ("staging", "1.0")]
    assert regolo("history", "m", "--json").document[1]["message"].startswith("first try")


def test_an_environment_that_is_not_there_is_reported(regolo: Regolo, two_versions: Path) -> None:
    regolo("config", "environments.staging.replicas", "2")
    for command in (
        ["endpoint", "create", "e", "m@1.0", "--environment", "nowhere"],
        ["history", "m", "nowhere"],
        ["history", "m", "No"],
    ):
        assert "environment" in regolo(*command, status=2).err
    made = regolo("endpoint", "create", "e", "m@1.0", "--environment", "staging", "--replicas", "5")
    assert "note: environment 'staging' sets 2 replicas; --replicas 5 is ignored" in made.err


def test_an_endpoint_is_distinguished_from_a_model(regolo: Regolo, two_versions: Path) -> None:
    regolo("endpoint", "create", "reviews", "m@1.1")
    hints = {
        ("history", "reviews"): "git regolo endpoint history reviews",
        ("show", "reviews"): "git regolo endpoint show reviews",
        ("log", "reviews"): "git regolo endpoint show reviews",
        ("endpoint", "history", "m"): "git regolo history m",
        ("endpoint", "show", "m"): "git regolo endpoint show reviews",
        ("rollback", "m"): "git regolo endpoint show reviews",
    }
    for command, hint in hints.items():
        refused = regolo(*command, status=3).err
        assert f"hint: {hint}\n" in refused
        assert "it is a model, and its endpoint is reviews" in refused or "it is an endpoint" in refused
    regolo("endpoint", "create", "m", "m@1.1")  # one name for both
    assert regolo("history", "m").status == regolo("endpoint", "history", "m").status == 0
