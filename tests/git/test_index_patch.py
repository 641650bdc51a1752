"""An index changed here is the one that git would write: same entries, extensions that git accepts, or git does it."""

import os
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.git_program import commit_files, git, new_repository
from support.git_repository import publish_version

from regolo_git.git.index_file import set_entries
from regolo_git.git.index_patch import NewEntry, patched

PATHS = ("a", "deep/b", "deep/er/c", "deep/er/d", "x/" + "long" * 20, "é/b c", "z")
OLD = 1_600_000_000


def index_of(top: Path) -> Path:
    return top / ".git" / "index"


def blob(top: Path, content: str) -> str:
    return git(top, "hash-object", "-w", "--stdin", given=content).strip()


def aged(top: Path) -> Path:
    """A repository whose files are older than its index, with every directory's id in it."""
    for path in PATHS:
        os.utime(top / path, (OLD, OLD))
    git(top, "update-index", "--refresh")
    git(top, "write-tree")
    git(top, "read-tree", "HEAD")
    git(top, "update-index", "--refresh")
    return top


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = new_repository(tmp_path_factory.mktemp("patch") / "top")
    commit_files(top, {path: f"{path}\n" for path in PATHS})
    return aged(top)


@pytest.fixture
def top(git_repository: Path) -> Path:
    commit_files(git_repository, {path: f"{path}\n" for path in PATHS})
    return aged(git_repository)


def changed(top: Path, new: dict[str, str]) -> bytes | None:
    index = index_of(top)
    return patched(index.read_bytes(), index.stat(), {p: NewEntry(oid, None) for p, oid in new.items()})


def with_index(top: Path, index: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=top, input=given, capture_output=True, text=True, check=True,
        env={**os.environ, "GIT_INDEX_FILE": str(index)},
    )  # fmt: skip
    return done.stdout


@settings(max_examples=15, deadline=None)
@given(st.dictionaries(st.sampled_from(PATHS), st.sampled_from(("one", "two")), min_size=1))
def test_the_result_is_what_git_writes(kept: Path, changes: dict[str, str]) -> None:
    new = {path: blob(kept, content) for path, content in changes.items()}
    content = changed(kept, new)
    assert content is not None
    ours, theirs = kept.parent / "ours", kept.parent / "theirs"
    ours.write_bytes(content)
    theirs.write_bytes(index_of(kept).read_bytes())
    lines = "".join(f"100644 {oid}\t{path}\0" for path, oid in new.items())
    with_index(kept, theirs, "update-index", "-z", "--index-info", given=lines)
    for command in ("ls-files --stage --debug -z", "write-tree"):
        assert with_index(kept, ours, *command.split()) == with_index(kept, theirs, *command.split())


@pytest.mark.parametrize(
    "commands",
    [
        ("update-index --split-index",),
        ("update-index --index-version 4",),
        ("update-index --assume-unchanged a",),
        ("update-index --skip-worktree a",),
        ("update-index --fsmonitor",),
        ("rm --cached -q a",),
        ("rm --cached -q a", "add --intent-to-add a"),
        ("sparse-checkout init --cone --sparse-index", "sparse-checkout set deep"),
    ],
)
def test_git_changes_an_index_that_needs_more(top: Path, commands: tuple[str, ...]) -> None:
    new = {"a": blob(top, "new")}
    assert changed(top, new) is not None
    for command in commands:
        git(top, *command.split())
    assert changed(top, new) is None
    set_entries(top / ".git", top, new)
    assert git(top, "ls-files", "--stage", "a").split()[1] == new["a"]


def test_git_changes_an_index_with_a_conflict_of_the_path(top: Path) -> None:
    oid = blob(top, "new")
    lines = f"0 {'0' * 40} 0\ta\n" + "".join(f"100644 {oid} {stage}\ta\n" for stage in (1, 2, 3))
    git(top, "update-index", "--index-info", given=lines)
    assert changed(top, {"a": oid}) is None


def test_git_looks_at_a_file_that_changed_as_the_index_was_written(top: Path) -> None:
    other = top / "z"
    size = other.stat().st_size
    when = index_of(top).stat().st_mtime_ns
    os.utime(other, ns=(when, when))
    git(top, "add", "z")
    os.utime(index_of(top), ns=(when, when))
    other.write_text("?" * size)  # the same size and time, which only its content gives away
    os.utime(other, ns=(when, when))
    new = {"a": blob(top, "new")}
    assert changed(top, new) is None
    set_entries(top / ".git", top, new)
    assert "z" in git(top, "diff-files", "--name-only").split()


@pytest.mark.parametrize("cut", [0, 11, 40, 75, -1, -20, -21, -60])
def test_a_damaged_index_is_left_to_git(top: Path, cut: int) -> None:
    content = index_of(top).read_bytes()
    assert patched(content[:cut], index_of(top).stat(), {"a": NewEntry("1" * 40, None)}) is None


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_never_raises(kept: Path, data: st.DataObject) -> None:
    content = bytearray(index_of(kept).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    patched(bytes(content), index_of(kept).stat(), {"a": NewEntry("1" * 40, None)})


def test_a_path_that_only_resembles_an_entry_is_left_to_git(top: Path) -> None:
    for path in ("deep", "deep/", "deep/bb", "A", ""):
        assert changed(top, {path: "1" * 40}) is None


def test_an_index_without_checksum_stays_without_one(top: Path) -> None:
    content = bytearray(index_of(top).read_bytes())
    content[-20:] = bytes(20)
    found = patched(bytes(content), index_of(top).stat(), {"a": NewEntry("1" * 40, None)})
    assert found is not None
    assert found[-20:] == bytes(20)


def test_the_untracked_cache_stays(top: Path) -> None:
    git(top, "update-index", "--untracked-cache")
    git(top, "status")
    found = changed(top, {"a": blob(top, "new")})
    assert found is not None
    assert (b"UNTR" in found) == (b"UNTR" in index_of(top).read_bytes())
    assert struct.unpack_from(">I", found, 8) == (len(PATHS),)


def test_a_hook_for_changed_indexes_runs(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    hook, said = git_repository / ".git/hooks/post-index-change", git_repository / ".git/said"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho ran >> {said}\n")
    hook.chmod(0o755)
    publish_version(git_repository, "m", "1.1")
    assert said.read_text() == "ran\n"


def test_the_next_version_of_a_model_starts_no_git_process(git_repository: Path) -> None:
    publish_version(git_repository, "m", "1.0")
    done = subprocess.run(["git", "ls-files", "--stage"], cwd=git_repository, capture_output=True, check=True)
    assert done.stdout.count(b"manifest.toml") == 1
    path = "models/m/manifest.toml"
    os.utime(index_of(git_repository), (OLD * 2, OLD * 2))
    assert changed(git_repository, {path: "1" * 40}) is not None
