"""Files of many commits are those that git shows, and what cannot be read this way is left to the caller."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.git.many_files import read_blobs, read_files
from regolo_git.git.repository import blob_id


@pytest.mark.parametrize("text", ["", "a\n", "one missing\n", "x missing\nabc blob 3\n\n\n", "\0 \udcff"])
def test_each_file_is_what_its_commit_has(git_repository: Path, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    (git_repository / "models").mkdir()
    (git_repository / "models/a b").write_bytes(data)
    first = commit_files(git_repository, {"other": "1"})
    second = commit_files(git_repository, {"models/a b": "2"})
    places = [(first, "models/a b"), (second, "models/a b"), (first, "other"), (first, "models/a b")]
    wanted = (blob_id(data), data)
    assert read_files(opened(git_repository), places) == [
        wanted,
        (blob_id(b"2"), b"2"),
        (blob_id(b"1"), b"1"),
        wanted,
    ]
    assert read_files(opened(git_repository), []) == []


def test_places_without_a_file_are_none(git_repository: Path) -> None:
    tip = commit_files(git_repository, {"models/m/manifest.toml": "1"})
    places = [(tip, "models"), (tip, "nowhere"), ("f" * 40, "models/m"), (tip, "models/m/manifest.toml")]
    assert read_files(opened(git_repository), places) == [None, None, None, (blob_id(b"1"), b"1")]


def test_a_damaged_object_leaves_all_of_them_to_the_caller(git_repository: Path) -> None:
    tip = commit_files(git_repository, {"models/m": "1", "models/n": "2"})
    oid = git(git_repository, "rev-parse", "HEAD:models/m").strip()
    place = git_repository / ".git/objects" / oid[:2] / oid[2:]
    place.chmod(0o644)
    place.write_bytes(b"no object")
    found = read_files(opened(git_repository), [(tip, "models/n"), (tip, "models/m")])
    assert found in ([None, None], [(blob_id(b"2"), b"2"), None])


def test_blobs_are_read_by_their_names(git_repository: Path) -> None:
    tip = commit_files(git_repository, {"models/m": "1", "models/n": ""})
    oids = [blob_id(b"1"), blob_id(b""), "f" * 40, tip, blob_id(b"1")]
    assert read_blobs(opened(git_repository), oids) == [b"1", b"", None, None, b"1"]
