"""doctor says what is wrong with the shared store, and what to do."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.maintenance import shared_store_check
from regolo_git.store.files.local import LocalFiles

Found = list[tuple[str, str, str | None]]


@pytest.fixture
def shared(publisher: Registry, team: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(publisher.handle.paths.top)
    return team


def findings(regolo: Regolo, *arguments: str) -> Found:
    document = regolo("doctor", "--json", *arguments).document
    return [(each["kind"], each["what"], each["hint"]) for each in document]


def test_a_sound_store_is_nothing_to_speak_of_and_stays_as_it_is(regolo: Regolo, shared: Path) -> None:
    assert findings(regolo) == []
    assert [path for path in (shared / "tmp").glob("*") if path.is_file()] == []


def test_a_dry_run_writes_nothing(regolo: Regolo, shared: Path) -> None:
    before = sorted(shared.rglob("*"))
    assert findings(regolo, "--dry-run") == []
    assert sorted(shared.rglob("*")) == before


def test_an_unconfirmed_store_is_named_and_not_touched(regolo: Regolo, shared: Path) -> None:
    git(Path.cwd(), "config", "--unset", "regolo.confirmed")
    shutil.rmtree(shared)
    ((kind, what, hint),) = findings(regolo)
    assert kind == "left"
    assert "has not confirmed" in what
    assert hint == f"git regolo config store.url {shared}"


def test_a_store_that_is_not_there_is_named(regolo: Regolo, shared: Path) -> None:
    shutil.rmtree(shared)
    ((kind, what, hint),) = findings(regolo)
    assert (kind, hint) == ("left", f"git regolo config store.url {shared}")
    assert "is the disk mounted?" in what
    regolo("config", "store.url", str(shared), status=4)
    assert findings(regolo) == []


def test_a_url_that_cannot_be_a_store_is_named(regolo: Regolo, shared: Path) -> None:
    path = Path(".regolo/config.toml")
    path.write_text(path.read_text().replace(str(shared), "s3://bucket/../other"))
    git(Path.cwd(), "commit", "-qam", "by hand")
    assert [(kind, "contains '..'" in what) for kind, what, _ in findings(regolo)] == [("left", True)]


def test_a_store_that_cannot_be_written_to_is_a_limit(regolo: Regolo, shared: Path) -> None:
    shutil.rmtree(shared / "tmp", ignore_errors=True)
    (shared / "tmp").write_text("in the way")
    assert any(kind == "limit" and "nothing can be pushed" in what for kind, what, _ in findings(regolo))


def test_a_store_that_alters_bytes_is_a_limit(
    regolo: Regolo, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_range = LocalFiles.read_range

    def altered(files: LocalFiles, path: str, offset: int, length: int) -> bytes:
        data = read_range(files, path, offset, length)
        return data[:-1] + b"?" if "probe" in path else data

    monkeypatch.setattr(LocalFiles, "read_range", altered)
    ((kind, what, _),) = findings(regolo)
    assert kind == "limit"
    assert "gave back other bytes" in what
    assert [path for path in (shared / "tmp").glob("*") if path.is_file()] == []


def test_clocks_that_differ_are_a_limit(
    regolo: Regolo, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = LocalFiles.write

    def earlier(files: LocalFiles, path: str, data: bytes) -> None:
        write(files, path, data)
        if "probe" in path:
            os.utime(shared / path, (time.time() - 600,) * 2)

    monkeypatch.setattr(LocalFiles, "write", earlier)
    ((kind, what, hint),) = findings(regolo)
    assert (kind, hint) == ("limit", "timedatectl set-ntp true")
    assert "s ahead of that of the store" in what


@pytest.mark.parametrize(
    ("bound", "value", "said"),
    [("SLOW_ANSWER_SECONDS", -1.0, "for one answer"), ("SLOW_BYTES_A_SECOND", 1e15, "a second")],
)
def test_a_slow_store_is_a_limit(
    regolo: Regolo, shared: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: float, said: str
) -> None:
    monkeypatch.setattr(shared_store_check, bound, value)
    ((kind, what, _),) = findings(regolo)
    assert kind == "limit"
    assert said in what


def test_a_missing_library_is_named_with_its_extra(
    regolo: Regolo, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    regolo("config", "store.url", "s3://models/team")
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules, "regolo_git.store.files.filesystems.s3", raising=False)
    ((kind, what, hint),) = findings(regolo)
    assert kind == "left"
    assert "s3://" in what
    assert hint == "pip install 'regolo-git[s3]'"
