"""Finding the files of a format in an artifact."""

from pathlib import Path

import pytest

from regolo_git.errors import NotFound
from regolo_git.serving.local.worker.loaders.one_file import files_with_suffix, one_file


def test_an_artifact_that_is_a_file_is_that_file_whatever_its_name(tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.touch()
    assert one_file(file, ".onnx") == file


def test_in_a_directory_the_suffix_decides(tmp_path: Path) -> None:
    for name in ("b.onnx", "notes.txt", "inner/a.onnx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert files_with_suffix(tmp_path, ".onnx") == [tmp_path / "b.onnx", tmp_path / "inner/a.onnx"]
    assert one_file(tmp_path, ".txt") == tmp_path / "notes.txt"
    with pytest.raises(NotFound, match="2 files"):
        one_file(tmp_path, ".onnx")
    with pytest.raises(NotFound, match=r"no file '\*\.skops'"):
        one_file(tmp_path, ".skops")
