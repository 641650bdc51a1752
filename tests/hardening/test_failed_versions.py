"""A version that fails takes back what it stored, and only what nobody else can count on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from support.everything import Everything
from support.places import PYTHONPATH
from support.program import Done, run_program

from regolo_git.api import Registry
from regolo_git.errors import Conflict, RegoloError, RegoloNotice, TransportError, VersionExists
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.create import create_version
from regolo_git.registry.versions.request import VersionRequest

pytestmark = pytest.mark.slow  # CI runs it, too

MEBIBYTE = 1 << 20
STAYS = r"MB of new content stay in the store until it is cleaned"
Progress = Callable[..., None]
# Stores a large file in a process of its own that stops in the middle, until it is told to go on or fail.
WORKER = """
import sys, pathlib
from regolo_git.registry.handle import Handle
from regolo_git.registry.versions.create import create_version
from regolo_git.registry.versions.request import VersionRequest
top, model, source, end = sys.argv[1:]
handle, told = Handle.open(pathlib.Path(top), {}, lambda text: print(text, flush=True)), []
def progress(now):
    if now.done >= 24 << 20 and not told:
        told.append(1)
        print("stored", flush=True)
        if sys.stdin.readline().strip() == "fail":
            raise KeyboardInterrupt
try:
    create_version(handle, VersionRequest(model=model, source=source, new_model=False),
                   on_same_content=lambda known: None, on_progress=progress)
    print("created", flush=True)
except KeyboardInterrupt:
    print("failed", flush=True)
"""


@pytest.fixture
def large(top: Path) -> Path:
    path = top / "large.bin"
    path.write_bytes(os.urandom(40 * MEBIBYTE))
    return path


def stored(top: Path) -> dict[str, int]:
    store = top / ".git/regolo/store"
    found = [path for kind in ("chunks", "recipes", "tmp") for path in (store / kind).rglob("*")]
    return {path.relative_to(store).as_posix(): path.stat().st_size for path in found if path.is_file()}


def start(top: Path, model: str, source: Path) -> "subprocess.Popen[str]":
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(top), model, str(source), ""],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=top,
        env={**os.environ, "PYTHONPATH": PYTHONPATH},
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "stored\n"
    return worker


def tell(worker: "subprocess.Popen[str]", what: str) -> str:
    return worker.communicate(f"{what}\n", timeout=60)[0]


def create(handle: Handle, model: str, source: Path, progress: Progress, version: str | None = None) -> None:
    request = VersionRequest(model=model, source=source, new_model=False, version=version)
    create_version(handle, request, on_same_content=lambda _: None, on_progress=progress)


def failing(top: Path, source: Path, error: BaseException, after: int = 24 * MEBIBYTE) -> None:
    """Fails after so many bytes were read."""

    def progress(now: object) -> None:
        if now.done >= after:  # type: ignore[attr-defined]
            raise error

    with closing(Handle.open(top, {})) as handle, pytest.raises(type(error)):
        create(handle, "m", source, progress)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Conflict("declined"), RuntimeError("a bug")])
def test_one_that_is_alone_leaves_the_store_as_it_was(top: Path, large: Path, error: BaseException) -> None:
    before = Everything.of(top)
    failing(top, large, error)
    before.must_be(top)


def test_earlier_content_stays(top: Path, large: Path) -> None:
    with Registry.open(top) as registry:
        registry.create_model_version("m", model_data=large)
    before = stored(top)
    with large.open("ab") as file:
        file.write(os.urandom(40 * MEBIBYTE))
    failing(top, large, KeyboardInterrupt(), after=70 * MEBIBYTE)
    assert stored(top) == before
    run_program(top, "fsck", "--full").check_returncode()


def test_a_version_whose_number_another_writer_took_says_what_stays(top: Path, large: Path) -> None:
    taken: list[Done] = []

    def take(now: object) -> None:
        if now.done == now.total and not taken:  # type: ignore[attr-defined]
            taken.append(run_program(top, "commit", "m", "code.py", "--version", "7.0"))

    notices: list[str] = []
    with closing(Handle.open(top, {}, notices.append)) as handle, pytest.raises(VersionExists):
        create(handle, "m", large, take, version="7.0")
    assert taken[0].returncode == 0
    assert re.search(STAYS, notices[-1])  # the other writer may have counted on it
    run_program(top, "fsck", "--full").check_returncode()


def test_a_version_that_is_refused_while_it_is_published_takes_its_bytes_back(top: Path, large: Path) -> None:
    """Somebody edits the registry's record meanwhile."""
    manifest = top / "models/m/manifest.toml"
    text, before = manifest.read_text(), Everything.of(top)

    def edit(now: object) -> None:
        if now.done == now.total:  # type: ignore[attr-defined]
            manifest.write_text(text + "\n# edited\n")

    with closing(Handle.open(top, {})) as handle, pytest.raises(Conflict):
        create(handle, "m", large, edit)
    manifest.write_text(text)
    before.must_be(top)


