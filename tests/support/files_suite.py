"""What every kind of `Files` promises; inherited by the tests of each of them."""

import gc
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from regolo_git.store.files.contract import Files, StoredFile

Place = Callable[[str, bytes], object]


class ReadingSuite:
    """A subclass gives `files`, and `place`, which stores a file where they read it."""

    @pytest.fixture
    def files(self) -> Files:
        raise NotImplementedError

    @pytest.fixture
    def place(self, files: Files) -> Place:
        return files.put

    @pytest.mark.parametrize("size", [0, 1, 4095, (1 << 20) - 1, 1 << 20, (1 << 20) + 4097, 16 << 20])
    def test_every_size_arrives_whole(self, files: Files, place: Place, size: int) -> None:
        data = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
        place("a/b", data)
        buffer = bytearray(size)
        assert files.read_into("a/b", memoryview(buffer)) is True
        assert bytes(buffer) == data

    def test_a_file_of_another_size_does_not_fill_a_view(self, files: Files, place: Place) -> None:
        place("a/b", b"12345")
        assert files.read_into("a/b", memoryview(bytearray(4))) is False
        assert files.read_into("a/b", memoryview(bytearray(6))) is False

    @pytest.mark.parametrize(
        ("offset", "length", "expected"),
        [
            (0, 2, b"12"),
            (1, 3, b"234"),
            (3, 9, b"45"),
            (0, 5, b"12345"),
            (4, 1, b"5"),
            (0, 0, b""),
            (2, 0, b""),
        ],
    )
    def test_a_range_is_read_as_far_as_the_file_goes(
        self, files: Files, place: Place, offset: int, length: int, expected: bytes
    ) -> None:
        place("a/b", b"12345")
        assert files.read_range("a/b", offset, length) == expected

    def test_a_range_that_begins_past_the_end_is_empty(self, files: Files, place: Place) -> None:
        place("a/b", b"12345")
        place("a/none", b"")
        for offset in (5, 6, 1 << 20, 1 << 40):
            assert files.read_range("a/b", offset, 3) == b""
            assert files.read_range("a/none", offset - 5, 3) == b""

    def test_ranges_come_back_in_their_order_however_they_lie(self, files: Files, place: Place) -> None:
        data = bytes(range(256)) * 8192  # 2 MiB
        place("a/b", data)
        end = len(data)
        ranges = [
            (end - 3, 9),  # past the end
            (100, 50),
            (0, 10),
            (90, 20),  # overlaps
            (100, 50),  # twice
            (7, 0),
            (1 << 20, 100),
            (end, 1),  # begins at the end
            (end + (4 << 20), 5),  # begins past it
            (0, end),
        ]
        assert files.read_ranges("a/b", ranges) == [
            data[offset : offset + length] for offset, length in ranges
        ]
        assert files.read_ranges("a/b", []) == []
        assert files.read_ranges("a/b", [(3, 0), (9, 0)]) == [b"", b""]
        with pytest.raises(FileNotFoundError):
            files.read_ranges("a/nothing", [(0, 1), (1 << 20, 1)])

    def test_a_missing_file_has_no_size_and_cannot_be_read(self, files: Files) -> None:
        assert files.sizes(["a/b"]) == [None]
        with pytest.raises(FileNotFoundError):
            files.read_range("a/b", 0, 1)
        with pytest.raises(FileNotFoundError):
            files.read_into("a/b", memoryview(bytearray(1)))

    def test_sizes_are_told_in_the_order_of_the_paths(self, files: Files, place: Place) -> None:
        for size in range(1, 30):
            place(f"a/{size}", b"x" * size)
        paths = [f"a/{size}" for size in (29, 3, 99, 3, 17)]
        assert files.sizes(paths) == [29, 3, None, 3, 17]
        assert files.sizes([]) == []
        assert files.sizes(["a/1/b"]) == [None]
        assert files.sizes(["a/3"]) == [3]
        assert [files.exists(path) for path in paths] == [True, True, False, True, True]

    @pytest.mark.slow
    def test_a_forked_child_that_lets_go_of_them_leaves_its_parent_the_connections(
        self, files: Files, place: Place
    ) -> None:
        place("a/b", b"12345")
        assert files.read_range("a/b", 0, 9) == b"12345"
        child = os.fork()
        if not child:
            del files
            gc.collect()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        begun = time.monotonic()
        assert files.read_range("a/b", 0, 9) == b"12345"
        assert time.monotonic() - begun < 10  # no answer was waited for in vain

    def test_threads_read_at_once(self, files: Files, place: Place) -> None:
        texts = {f"a/{number}": f"{number}".encode() * 30_000 for number in range(8)}
        for path, data in texts.items():
            place(path, data)
        paths = [*texts] * 8
        with ThreadPoolExecutor(12) as pool:
            found = list(pool.map(lambda path: files.read_range(path, 0, 1 << 20), paths))
        assert found == [texts[path] for path in paths]


