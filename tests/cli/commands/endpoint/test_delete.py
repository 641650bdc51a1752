"""`git regolo endpoint delete`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git


def test_deleting_needs_a_yes_and_keeps_the_history(regolo: Regolo, served: Path) -> None:
    refused = regolo("endpoint", "delete", "e", status=4)
    assert refused.err.endswith("hint: git regolo endpoint delete e --yes\n")
    assert regolo("endpoint", "delete", "e", "--yes").out == "e\n"
    assert "no endpoints yet" in regolo("endpoint", "list").err
    assert len(regolo("endpoint", "history", "e", "--plain").lines) == 2
    assert "'e'" in regolo("traffic", "e", "1.0=100", status=3).err


def test_deleting_an_endpoint_can_be_tried_first(regolo: Regolo, two_versions: Path) -> None:
    regolo("endpoint", "create", "e", "m@1.0")
    before = git(two_versions, "rev-parse", "HEAD")
    tried = regolo("endpoint", "delete", "e", "--dry-run")
    assert (tried.out, tried.err) == ("", "delete endpoint e: 1.0=100%\n")
    assert git(two_versions, "rev-parse", "HEAD") == before
    done = regolo("endpoint", "delete", "e", "--yes", "--json").document
    assert (done["endpoint"], done["deleted"]) == ("e", True)
    regolo("endpoint", "show", "e", status=3)