def test_bytes_that_a_version_has_in_spite_of_an_error_stay(top: Path, large: Path) -> None:
    """The branch cannot be moved once the tag is there; whatever comes of that, no byte of a version is lost."""
    log = top / ".git/logs/refs/heads/main"
    log.unlink(missing_ok=True)
    (log / "in the way").mkdir(parents=True)
    (log / "in the way" / "file").touch()
    with closing(Handle.open(top, {})) as handle, suppress(RegoloError):
        create(handle, "m", large, lambda _: None)
    shutil.rmtree(log)
    run_program(top, "doctor").check_returncode()
    run_program(top, "fsck", "--full").check_returncode()


# -- with another writer ----------------------------------------------------------------------------------


def test_beside_another_writer_they_stay_and_are_named(top: Path, large: Path) -> None:
    before = stored(top)
    first = start(top, "m", large)
    second = start(top, "d", large)  # counts on the same chunks
    assert STAYS[:10] in (said := tell(first, "fail"))
    assert said.splitlines()[-1] == "failed"
    assert stored(top).keys() > before.keys()
    assert tell(second, "go on") == "created\n"
    run_program(top, "fsck", "--full").check_returncode()


def test_after_another_writer_has_finished_they_stay(top: Path, large: Path) -> None:
    first = start(top, "m", large)
    with Registry.open(top) as registry:
        registry.create_model_version("d", model_data=large)
    assert "stay in the store" in tell(first, "fail")
    run_program(top, "fsck", "--full").check_returncode()
    run_program(top, "checkout", "d@latest", "--force").check_returncode()


def test_after_another_writer_has_failed_they_are_taken_back(top: Path, large: Path) -> None:
    before = stored(top)
    (top / "other.bin").write_bytes(os.urandom(40 * MEBIBYTE))
    first, second = start(top, "m", large), start(top, "d", top / "other.bin")
    assert "stay" in tell(second, "fail")
    assert "stay" not in tell(first, "fail")
    left = stored(top)
    assert sum(left.values()) < sum(before.values()) + 40 * MEBIBYTE
    assert not [path for path in left if path.startswith("tmp/")]


def test_an_unfinished_file_of_a_killed_writer_is_removed_by_the_next(top: Path, large: Path) -> None:
    worker = start(top, "m", large)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    half = top / ".git/regolo/store/tmp" / "1-abc"
    half.write_bytes(b"half")
    for file in half.parent.iterdir():  # an empty one that is young may be another writer's
        os.utime(file, (time.time() - 60,) * 2)
    with Registry.open(top) as registry:
        registry.create_model_version("m", model_data=b"small")
    assert not [path for path in stored(top) if path.startswith("tmp/")]


# -- a full disk ------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_has_the_space_back_that_the_failed_version_took(
    top: Path, large: Path, small_disk: Path
) -> None:
    run_program(top, "config", "--local", "regolo.store", str(small_disk / "store")).check_returncode()
    free = os.statvfs(small_disk).f_bavail
    done = run_program(top, "commit", "m", "large.bin")
    assert done.returncode == 6
    assert "the disk is full" in done.stderr
    assert "stay in the store" not in done.stderr
    assert os.statvfs(small_disk).f_bavail >= free - 600  # directories
    assert run_program(top, "commit", "m", "code.py").returncode == 0


def test_in_python_a_notice_says_what_stays(top: Path, large: Path) -> None:
    other = start(top, "d", large)
    (top / "second.bin").write_bytes(os.urandom(40 * MEBIBYTE))

    def fail(now: object) -> None:
        if now.done > 30 * MEBIBYTE:  # type: ignore[attr-defined]
            raise TransportError("the connection is gone")

    warned = pytest.warns(RegoloNotice, match=STAYS)
    with closing(Handle.open(top, {})) as handle, warned, pytest.raises(TransportError):
        create(handle, "m", top / "second.bin", fail)
    assert tell(other, "go on") == "created\n"
