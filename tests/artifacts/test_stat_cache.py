"""A cache that is in doubt knows nothing, and never stands in the way."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from regolo_git.artifacts.known_file import KnownFile
from regolo_git.artifacts.source.file_stamp import COARSE_TICK, FINE_TICK, SECOND, FileStamp
from regolo_git.artifacts.stat_cache import StatCache
from regolo_git.records.digests import Digest
from regolo_git.records.manifest import Artifact

DIGEST = Digest("sha256", "a" * 64)
RECIPE = Digest("blake3", "b" * 64)
ARTIFACT = Artifact("file", None, DIGEST, 3, RECIPE)
STAMP = FileStamp(1, 2, 3, 4, 5)
KNOWN = KnownFile(STAMP, True, DIGEST, RECIPE, "inner/name")


def test_remembered_files_are_known(cache: StatCache) -> None:
    cache.remember(Path("/m"), {"a/b": KNOWN, "c": KNOWN})
    assert cache.known(Path("/m"), "sha256") == {"a/b": KNOWN, "c": KNOWN}
    assert cache.known(Path("/m/a/b"), "sha256") == {"": KNOWN}


def test_a_neighbour_with_a_longer_name_is_not_below(cache: StatCache) -> None:
    cache.remember(Path("/model"), {"": KNOWN})
    cache.remember(Path("/model.v2"), {"a": KNOWN})
    cache.remember(Path("/model-x"), {"a": KNOWN})
    assert cache.known(Path("/model"), "sha256") == {"": KNOWN}


def test_another_algorithm_knows_nothing(cache: StatCache) -> None:
    cache.remember(Path("/m"), {"": KNOWN})
    assert cache.known(Path("/m"), "blake3") == {}


def test_trust_is_for_one_recipe_and_one_digest(cache: StatCache) -> None:
    cache.trust(ARTIFACT)
    cache.trust(ARTIFACT)
    assert cache.trusts(ARTIFACT)
    assert not cache.trusts(replace(ARTIFACT, digest=Digest("sha256", "c" * 64)))


def test_it_is_still_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with StatCache(tmp_path / "c") as cache:
        cache.remember(Path("/m"), {"": KNOWN})
    with StatCache(tmp_path / "c") as cache:
        assert cache.known(Path("/m"), "sha256") == {"": KNOWN}


@pytest.mark.parametrize("content", [b"not a database", b"SQLite format 3\0" + b"\xff" * 5000, b"\0" * 4096])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with StatCache(tmp_path / "c") as cache:
        cache.remember(Path("/m"), {"": KNOWN})
        assert cache.known(Path("/m"), "sha256") == {"": KNOWN}


def test_a_file_damaged_inside_is_begun_anew(tmp_path: Path) -> None:
    with StatCache(tmp_path / "c") as cache:
        cache.remember(Path("/m"), {str(number): KNOWN for number in range(2000)})
    content = bytearray((tmp_path / "c").read_bytes())
    content[4096 : len(content) - 4096] = b"\xff" * (len(content) - 8192)
    (tmp_path / "c").write_bytes(content)
    with StatCache(tmp_path / "c") as cache:
        cache.known(Path("/m"), "sha256")
        cache.remember(Path("/m"), {"": KNOWN})
        cache.remember(Path("/m"), {"": KNOWN})
        assert cache.known(Path("/m"), "sha256")[""] == KNOWN


def test_a_database_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "c") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with StatCache(tmp_path / "c") as cache:
        cache.trust(ARTIFACT)
        assert cache.trusts(ARTIFACT)


def test_an_unwritable_cache_knows_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with StatCache(tmp_path / "file" / "c") as cache:
        cache.remember(Path("/m"), {"": KNOWN})
        cache.trust(ARTIFACT)
        assert cache.known(Path("/m"), "sha256") == {}
        assert not cache.trusts(ARTIFACT)


def test_a_locked_database_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regolo_git.artifacts.stat_cache.WAIT_SECONDS", 0.05)
    with StatCache(tmp_path / "c") as cache, StatCache(tmp_path / "c") as other:
        assert other._connection is not None
        other._connection.execute("BEGIN EXCLUSIVE")
        cache.remember(Path("/m"), {"": KNOWN})
        assert cache.known(Path("/m"), "sha256") == {}
        other._connection.execute("ROLLBACK")
        cache.remember(Path("/m"), {"": KNOWN})
        assert cache.known(Path("/m"), "sha256") == {"": KNOWN}


def test_a_file_written_within_a_clock_tick_is_not_settled() -> None:
    fine = FileStamp(1, 2, 3, 4, 50 * SECOND + 123_456_789)
    assert not fine.is_settled(fine.ctime_ns + FINE_TICK - 1)
    assert fine.is_settled(fine.ctime_ns + FINE_TICK)
    coarse = FileStamp(1, 2, 3, 4, 50 * SECOND)
    assert not coarse.is_settled(coarse.ctime_ns + COARSE_TICK - 1)
    assert coarse.is_settled(coarse.ctime_ns + COARSE_TICK)


def test_a_time_ahead_of_ours_is_not_settled() -> None:
    assert not STAMP.is_settled(STAMP.ctime_ns - 1)


def test_a_stamp_that_is_not_settled_proves_nothing() -> None:
    unsettled = KnownFile(STAMP, False, DIGEST, None, "")
    assert not unsettled.is_still(STAMP)
    assert KNOWN.is_still(STAMP)
    assert not KNOWN.is_still(FileStamp(1, 2, 3, 4, 6))
    assert not KNOWN.is_still(None)
