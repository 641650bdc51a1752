"""Files get their names all together: when one cannot, the others go back."""

from pathlib import Path

import pytest
from support.artifact_files import tree_of

from regolo_git.artifacts.restore.artifact_tree import ArtifactTree
from regolo_git.artifacts.restore.checkout_plan import Action, PlannedFile
from regolo_git.artifacts.restore.destination import find_destination
from regolo_git.artifacts.restore.replacement import Replacement
from regolo_git.artifacts.restore.staging import Staging


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for name in ("a", "inner/b", "inner/leaving"):
        (tmp_path / "m" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "m" / name).write_text(f"old {name}")
    (tmp_path / "m" / "script").write_text("#!/bin/sh")
    return tmp_path / "m"


def publish(place: Path, names: list[str], *, staged: int, leaving: list[str]) -> None:
    """Puts files in place of those of these names; only so many of them have been staged."""
    found = find_destination(place, None, "directory")
    with ArtifactTree(found.root) as tree:
        descriptor = tree.directory(found.staging_base)
        assert descriptor is not None
        with Staging(descriptor) as staging:
            planned = []
            for number, name in enumerate(names):
                seen = tree.look(f"m/{name}")
                action = Action.REPLACE if seen else Action.CREATE
                planned.append(
                    PlannedFile(number, f"m/{name}", Action.CHMOD if name == "script" else action, seen)
                )
                if number < staged:
                    staging.write(number, 0, memoryview(f"new {name}".encode()))
            with Replacement(tree, staging, found) as replacement:
                replacement.put(planned)
                replacement.remove([f"m/{name}" for name in leaving])


def test_files_are_put_and_taken_away(place: Path) -> None:
    publish(place, ["a", "inner/new/c"], staged=2, leaving=["inner/b", "inner/leaving"])
    assert tree_of(place) == {"a": b"new a", "inner/new/c": b"new inner/new/c", "script": b"#!/bin/sh"}


@pytest.mark.parametrize(
    ("names", "staged", "leaving"),
    [
        (["a", "inner/b", "inner/new/c", "script", "z"], 3, []),
        (["script", "a", "other/z"], 2, []),
        (["a", "inner/b", "other/z"], 3, ["inner/leaving", "nothing"]),
    ],
    ids=["a later file is missing", "a new directory", "a file to remove is missing"],
)
def test_a_failure_undoes_everything(place: Path, names: list[str], staged: int, leaving: list[str]) -> None:
    before = tree_of(place)
    with pytest.raises(FileNotFoundError):
        publish(place, names, staged=staged, leaving=leaving)
    assert tree_of(place) == before
    assert sorted(path.name for path in place.rglob("*") if path.is_dir()) == ["inner"]
    assert (place / "script").stat().st_mode & 0o111 == 0
    assert not list(place.parent.glob(".regolo*"))
