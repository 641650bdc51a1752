"""A PATH without git, for the transport that needs none."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has nothing on PATH but `ssh`, if there is one."""
    programs = tmp_path / "programs"
    programs.mkdir()
    ssh = shutil.which("ssh")
    if ssh is not None:
        (programs / "ssh").symlink_to(ssh)
    monkeypatch.setenv("PATH", str(programs))
