"""The digest of what is on disk: that of anybody's tools, and of nothing but files and directories."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from blake3 import blake3

from regolo_git.artifacts.disk_digest import check_digest, disk_digest
from regolo_git.errors import IntegrityError, NotFound
from regolo_git.records.digests import Digest

TOOLS = r"find -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    top = tmp_path / "model"
    (top / "b").mkdir(parents=True)
    (top / "b" / "weights").write_bytes(b"\0" * 300_000)
    (top / "b.json").write_text("{}")
    (top / ".hidden").write_text("x")
    return top


def test_a_file_has_the_digest_of_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"bytes")
    assert disk_digest(file, "sha256") == Digest("sha256", hashlib.sha256(b"bytes").hexdigest())
    assert disk_digest(file, "blake3") == Digest("blake3", blake3(b"bytes").hexdigest())


def test_a_directory_has_the_digest_that_the_usual_tools_compute(directory: Path) -> None:
    done = subprocess.run(["bash", "-c", TOOLS], cwd=directory, check=True, capture_output=True, text=True)
    assert disk_digest(directory, "sha256").hex == done.stdout.split()[0]


@pytest.mark.parametrize("name", ["b.json", "b/weights", ".regolo-checkout-1", "b/new"])
def test_a_file_that_was_changed_or_added_anywhere_is_found(directory: Path, name: str) -> None:
    expected = disk_digest(directory, "sha256")
    check_digest(directory, expected)
    (directory / name).write_text("changed")
    with pytest.raises(IntegrityError, match=str(expected)):
        check_digest(directory, expected)


def test_a_link_is_refused_even_where_it_leads_to_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    expected, elsewhere = disk_digest(directory, "sha256"), tmp_path / "elsewhere"
    (directory / "b.json").rename(elsewhere)
    (directory / "b.json").symlink_to(elsewhere)
    with pytest.raises(IntegrityError, match="neither a file nor a directory"):
        check_digest(directory, expected)


def test_a_pipe_is_refused_and_not_waited_for(directory: Path) -> None:
    os.mkfifo(directory / "pipe")
    with pytest.raises(IntegrityError, match="'pipe'"):
        disk_digest(directory, "sha256")


def test_a_missing_path_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'gone'"):
        check_digest(tmp_path / "gone", Digest("sha256", "0" * 64))
