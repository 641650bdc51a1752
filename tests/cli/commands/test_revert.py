"""`git regolo revert`."""

from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git


def test_revert_is_a_commit_forward(regolo: Regolo, two_versions: Path) -> None:
    done = regolo("revert", "m", "--to", "1.0", "-m", "1.1 is slow")
    assert done.out == "m@1.0\n"
    assert "git regolo checkout m@1.0" in done.err
    assert git(two_versions, "log", "-1", "--format=%s").strip() == "1.1 is slow"
    assert "already" in regolo("revert", "m", "--to", "1.0", status=4).err


@pytest.mark.parametrize("message", ["", " \n"], ids=["nothing", "blanks"])
def test_an_empty_message_is_refused(regolo: Regolo, two_versions: Path, message: str) -> None:
    before = git(two_versions, "rev-parse", "HEAD")
    for words in (("revert", "m", "--to", "1.0"), ("commit", "m"), ("promote", "m@1.1", "staging")):
        assert "the message is empty" in regolo(*words, "-m", message, status=2).err
    assert git(two_versions, "rev-parse", "HEAD") == before
