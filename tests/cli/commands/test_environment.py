"""`git regolo environment`."""

from pathlib import Path

from support.command_line import Regolo


def test_environments_are_listed_now_and_at_a_time(regolo: Regolo, two_versions: Path) -> None:
    assert "nothing was in any environment yet" in regolo("environment", "list").err
    regolo("promote", "m@1.1", "staging")
    line = regolo("environment", "list").lines[1]
    assert line.split()[:4] == ["staging", "m", "1.1", "1"]
    (found,) = regolo("environment", "list", "staging", "--at", "2999-01-01", "--json").document
    assert (found["version"], found["by"]) == ("1.1", "Ada Byron <ada@example.com>")
    assert regolo("environment", "list", "--plain").lines[0].startswith("staging\tm\t1.1\t1\t")
    assert (
        "nothing was in production at 2001-01-01"
        in regolo("environment", "list", "production", "--at", "2001-01-01").err
    )
    assert "'soon' is not a time" in regolo("environment", "list", "--at", "soon", status=2).err
    assert "Usage: git regolo environment" in regolo("environment").out
