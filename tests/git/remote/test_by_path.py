"""The transports with a repository on this machine."""

from pathlib import Path

import pytest
from support.git_program import new_repository
from support.transport_suite import MakeTransport, Served, TransportSuite

from regolo_git.git.remote.with_dulwich import DulwichTransport
from regolo_git.git.remote.with_git import GitTransport


@pytest.fixture
def served(tmp_path: Path) -> Served:
    top = new_repository(tmp_path / "served.git", "--bare")
    return Served(top, str(top))


class TestGitByPath(TransportSuite):
    @pytest.fixture
    def make(self) -> MakeTransport:
        return GitTransport


@pytest.mark.usefixtures("no_git")
class TestDulwichByPath(TransportSuite):
    moves_refs_itself = True

    @pytest.fixture
    def make(self) -> MakeTransport:
        return DulwichTransport
