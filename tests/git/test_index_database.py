"""The index's file is whole or built anew: kills at any write, lost pages, locks, forks and threads."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.git_program import git
from support.git_repository import DIGEST, opened, publish_version
from support.places import PYTHONPATH
from support.system_calls import STRACE, can_trace

from regolo_git.git import index_database
from regolo_git.git.discover import find_repository
from regolo_git.git.tag_index import TagIndex
from regolo_git.records.trailers import TagMessage

INDEX = ".git/regolo/index.sqlite"
COUNT = 300
LIST = "import sys; from support.index_listing import listing; print(len(listing(sys.argv[1])))"


def make_tags(top: Path, count: int) -> None:
    """Many packed version tags at once."""
    head = git(top, "rev-parse", "main").strip()
    lines = []
    for number in range(count):
        text = TagMessage(f"m 1.{number}", "m", f"1.{number}", head, DIGEST, 3).to_text()
        lines.append(f"tag m@v1.{number}\nfrom {head}\ntagger A <a@b.c> 1700000000 +0000\n")
        lines.append(f"data {len(text.encode())}\n{text}\n")
    git(top, "fast-import", "--quiet", given="".join(lines))
    git(top, "pack-refs", "--all")


def drop_tags(top: Path, start: int, stop: int) -> None:
    git(
        top,
        "update-ref",
        "--stdin",
        given="".join(f"delete refs/tags/m@v1.{n}\n" for n in range(start, stop)),
    )


def index_of(top: Path) -> TagIndex:
    return TagIndex(find_repository(top, {}), lambda: opened(top))


def counted(top: Path) -> int:
    index = index_of(top)
    try:
        (summary,) = index.models()
        assert summary.count == len(index.rows("m"))
        return summary.count
    finally:
        index.close()


@pytest.fixture
def tagged(git_repository: Path) -> Path:
    git(git_repository, "commit", "-q", "--allow-empty", "-m", "first")
    make_tags(git_repository, COUNT)
    return git_repository


def stale(top: Path, change: str) -> int:
    """Makes the index stale, or removes it; returns how many versions there are."""
    if change == "fresh":
        return COUNT
    if change == "growing":
        drop_tags(top, 20, COUNT)
        assert counted(top) == 20
        git(top, "update-ref", "--no-deref", "-d", "refs/tags/m@v1.0")
        make_tags(top, COUNT)
        return COUNT
    assert counted(top) == COUNT
    drop_tags(top, 100, COUNT)
    return 100


def restored(top: Path, kept: Path) -> None:
    shutil.rmtree(top / ".git/regolo", ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, top / ".git/regolo")


@pytest.mark.slow
@pytest.mark.skipif(not can_trace(), reason="strace is not here, or may not trace")
@pytest.mark.parametrize("change", ["shrinking", "growing", "fresh"])
def test_a_kill_at_any_write_is_never_a_wrong_list(tagged: Path, change: str) -> None:
    expected = stale(tagged, change)
    regolo, kept = tagged / ".git/regolo", tagged / ".git/kept"
    if regolo.exists():
        regolo.rename(kept)
    calls = "pwrite64,write,rename,unlink,utimensat,ftruncate"
    number, killed = 0, 0
    while True:
        number += 1 if number < 6 else 7
        restored_in_place(tagged, kept)
        done = run_list(tagged, ["-f", "-o", os.devnull, "-P", str(tagged / INDEX), "-e", f"trace={calls}",
                                 "-e", f"inject={calls}:signal=KILL:when={number}"])  # fmt: skip
        if done.returncode == 0:
            break
        killed += 1
        assert counted(tagged) == expected
    assert killed > 2


def restored_in_place(top: Path, kept: Path) -> None:
    """The index as it was, with its stamp, as if nothing had ever touched it since."""
    shutil.rmtree(top / ".git/regolo", ignore_errors=True)
    if kept.exists():
        shutil.copytree(kept, top / ".git/regolo")
        database = index_of(top)._database
        if (top / INDEX).exists():
            database._inode = (top / INDEX).stat().st_ino
            database._write_stamp()


def run_list(top: Path, options: list[str]) -> "subprocess.CompletedProcess[str]":
    assert STRACE is not None
    program = [STRACE, *options, sys.executable, "-c", LIST, str(top)]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(program, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("seed", range(4))
def test_pages_of_an_older_state_are_never_believed(tagged: Path, seed: int) -> None:
    chance, file = random.Random(seed), tagged / INDEX
    assert counted(tagged) == COUNT
    older = file.read_bytes()
    drop_tags(tagged, 100, COUNT)
    assert counted(tagged) == 100
    newer = file.read_bytes()
    size = 4096
    for _ in range(5):
        file.write_bytes(newer)
        with file.open("r+b") as pages:
            for at in range(0, min(len(older), len(newer)), size):
                if chance.random() < 0.5:
                    pages.seek(at)
                    pages.write(older[at : at + size])
        assert counted(tagged) == 100


def test_pages_that_a_power_cut_lost_are_never_believed(
    tagged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After a power cut the inode may be newer than the pages; but then it is another boot."""
    assert counted(tagged) == COUNT
    with sqlite3.connect(tagged / INDEX) as lost:
        lost.execute("delete from refs where tag like '%9'")
    lost.close()
    index_of(tagged)._database._write_stamp()
    (tmp_path / "boot").write_text("another")
    monkeypatch.setattr(index_database, "BOOT", tmp_path / "boot")
    index_database._boot.cache_clear()
    try:
        assert counted(tagged) == COUNT
    finally:
        index_database._boot.cache_clear()


