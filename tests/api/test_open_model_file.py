"""A file of a version, opened from Python."""

from pathlib import Path

import pytest
from support.artifact_files import noise

from regolo_git import InvalidInput, NotFound, Registry


def test_any_range_of_a_file_is_read(registry: Registry) -> None:
    content = noise("content", 3 << 20)
    registry.register_model("m", content)
    with registry.open_model_file("m", "1.0") as file:
        assert file.seek(2_000_000) == 2_000_000
        assert file.read(1000) == content[2_000_000:2_001_000]
        assert file.seek(0) == 0
        assert file.read() == content


def test_a_file_of_a_directory_is_named(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "top" / "below").mkdir(parents=True)
    (tmp_path / "top" / "a").write_bytes(b"first")
    (tmp_path / "top" / "below" / "b").write_bytes(b"second")
    registry.register_model("m", tmp_path / "top")
    with registry.open_model_file("m", path="below/b") as file:
        assert file.read() == b"second"
    with pytest.raises(InvalidInput, match=r"'m@1\.0' is a directory"):
        registry.open_model_file("m")
    with pytest.raises(NotFound, match=r"'m@1\.0' has no file 'below/c'"):
        registry.open_model_file("m", path="below/c")


def test_a_single_file_has_no_path(registry: Registry) -> None:
    registry.register_model("m", b"content")
    with pytest.raises(InvalidInput, match="single file"):
        registry.open_model_file("m", path="m")
