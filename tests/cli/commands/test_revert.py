"""`git regolo revert`."""

from pathlib import Path

from support.command_line import Regolo
from support.git_program import git


def test_revert_is_a_commit_forward(regolo: Regolo, two_versions: Path) -> None:
    done = regolo("revert", "m", "--to", "1.0", "-m", "1.1 is slow")
    assert done.out == "m@1.0\n"
    assert "git regolo checkout m@1.0" in done.err
    assert git(two_versions, "log", "-1", "--format=%s").strip() == "1.1 is slow"
    assert "already" in regolo("revert", "m", "--to", "1.0", status=4).err
