"""Small files are replaced whole."""

from pathlib import Path

import pytest

from regolo_git.git.small_files import replace_file


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_made_with_its_directories_and_then_replaced(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a" / "b" / "file"
    for content in (b"first", b""):
        replace_file(path, content, durable=durable)
        assert path.read_bytes() == content
        assert list(path.parent.iterdir()) == [path]


def test_a_new_file_has_the_mode_of_any_other_and_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"first")
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o640)
    replace_file(path, b"second")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_concurrent_reader_sees_the_old_index(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    with path.open("rb") as reader:
        replace_file(path, b"new")
        assert reader.read() == b"old"


def test_nothing_is_left_of_one_that_cannot_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_file(tmp_path / "file", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