class FilesSuite(ReadingSuite):
    """A subclass gives `files`: an empty directory of its kind, with its root created."""

    def test_what_is_put_is_read_back(self, files: Files) -> None:
        assert files.put("chunks/ab/abcd", b"content") is True
        assert files.read_range("chunks/ab/abcd", 0, 100) == b"content"
        assert files.sizes(["chunks/ab/abcd"]) == [7]

    def test_putting_it_again_changes_nothing(self, files: Files) -> None:
        files.put("a/b", b"content")
        assert files.put("a/b", b"content") is False

    def test_a_file_of_another_size_is_replaced(self, files: Files) -> None:
        files.put("a/b", b"cut sh")
        assert files.put("a/b", b"cut short") is True
        assert files.read_range("a/b", 0, 100) == b"cut short"

    def test_the_data_may_change_once_put_returns(self, files: Files) -> None:
        buffer = bytearray(b"x" * (2 << 20))
        files.put("a/b", memoryview(buffer))
        buffer[:] = b"y" * len(buffer)
        assert files.read_range("a/b", 0, len(buffer)) == b"x" * len(buffer)

    def test_write_stores_and_replaces_a_whole_file(self, files: Files) -> None:
        for data in (b"first", b"other", b"longer than that", b"", b"x" * (1 << 20)):
            files.write("recipes/ab/abcd.packs", data)
            assert files.read_range("recipes/ab/abcd.packs", 0, 2 << 20) == data
        assert [file.path for file in files.walk("recipes")] == ["recipes/ab/abcd.packs"]

    def test_readers_see_one_of_the_files_that_were_written(self, files: Files) -> None:
        texts = [f"{number}".encode() * (70_000 + number) for number in range(8)]
        files.write("a/b", texts[0])
        with ThreadPoolExecutor(8) as pool:
            done = [pool.submit(files.write, "a/b", text) for text in texts * 2]
            while not all(one.done() for one in done):
                assert files.read_range("a/b", 0, 1 << 20) in texts
        assert [one.exception() for one in done] == [None] * 16
        assert files.read_range("a/b", 0, 1 << 20) in texts
        assert list(files.walk("tmp")) == []

    def test_create_never_replaces(self, files: Files) -> None:
        assert files.create("format.toml", b"first") is True
        assert files.create("format.toml", b"second") is False
        assert files.read_range("format.toml", 0, 100) == b"first"

    def test_one_of_several_creators_wins(self, files: Files) -> None:
        if not files.properties.atomic_create:
            pytest.skip("this filesystem says that it cannot promise it")
        for attempt in range(10):
            start = threading.Barrier(12)

            def create(
                number: int, path: str = f"records/{attempt}", start: threading.Barrier = start
            ) -> bool:
                start.wait()
                return files.create(path, f"{number}".encode())

            with ThreadPoolExecutor(12) as pool:
                won = list(pool.map(create, range(12)))
            assert won.count(True) == 1
            assert files.read_range(f"records/{attempt}", 0, 9) == f"{won.index(True)}".encode()

    def test_some_connections_are_useful(self, files: Files) -> None:
        assert 1 <= files.properties.connections <= 64

    def test_a_directory_that_is_empty_holds_no_file(self, files: Files) -> None:
        files.put("a/b/c", b"1")
        files.remove("a/b/c")
        files.put("a/b/d", b"1")
        assert [file.path for file in files.walk("a")] == ["a/b/d"]

    def test_removing_twice_is_not_an_error(self, files: Files) -> None:
        files.put("a/b", b"1")
        files.remove("a/b")
        files.remove("a/b")
        assert files.sizes(["a/b"]) == [None]

    def test_a_move_takes_the_content_along(self, files: Files) -> None:
        files.put("a/b", b"1")
        files.move("a/b", "quarantine/b")
        assert files.sizes(["a/b"]) == [None]
        assert files.read_range("quarantine/b", 0, 9) == b"1"

    def test_walk_tells_sizes_and_times(self, files: Files) -> None:
        files.put("chunks/ab/1", b"1")
        files.put("chunks/cd/22", b"22")
        files.put("recipes/ab/1", b"1")
        found = sorted(files.walk("chunks"), key=lambda file: file.path)
        assert [(file.path, file.size) for file in found] == [("chunks/ab/1", 1), ("chunks/cd/22", 2)]
        assert all(isinstance(file, StoredFile) and file.modified.tzinfo for file in found)
        now = datetime.now(UTC)  # its clock is that of this machine
        assert all(abs(now - file.modified) < timedelta(minutes=5) for file in found)

    def test_a_directory_does_not_hold_those_whose_names_begin_like_it(self, files: Files) -> None:
        files.put("chunks/ab/1", b"1")
        files.put("chunks-of-others/ab/2", b"22")
        assert [file.path for file in files.walk("chunks")] == ["chunks/ab/1"]
        assert list(files.names("chunk")) == []
        assert not files.exists("chunks/ab/2")

    def test_many_files_are_listed(self, files: Files) -> None:
        names = [f"{number:04}" for number in range(1010)]  # S3 lists a thousand at a time
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: files.write(f"recipes/{name[2:]}/{name}", b"1"), names))
        assert sorted(files.names("recipes")) == names

    def test_a_directory_that_is_not_there_has_no_files(self, files: Files) -> None:
        assert list(files.walk("nothing")) == []
        assert list(files.names("nothing")) == []

    def test_names_are_the_last_parts_of_paths(self, files: Files) -> None:
        for path in ("recipes/ab/1", "recipes/cd/22", "recipes/3", "chunks/ab/4"):
            files.put(path, b"1")
        assert sorted(files.names("recipes")) == ["1", "22", "3"]

    def test_settle_may_be_called_at_any_time(self, files: Files) -> None:
        files.settle()
        files.put("a/b", b"1")
        files.settle()
        files.settle()

    def test_nothing_temporary_stays(self, files: Files) -> None:
        files.put("a/b", b"1" * (3 << 20))
        files.create("c", b"1")
        assert list(files.walk("tmp")) == []
        assert list(files.stale_temporaries()) == []

    def test_threads_put_and_read_at_once(self, files: Files) -> None:
        wrong: list[int] = []

        def work(number: int) -> None:
            for index in range(20):
                data = f"{index}".encode() * 100
                files.put(f"a/{index}", data)
                if files.read_range(f"a/{index}", 0, 1000) != data:
                    wrong.append(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(list(files.walk("a"))) == 20
