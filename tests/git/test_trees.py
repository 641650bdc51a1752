"""Trees edited without an index: the same as a dictionary of paths, and only what changed is written."""

from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pygit2
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regolo_git.errors import Conflict
from regolo_git.git.discover import find_repository
from regolo_git.git.new_objects import NewObjects
from regolo_git.git.repository import GitRepository, files_below
from regolo_git.git.trees import edit_tree

EMPTY = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
contents = st.sampled_from((None, b"1", b"2"))
edits = st.dictionaries(paths, contents, max_size=5)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> pygit2.Repository:
    return pygit2.init_repository(str(tmp_path_factory.mktemp("trees")), bare=True)


def edited(
    repository: pygit2.Repository, tree: pygit2.Tree | None, contents: dict[str, bytes | None]
) -> tuple[pygit2.Tree, list[str]]:
    blobs = {path: None if c is None else str(repository.create_blob(c)) for path, c in contents.items()}
    objects = NewObjects(GitRepository.open(find_repository(Path(repository.path), {})))
    oid = edit_tree(objects, tree, blobs)
    objects.write()
    found = repository[oid]
    assert isinstance(found, pygit2.Tree)
    return found, list(objects.oids)


def files_of(repository: pygit2.Repository, tree: pygit2.Tree) -> dict[str, bytes]:
    return {path[1:]: repository[oid].data for path, oid in files_below(tree, "")}  # type: ignore[attr-defined]


def clash(held: Iterable[str], changes: Iterable[str]) -> bool:
    """Whether a changed path goes through a file or ends at a directory, of those there or of the changed."""
    pairs = list(product(changes, {*held, *changes}))
    return any(other.startswith(f"{path}/") or path.startswith(f"{other}/") for path, other in pairs)


@settings(max_examples=50)
@given(edits, edits)
def test_an_edited_tree_is_an_edited_dictionary(
    repository: pygit2.Repository, first: dict[str, bytes | None], then: dict[str, bytes | None]
) -> None:
    model: dict[str, bytes] = {}
    tree: pygit2.Tree | None = None
    for changes in (first, then):
        if clash(model, changes):
            with pytest.raises(Conflict):
                edited(repository, tree, changes)
            return
        model = {path: content for path, content in (model | changes).items() if content is not None}
        tree, written = edited(repository, tree, changes)
        assert files_of(repository, tree) == model
        assert all(isinstance(repository[oid], pygit2.Tree) for oid in written)


@settings(max_examples=50)
@given(edits, edits)
def test_taking_an_edit_back_gives_the_tree_that_was(
    repository: pygit2.Repository, first: dict[str, bytes | None], then: dict[str, bytes | None]
) -> None:
    assume(not clash((), first))
    assume(not clash((path for path, content in first.items() if content is not None), then))
    before, _ = edited(repository, None, first)
    after, _ = edited(repository, before, then)
    back, _ = edited(repository, after, {path: first.get(path) for path in then})
    assert back.id == before.id


def test_only_the_directories_on_the_way_are_written(repository: pygit2.Repository) -> None:
    tree, _ = edited(repository, None, {"a/b/c": b"1", "a/x/y": b"1", "z/y": b"1"})
    after, written = edited(repository, tree, {"a/b/c": b"2"})
    ways = ("a/b", "a", "")
    assert written == [str(after[way].id if way else after.id) for way in ways]
    assert after["z"].id == tree["z"].id


def test_a_file_among_many_keeps_its_mode_and_neighbours(repository: pygit2.Repository) -> None:
    builder = repository.TreeBuilder()
    builder.insert("run", repository.create_blob(b"#!"), pygit2.enums.FileMode.BLOB_EXECUTABLE)
    tree = repository[builder.write()]
    assert isinstance(tree, pygit2.Tree)
    after, _ = edited(repository, tree, {"file": b"1"})
    assert after["run"].filemode == pygit2.enums.FileMode.BLOB_EXECUTABLE
    assert after["file"].filemode == pygit2.enums.FileMode.BLOB


def test_nothing_left_is_the_empty_tree(repository: pygit2.Repository) -> None:
    tree, _ = edited(repository, None, {"a/b": b"1"})
    after, written = edited(repository, tree, {"a/b": None})
    assert str(after.id) == EMPTY
    assert written == [EMPTY]


def test_deleting_what_is_not_there_changes_nothing(repository: pygit2.Repository) -> None:
    tree, _ = edited(repository, None, {"a": b"1"})
    assert edited(repository, tree, {"b": None, "c/d": None})[0].id == tree.id


@pytest.mark.parametrize(("path", "named"), [("a/b/c/d", "a/b/c"), ("a/b", "a/b"), ("a", "a")])
@pytest.mark.parametrize("content", [b"2", None])
def test_a_path_through_a_file_or_onto_a_directory_is_refused(
    repository: pygit2.Repository, path: str, named: str, content: bytes | None
) -> None:
    tree, _ = edited(repository, None, {"a/b/c": b"1"})
    with pytest.raises(Conflict, match=f"^'{named}' ") as caught:
        edited(repository, tree, {path: content})
    assert str(caught.value.hint) == f"git mv {named} elsewhere"
