"""`git regolo describe`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git


def test_describe_says_which_versions_a_commit_is(regolo: Regolo, two_versions: Path) -> None:
    assert regolo("describe", "--plain").out == "m@1.1\texact\ttagged\n"
    git(two_versions, "commit", "-q", "--allow-empty", "-m", "later")
    assert regolo("describe", "--plain").out == "m@1.1\tinherited\ttagged\n"
    assert regolo("describe", "HEAD~2", "--json").document[0]["version"] == "1.0"
    assert (
        "no versions at"
        in regolo("describe", git(two_versions, "rev-list", "--max-parents=0", "HEAD").strip()).err
    )


def test_describe_of_nothing_known_is_not_found(regolo: Regolo, two_versions: Path) -> None:
    regolo("describe", "nowhere", status=3)
