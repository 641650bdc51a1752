"""Which files of a directory are part of the artifact."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from regolo_git.artifacts.source.exclusion import DEFAULTS, Exclusion, _Defaults
from regolo_git.artifacts.source.walk import look
from regolo_git.errors import InvalidInput


def write(top: Path, *names: str) -> Path:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(name)
    return top


def names(top: Path, *exclude: str) -> list[str]:
    return [file.path for file in look(top, exclude).files]


HUB = (
    "config.json",
    ".git/HEAD",
    ".git/hooks/x",
    ".gitattributes",
    ".cache/huggingface/download/config.json.lock",
    ".cache/other/x",
    "__pycache__/m.pyc",
    "code/__pycache__/m.pyc",
    "code/m.py",
    ".DS_Store",
    "code/.DS_Store",
    "code/.cache/huggingface/x",
)
PART = [".cache/other/x", ".gitattributes", "code/m.py", "config.json"]


def test_files_of_a_hub_clone_are_left_out(tmp_path: Path) -> None:
    snapshot = look(write(tmp_path, *HUB))
    assert [file.path for file in snapshot.files] == PART
    assert snapshot.left_out == (
        ".DS_Store",
        ".cache/huggingface",
        ".git",
        "__pycache__",
        "code/.DS_Store",
        "code/.cache/huggingface",
        "code/__pycache__",
    )


def test_the_git_file_of_a_submodule_is_left_out(tmp_path: Path) -> None:
    assert names(write(tmp_path, "a", ".git", "sub/.git")) == ["a"]


@pytest.mark.parametrize(
    ("patterns", "part"),
    [
        (["*.log"], ["a", "sub/b", "sub/keep.txt"]),
        (["*.log", "!keep.log"], ["a", "keep.log", "sub/b", "sub/keep.txt"]),
        (["/sub"], ["a", "keep.log", "x.log"]),
        (["sub/", "!sub/b"], ["a", "keep.log", "x.log"]),
        (["sub/*", "!sub/b"], ["a", "keep.log", "sub/b", "x.log"]),
        (["**/b", "?.log"], ["a", "keep.log", "sub/keep.txt"]),
        (["a/"], ["a", "keep.log", "sub/b", "sub/keep.txt", "x.log"]),
    ],
)
@pytest.mark.parametrize("where", ["option", "file"])
def test_patterns_are_those_of_gitignore(
    tmp_path: Path, patterns: list[str], part: list[str], where: str
) -> None:
    write(tmp_path, "a", "x.log", "keep.log", "sub/b", "sub/keep.txt")
    if where == "option":
        assert names(tmp_path, *patterns) == part
    else:
        (tmp_path / ".regoloignore").write_text("# a comment\r\n\r\n" + "\r\n".join(patterns) + "\r\n")
        assert names(tmp_path) == [".regoloignore", *part]


def test_the_defaults_can_be_included_and_options_come_last(tmp_path: Path) -> None:
    write(tmp_path, "a", ".DS_Store", "__pycache__/x", "b.log")
    assert names(tmp_path, "!.DS_Store", "!__pycache__") == [".DS_Store", "__pycache__/x", "a", "b.log"]
    (tmp_path / ".regoloignore").write_text("*.log\n.regoloignore\n!.DS_Store\n")
    assert names(tmp_path) == [".DS_Store", "a"]
    assert names(tmp_path, "!*.log", ".DS_Store") == ["a", "b.log"]


def test_git_itself_cannot_be_included(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"points into '\.git'") as caught:
        look(write(tmp_path, "a", ".git/HEAD"), ["!.git"])
    assert "--exclude" in str(caught.value.hint)


@pytest.mark.parametrize(
    "make", [os.mkfifo, lambda p: p.symlink_to("/dev")], ids=["pipe", "linked directory"]
)
def test_the_error_for_an_unstorable_file_names_the_pattern_that_leaves_it_out(
    tmp_path: Path, make: object
) -> None:
    write(tmp_path, "sub/a")
    make(tmp_path / "sub" / "x[1]")  # type: ignore[operator]
    with pytest.raises(InvalidInput) as caught:
        look(tmp_path)
    assert "'/sub/x?1?'" in str(caught.value.hint)
    assert names(tmp_path, "/sub/x?1?") == ["sub/a"]


@pytest.mark.parametrize("pattern", ["", "  ", "# comment", "a\nb", "!"])
def test_an_invalid_pattern_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InvalidInput, match="pattern"):
        look(write(tmp_path, "a"), [pattern])


def test_a_file_of_patterns_must_be_a_small_text(tmp_path: Path) -> None:
    write(tmp_path, "a")
    for content in (b"\xff\xfe", b"x\n" * 40_000):
        (tmp_path / ".regoloignore").write_bytes(content)
        with pytest.raises(InvalidInput, match=r"\.regoloignore"):
            look(tmp_path)
    (tmp_path / ".regoloignore").unlink()
    os.mkfifo(tmp_path / ".regoloignore")
    with pytest.raises(InvalidInput, match="not an ordinary file"):
        look(tmp_path)


def test_a_directory_of_nothing_else_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no files but those left out"):
        look(write(tmp_path, ".DS_Store"))


def test_a_single_file_has_nothing_to_exclude(tmp_path: Path) -> None:
    write(tmp_path, ".DS_Store")
    assert look(tmp_path / ".DS_Store").files[0].size
    with pytest.raises(InvalidInput, match="only a directory"):
        look(tmp_path / ".DS_Store", ["*.log"])


part = st.sampled_from((".git", ".DS_Store", "__pycache__", ".cache", "huggingface", "a", ".gitx", "b.pyc"))


@given(st.lists(part, min_size=1, max_size=5).map("/".join), st.booleans())
def test_the_quick_defaults_are_those_of_the_library(path: str, is_directory: bool) -> None:
    path += "/" if is_directory else ""
    assert _Defaults().match_file(path) == GitIgnoreSpec.from_lines(DEFAULTS).match_file(path)


def test_a_deep_path_is_matched_by_each_of_its_names_once(tmp_path: Path) -> None:
    deep = "/".join(["d"] * 250)
    exclusion = Exclusion(tmp_path)
    assert not exclusion.leaves_out(deep, is_directory=True)
    assert exclusion.leaves_out(f"{deep}/__pycache__", is_directory=True)
    assert exclusion.leaves_out(f"a/.cache/huggingface/{deep}", is_directory=False)
    assert not exclusion.leaves_out(f"a/.cache/huggingface2/{deep}", is_directory=False)
