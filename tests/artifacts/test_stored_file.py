"""A file that is read in part costs little more than the part, also where its chunks are in packs."""

import io
import secrets

import pytest
from support.counting_files import CountingFiles
from support.packed import contents_of, push, shared_at

from regolo_git.artifacts.spans import read_runs
from regolo_git.artifacts.stored_file import StoredFile
from regolo_git.records.recipe import Recipe
from regolo_git.store.locate import files_at
from regolo_git.store.shared import SharedStore

CHUNK = 400_000
CONTENTS = contents_of([CHUNK] * 90)  # in three packs
WHOLE = b"".join(CONTENTS.values())


@pytest.fixture
def files() -> CountingFiles:
    return CountingFiles(files_at(f"memory://{secrets.token_hex(8)}"))


@pytest.fixture
def recipe(files: CountingFiles) -> Recipe:
    return push(shared_at(files), CONTENTS)


@pytest.fixture
def store(files: CountingFiles, recipe: Recipe) -> SharedStore:
    opened = SharedStore.open(files)
    files.reset()
    return opened


@pytest.fixture
def file(store: SharedStore, recipe: Recipe) -> StoredFile:
    return StoredFile(store, recipe, 0)


def reads_of(files: CountingFiles) -> int:
    return sum(n for (verb, path), n in files.calls.items() if verb.startswith("read") and "packs/" in path)


def test_reading_on_takes_ever_larger_reads(files: CountingFiles, file: StoredFile) -> None:
    with file.buffered() as opened:
        assert opened.read() == WHOLE
    assert reads_of(files) <= 11  # of 1, 2, 4, 8, 16, 32 and 27 chunks, in three packs
    assert files.read_bytes < 1.3 * len(WHOLE)  # a pack is read whole once more than half of it follows


@pytest.mark.parametrize(
    ("offset", "whence", "error"),
    [(-1, io.SEEK_SET, OSError), (-len(WHOLE) - 1, io.SEEK_END, OSError), (0, 9, ValueError)],
)
def test_a_place_before_the_file_is_refused_as_on_disk(
    file: StoredFile, offset: int, whence: int, error: type[Exception]
) -> None:
    with file.buffered() as opened, pytest.raises(error):
        opened.seek(offset, whence)
    with file.opened() as raw, pytest.raises(error):
        raw.seek(offset, whence)


def test_a_part_costs_its_chunks(files: CountingFiles, file: StoredFile) -> None:
    with file.buffered() as opened:
        opened.seek(30 * CHUNK + 5)
        assert opened.read(10) == WHOLE[30 * CHUNK + 5 :][:10]
    assert files.read_bytes < CHUNK + 20_000


def test_reading_here_and_there_does_not_read_ahead(files: CountingFiles, file: StoredFile) -> None:
    with file.opened() as opened:
        for number in (40, 7, 80, 3):
            opened.seek(number * CHUNK, io.SEEK_SET)
            assert opened.read(9) == WHOLE[number * CHUNK :][:9]
    assert files.read_bytes < 4 * CHUNK + 20_000


def test_bytes_after_the_end_of_the_file_are_not_read(files: CountingFiles, file: StoredFile) -> None:
    with file.opened() as opened:
        opened.seek(-5, io.SEEK_END)
        assert opened.read(100) == WHOLE[-5:]
        assert opened.read(100) == b""
    assert files.read_bytes < CHUNK + 20_000


def test_many_runs_take_few_reads(
    files: CountingFiles, file: StoredFile, store: SharedStore, recipe: Recipe
) -> None:
    runs = [file.run(number * CHUNK + 5, number * CHUNK + 9) for number in (1, 0, 2, 3, 1, 60)]
    assert read_runs(store, recipe, runs) == [WHOLE[offset : offset + 4] for offset, _ in runs]
    assert reads_of(files) == 2  # neighbours of one pack together
    assert files.read_bytes < 5 * CHUNK + 20_000


def test_a_run_is_a_slice(file: StoredFile, store: SharedStore, recipe: Recipe) -> None:
    ends = [
        (None, 3),
        (-3, None),
        (CHUNK - 2, CHUNK + 2),
        (5, 2),
        (len(WHOLE) + 1, None),
        (3, -len(WHOLE) + 9),
    ]
    found = read_runs(store, recipe, [file.run(start, end) for start, end in ends])
    assert found == [WHOLE[start:end] for start, end in ends]
