"""What the API logs, at which level, and what it never does."""

import logging
from pathlib import Path

import pytest
from support.git_program import git

from regolo_git.api import Registry


def test_changes_are_logged(registry: Registry, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="regolo_git")
    version = registry.register_model("m", b"one").latest
    registry.promote_model_version("m", "1.0", "staging")
    registry.checkout_model_version("m", "1.0", tmp_path / "m")
    registry.get_model_version("m")
    records = [record.getMessage() for record in caplog.records]
    assert [record.levelno for record in caplog.records] == [logging.INFO] * 4
    assert records[0] == f"committed {version.commit[:10]} on 'main'"
    assert records[1] == "created m@1.0: stored 3 B of 3 B"
    assert records[2].startswith("committed ")
    assert records[3] == f"checked out m@1.0 to '{tmp_path / 'm'}': wrote 3 B"


def test_no_record_has_a_password(registry: Registry, caplog: pytest.LogCaptureFixture) -> None:
    top = registry.handle.paths.top
    git(top, "remote", "add", "origin", "https://ada:secret@example.com/models.git")
    git(top, "config", "http.extraHeader", "Authorization: secret")
    git(top, "config", "core.attributesFile", "secret")
    caplog.set_level(logging.DEBUG, logger="regolo_git")
    (top / "m.bin").write_bytes(b"one")
    registry.register_model("m", top / "m.bin")
    assert caplog.records
    assert "secret" not in caplog.text
