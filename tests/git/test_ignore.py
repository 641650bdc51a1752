"""An artifact in the work tree is kept out of Git, and nobody's `.gitignore` is written over."""

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.git_program import commit_files, git, new_repository
from support.git_repository import opened

from regolo_git.git.ignore import Ignored, ensure_ignored, ignore_line, reinclusion_warning

NAMES = st.text("ab*?[]\\!# ~{}^$é.", min_size=1, max_size=6).filter(lambda name: name not in (".", ".."))


def ignored_by_git(top: Path, *paths: str) -> set[str]:
    told = git(top, "check-ignore", "--no-index", "-z", "--stdin", given="\0".join(paths), check=False)
    return set(filter(None, told.split("\0")))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_repository(tmp_path_factory.mktemp("ignore") / "top")


@settings(max_examples=50)
@given(NAMES, NAMES)
def test_the_line_matches_one_path_and_no_other(shared: Path, name: str, other: str) -> None:
    (shared / ".gitignore").write_text(f"{ignore_line(f'd/{name}')}\n")
    wanted = {f"d/{name}"} | ({f"d/{name}/below"})
    asked = {*wanted, f"d/{other}", name, f"e/d/{name}"}
    assert ignored_by_git(shared, *asked) == {
        path for path in asked if path == f"d/{name}" or path.startswith(f"d/{name}/")
    }


def said(found: Ignored) -> str:
    assert found.path == ".gitignore"
    return found.text or ""


def test_an_entry_goes_into_a_clean_file_that_is_committed_along(git_repository: Path) -> None:
    assert ensure_ignored(opened(git_repository), "m.bin", "main") == Ignored(".gitignore", b"/m.bin\n", None)
    commit_files(git_repository, {".gitignore": "*.log"})
    found = ensure_ignored(opened(git_repository), "a/m.bin", "main")
    assert found == Ignored(".gitignore", b"*.log\n/a/m.bin\n", None)
    (git_repository / ".gitignore").write_bytes(b"*.log\r\n")
    commit_files(git_repository, {".gitignore": "*.log\n"})
    (git_repository / ".gitignore").write_bytes(b"*.log\r\n")
    assert ensure_ignored(opened(git_repository), "m.bin", "main").content == b"*.log\n/m.bin\n"


def test_an_ignored_path_needs_no_entry(git_repository: Path) -> None:
    commit_files(git_repository, {".gitignore": "*.bin\n"})
    assert ensure_ignored(opened(git_repository), "m.bin", "main") == Ignored(".gitignore", None, None)


@pytest.mark.parametrize("how", ["changed", "made", "deleted", "a link", "another branch"])
def test_the_entry_goes_to_this_clone_if_the_file_is_not_ours_to_commit(
    git_repository: Path, how: str
) -> None:
    place = git_repository / ".gitignore"
    if how != "made":
        commit_files(git_repository, {".gitignore": "*.log\n"})
    if how == "deleted":
        place.unlink()
    elif how == "a link":
        place.rename(git_repository / "other")
        place.symlink_to("other")
    elif how != "another branch":
        place.write_text("mine\n")
    before = place.read_bytes() if place.exists() else None
    found = ensure_ignored(opened(git_repository), "m.bin", "topic" if how == "another branch" else "main")
    assert found.content is None
    assert said(found).endswith(": /m.bin")
    assert ignored_by_git(git_repository, "m.bin", "n.bin") == {"m.bin"}
    assert (place.read_bytes() if place.exists() else None) == before
    assert ensure_ignored(opened(git_repository), "m.bin", "main").text is None


def test_this_clones_own_list_gets_an_entry_once_and_keeps_what_it_has(git_repository: Path) -> None:
    exclude = git_repository / ".git/info/exclude"
    exclude.write_text("theirs")
    # An entry that another one takes back is there, and still does not help.
    (git_repository / ".gitignore").write_text("!m.bin\n")
    for _ in range(2):
        ensure_ignored(opened(git_repository), "m.bin", "main")
        assert exclude.read_text() == "theirs\n/m.bin\n"
    exclude.unlink()
    exclude.parent.rmdir()
    ensure_ignored(opened(git_repository), "m.bin", "main")
    assert exclude.read_text() == "/m.bin\n"


@pytest.mark.parametrize("path", ["m.bin", "a b/it's"])
def test_a_path_that_git_tracks_is_named_with_what_to_type(git_repository: Path, path: str) -> None:
    commit_files(git_repository, {f"{path}": "1"})
    found = ensure_ignored(opened(git_repository), path, "main")
    assert found.content is not None
    command = said(found).partition(": ")[2].partition("   ")[0]
    (git_repository / "sub").mkdir()
    git(git_repository / "sub", *shlex.split(command)[1:])
    assert git(git_repository, "ls-files") == ""
    (git_repository / ".gitignore").write_bytes(found.content)
    assert ensure_ignored(opened(git_repository), path, "main") == Ignored(".gitignore", None, None)


def test_a_tracked_path_is_named_beside_the_missing_line(git_repository: Path) -> None:
    commit_files(git_repository, {"m.bin": "1"})
    (git_repository / ".gitignore").write_text("mine\n")
    words = said(ensure_ignored(opened(git_repository), "m.bin", "main"))
    assert ": /m.bin; and " in words
    assert "git rm --cached -r -- :/m.bin" in words


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({".gitignore": "/sub/m.bin\n", "sub/.gitignore": "!m.bin\n"}, "sub/.gitignore:1:!m.bin"),
        ({".gitignore": "/sub/m.bin\n", "sub/.gitignore": "!*.bin\n"}, "sub/.gitignore:1:!*.bin"),
        ({".gitignore": "/sub/m.bin\n!*.bin\n"}, ".gitignore:2:!*.bin"),
        ({".git/info/exclude": "*.bin\n", ".gitignore": "!m.bin\n"}, ".gitignore:1:!m.bin"),
    ],
    ids=["by name", "by a pattern", "in one file", "what this clone excludes"],
)
def test_a_pattern_that_lets_it_in_is_reported(
    git_repository: Path, files: dict[str, str], line: str
) -> None:
    (git_repository / "sub").mkdir()
    for name, content in files.items():
        (git_repository / name).write_text(content)
    words = reinclusion_warning(opened(git_repository), "sub/m.bin")
    assert words is not None
    assert line in git(git_repository, *shlex.split(words.partition(": ")[2])[1:])
    assert ensure_ignored(opened(git_repository), "sub/m.bin", "topic").text is not None


@pytest.mark.parametrize("nearer", ["!other.bin\n", "# !m.bin\n", " !m.bin\n"])
def test_a_pattern_for_something_else_lets_nothing_in(git_repository: Path, nearer: str) -> None:
    commit_files(git_repository, {".gitignore": "/sub/m.bin\n", "sub/.gitignore": nearer})
    assert reinclusion_warning(opened(git_repository), "sub/m.bin") is None


def test_a_tracked_file_is_not_called_let_in(git_repository: Path) -> None:
    commit_files(git_repository, {"m.bin": "1"})
    assert reinclusion_warning(opened(git_repository), "m.bin") is None