@pytest.mark.parametrize("boot", ["known", "unknown"])
def test_without_a_boot_to_tell_apart_pages_are_synced(
    tagged: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, boot: str
) -> None:
    if boot == "unknown":
        monkeypatch.setattr(index_database, "BOOT", tmp_path / "none")
    index_database._boot.cache_clear()
    try:
        index = index_of(tagged)
        assert len(index.rows("m")) == COUNT
        connection = index._database._connection
        assert connection is not None
        assert connection.execute("pragma synchronous").fetchone()[0] == (0 if boot == "known" else 2)
        index.close()
    finally:
        index_database._boot.cache_clear()


def test_a_whole_index_is_used_and_not_written(tagged: Path) -> None:
    assert counted(tagged) == COUNT
    before = (tagged / INDEX).stat()
    index = TagIndex(find_repository(tagged, {}), lambda: pytest.fail("opened Git"))
    assert len(index.rows("m")) == COUNT
    index.close()
    assert (tagged / INDEX).stat() == before or before.st_mtime_ns == (tagged / INDEX).stat().st_mtime_ns


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_directory_is_read(tagged: Path) -> None:
    directory = tagged / ".git/regolo"
    assert counted(tagged) == COUNT
    directory.chmod(0o500)
    try:
        assert counted(tagged) == COUNT
    finally:
        directory.chmod(0o700)


def test_a_file_that_another_program_locks_is_left_alone(
    tagged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_database, "WAIT_SECONDS", 0.1)
    assert counted(tagged) == COUNT
    other = sqlite3.connect(tagged / INDEX, isolation_level=None)
    other.execute("begin exclusive")
    assert counted(tagged) == COUNT
    other.execute("rollback")
    other.close()


def test_many_processes_read_and_write_at_once(tagged: Path) -> None:
    running = [
        subprocess.Popen(
            [sys.executable, "-c", LIST, str(tagged)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": PYTHONPATH},
        )
        for _ in range(4)
    ]
    assert [process.communicate()[0] for process in running] == [f"{COUNT}\n"] * 4


def test_any_thread_may_use_it_and_change_it(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    index = index_of(git_repository)

    def work(number: int) -> int:
        publish_version(git_repository, f"m{number}", "1.0")
        assert len(index.rows(f"m{number}")) == 1
        return len(index.model_names())

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(16))) == 17
    index.close()


@pytest.fixture
def used(git_repository: Path) -> Iterator[TagIndex]:
    publish_version(git_repository, "m", "1.0")
    index = index_of(git_repository)
    assert len(index.rows("m")) == 1
    yield index
    index.close()


def in_child(check: "object") -> int:
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if check() else 1)  # type: ignore[operator]
        except BaseException:  # noqa: BLE001
            os._exit(2)
    deadline = time.monotonic() + 300  # of a slow machine
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def test_a_forked_child_and_its_parent_both_use_it(git_repository: Path, used: TagIndex) -> None:
    def child() -> bool:
        publish_version(git_repository, "m", "1.1")
        return len(used.rows("m")) == 2

    assert in_child(child) == 0
    assert len(used.rows("m")) == 2


def test_a_child_forked_while_another_thread_holds_it_does_not_hang(used: TagIndex) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(used._database._guard.acquire).result()
        assert in_child(lambda: len(used.rows("m")) == 1) == 0
        pool.submit(used._database._guard.release).result()
