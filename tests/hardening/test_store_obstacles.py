"""A pipe, a socket, a device or a directory where a file of the store should be: named, and nobody waits."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_line import Regolo
from support.program import run_program
from support.refusals import refusal

pytestmark = pytest.mark.slow  # CI runs it, too

SECONDS = 30.0  # what hangs is ended


def pipe(path: Path) -> None:
    os.mkfifo(path)


def directory(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_bytes(b"x")


def listening(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind(path.name[:90])
    os.chdir(here)
    path.with_name(path.name[:90]).rename(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def circle(path: Path) -> None:
    path.symlink_to(path.name)


KINDS = {
    pipe: "a pipe",
    directory: "a directory",
    listening: "a socket",
    device: "a device",
    circle: "a link",
}


def replace(path: Path, kind: Callable[[Path], None]) -> None:
    path.unlink()
    kind(path)


def store_files(top: Path, kind: str) -> list[Path]:
    return sorted((top / ".git/regolo/store" / kind).glob("??/*"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunk_that_is_something_else_is_named_and_stored_again(
    top: Path, regolo: Regolo, kind: Callable[[Path], None]
) -> None:
    chunks = store_files(top, "chunks")
    for chunk in chunks:
        replace(chunk, kind)
    assert "missing" in run_program(top, "fsck", timeout=SECONDS).stdout
    done = run_program(top, "checkout", "m@1.0", "--force", timeout=SECONDS)
    assert done.returncode == 5
    assert f"is {KINDS[kind]}" in refusal(done.stderr).message
    assert "quarantine/" in done.stderr
    assert run_program(top, "fsck", "--full", timeout=SECONDS).returncode == 5
    # The bytes of 1.1 are still in the work tree: storing them again mends the store.
    regolo("commit", "m", "model.safetensors", "--yes")
    regolo("commit", "d", "words", "--yes")
    shutil.rmtree(top / "words")
    for reference in ("m@1.1", "d@1.1"):
        regolo("checkout", reference, "--force")


@pytest.mark.parametrize("kind", KINDS)
def test_a_recipe_that_is_something_else_is_named(
    top: Path, regolo: Regolo, kind: Callable[[Path], None]
) -> None:
    for recipe in store_files(top, "recipes"):
        replace(recipe, kind)
    for line in (["show", "m@1.0"], ["checkout", "m@1.0"], ["diff", "m@1.0", "1.1"], ["fsck"]):
        assert run_program(top, *line, timeout=SECONDS).returncode in (0, 3, 5), line
    assert run_program(top, "commit", "m", "model.safetensors", "--yes", timeout=SECONDS).returncode == 0
    regolo("checkout", "m@1.2", "--force")


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_file_that_is_something_else_is_named(top: Path, kind: Callable[[Path], None]) -> None:
    replace(top / ".git/regolo/store/format.toml", kind)
    for line in (["show", "m@1.0"], ["commit", "m", "code.py"], ["fsck"]):
        done = run_program(top, *line, timeout=SECONDS)
        assert done.returncode == 5, line
        assert "format.toml" in done.stderr
        assert KINDS[kind] in done.stderr


@pytest.mark.parametrize("kind", [pipe, listening, device])
def test_something_else_in_place_of_temporary_files_is_no_trap(
    top: Path, regolo: Regolo, kind: Callable[[Path], None]
) -> None:
    place = top / ".git/regolo/store/tmp"
    kind(place / "1-abc")
    assert run_program(top, "doctor", timeout=SECONDS).returncode == 0
    assert list(place.iterdir()) == []
    place.rmdir()
    kind(place)
    done = run_program(top, "commit", "m", "code.py", timeout=SECONDS)
    assert done.returncode == 6
    assert "tmp" in refusal(done.stderr).message
    assert run_program(top, "doctor", timeout=SECONDS).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_cache_of_files_is_done_without(top: Path, kind: Callable[[Path], None]) -> None:
    replace(top / ".git/regolo/files.sqlite", kind)
    for line in (["commit", "m", "code.py"], ["status"], ["checkout", "m@1.0", "--force"]):
        done = run_program(top, *line, timeout=SECONDS)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", [pipe, directory, listening, device])
@pytest.mark.parametrize("place", ["models/m/manifest.toml", "models/m/model.toml", ".regolo/config.toml"])
def test_a_record_replaced_by_something_else_blocks_no_other(
    top: Path, place: str, kind: Callable[[Path], None]
) -> None:
    (top / place).unlink(missing_ok=True)
    kind(top / place)
    lines = (["status"], ["list"], ["commit", "m", "code.py"], ["retire", "m@1.0", "-m", "old", "--dry-run"])
    for line in (*lines, ["fsck"], ["doctor"]):
        done = run_program(top, *line, timeout=SECONDS)
        assert done.returncode in (0, 4, 5), (line, done.stderr)


@pytest.mark.parametrize("kind", [pipe, directory, listening, device])
def test_broken_caches_of_this_clone_are_ignored(top: Path, kind: Callable[[Path], None]) -> None:
    run_program(top, "list", timeout=SECONDS)
    names = ("statuses.json", "journal.json", "index.sqlite", "index.sqlite.stamp")
    for name in names:
        path = top / ".git/regolo" / name
        path.unlink(missing_ok=True)
        kind(path)
        for line in (["list"], ["list", "m"], ["status"]):
            done = run_program(top, *line, timeout=SECONDS)
            assert done.returncode in (0, 5), (name, line, done.stderr)
            assert "unexpected" not in done.stderr
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
