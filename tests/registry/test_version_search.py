"""The first bad version between a good and a bad one."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.copies import Once
from support.git_program import git

from regolo_git.api import Registry
from regolo_git.errors import InvalidInput, NotFound


@pytest.fixture
def nine(registry: Registry, once: Once) -> Registry:
    """Versions 1.0 to 1.8, each of which has its own number in its file."""

    def build() -> None:
        registry.register_model("m", b"0")
        for number in range(1, 9):
            registry.create_model_version("m", model_data=str(number).encode())

    once(build)
    return registry


def bad_from(first: int, tried: list[int], skipped: tuple[int, ...] = ()) -> Callable[[Path], bool | None]:
    def test(path: Path) -> bool | None:
        number = int(path.read_bytes())
        tried.append(number)
        return None if number in skipped else number < first

    return test


def test_few_versions_are_tried(nine: Registry) -> None:
    for first in (1, 4, 5, 8):
        tried: list[int] = []
        found = nine.bisect_model_versions("m", "1.0", "1.8", bad_from(first, tried))
        assert (found.version.version, found.good.version) == (f"1.{first}", f"1.{first - 1}")
        assert len(tried) <= 3
        assert [version for version, _ in found.tried] == [f"1.{number}" for number in tried]


def test_a_skipped_version_is_passed_over(nine: Registry) -> None:
    found = nine.bisect_model_versions("m", "1.0", "1.8", bad_from(3, [], skipped=(4, 5)))
    assert found.version.version == "1.3"
    with pytest.raises(NotFound, match=r"one of 3 versions.*1\.3, 1\.4, 1\.5"):
        nine.bisect_model_versions("m", "1.0", "1.8", bad_from(5, [], skipped=(3, 4)))


def test_two_versions_beside_each_other_need_no_try(nine: Registry) -> None:
    tried: list[int] = []
    assert nine.bisect_model_versions("m", "1.3", "1.4", bad_from(0, tried)).version.version == "1.4"
    assert tried == []


def test_retired_versions_and_other_lines_are_left_out(nine: Registry) -> None:
    nine.retire_model_version("m", "1.4", reason="wrong")
    nine.create_model_version("m", "staging-1.5", model_data=nine.get_model_version("m", "1.5"))
    tried: list[int] = []
    nine.bisect_model_versions("m", "1.0", "1.8", bad_from(4, tried))
    assert 4 not in tried
    assert tried.count(5) <= 1


def test_the_order_is_checked(nine: Registry) -> None:
    with pytest.raises(InvalidInput, match=r"is not lower than '1\.0'") as caught:
        nine.bisect_model_versions("m", "1.8", "1.0", bad_from(3, []))
    assert str(caught.value.hint) == "git regolo bisect m 1.0 1.8 -- CMD '{path}'"
    with pytest.raises(NotFound):
        nine.bisect_model_versions("m", "1.0", "9.9", bad_from(3, []))


def test_nothing_is_left_behind_whatever_happens(
    nine: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    places: list[Path] = []

    def test(path: Path) -> bool:
        places.append(path)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nine.bisect_model_versions("m", "1.0", "1.8", test)
    assert places
    assert list(scratch.iterdir()) == []
    assert git(nine.handle.paths.top, "status", "--short") == ""
