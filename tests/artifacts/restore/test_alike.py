"""Paths that are one on the filesystem of the destination are refused by both names, before anything is written."""

import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from regolo_git.artifacts.ingest.ingest import ingest
from regolo_git.artifacts.restore.alike import is_one_name, refuse_alike
from regolo_git.artifacts.restore.materialize import materialize
from regolo_git.errors import Conflict
from regolo_git.store.store import Store

NFC, NFD = unicodedata.normalize("NFC", "é.txt"), unicodedata.normalize("NFD", "é.txt")


def without_case(_: int, first: str, second: str) -> bool:
    return first.casefold() == second.casefold()


def one_form(_: int, first: str, second: str) -> bool:
    return unicodedata.normalize("NFD", first) == unicodedata.normalize("NFD", second)


def exact(_: int, first: str, second: str) -> bool:
    return first == second


def write(top: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    return top


@pytest.mark.parametrize("is_one", [without_case, one_form])
@pytest.mark.parametrize("there", [False, True])
def test_two_paths_that_are_one_file_are_refused_by_both_names(
    store: Store, tmp_path: Path, is_one: object, there: bool
) -> None:
    pair = ("weights.bin", "Weights.bin") if is_one is without_case else (NFC, NFD)
    source = write(tmp_path / "source", {f"deep/{pair[0]}": "1", f"deep/{pair[1]}": "2", "other": "3"})
    artifact = ingest(store, source).artifact
    place = tmp_path / "to"
    if there:
        write(place, {"mine": "x"})
    with pytest.raises(Conflict) as caught:
        materialize(store, artifact, place, is_one=is_one)  # type: ignore[arg-type]
    for name in pair:
        assert f"'deep/{name}'" in caught.value.message
    assert "differ only in" in caught.value.message
    assert [path.name for path in place.rglob("*")] == (["mine"] if there else [])
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".regolo")]


def test_directories_that_are_one_are_refused_too(store: Store, tmp_path: Path) -> None:
    artifact = ingest(store, write(tmp_path / "source", {"A/x": "1", "a/y": "2"})).artifact
    with pytest.raises(Conflict, match="'A' and 'a' are one name"):
        materialize(store, artifact, tmp_path / "to", is_one=without_case)
    assert not (tmp_path / "to").exists()


def test_names_that_the_filesystem_distinguishes_are_written(store: Store, tmp_path: Path) -> None:
    files = {"A/x": "1", "a/x": "2", NFC: "3", NFD: "4", "ß": "5", "SS": "6"}
    artifact = ingest(store, write(tmp_path / "source", files)).artifact
    materialize(store, artifact, tmp_path / "to", is_one=exact)
    assert {path: (tmp_path / "to" / path).read_text() for path in files} == files


def test_one_of_them_alone_can_be_checked_out(store: Store, tmp_path: Path) -> None:
    artifact = ingest(store, write(tmp_path / "source", {"A": "1", "a": "2"})).artifact
    materialize(store, artifact, tmp_path / "to", patterns=["a"], is_one=without_case)
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["a"]


def test_the_filesystem_itself_is_asked(tmp_path: Path) -> None:
    (tmp_path / "probe").mkdir()
    directory = os.open(tmp_path / "probe", os.O_RDONLY)
    try:
        (tmp_path / "Case").touch()
        folds = (tmp_path / "cASE").exists()
        assert is_one_name(directory, "Case", "cASE") is folds
        assert is_one_name(directory, "same", "same") is True
        assert list((tmp_path / "probe").iterdir()) == []
        with pytest.raises(Conflict, match=r"'a/B' and 'A/b' are one name.*differ only in case"):
            refuse_alike(["a/B", "A/b"], directory, without_case)
        refuse_alike(["a/B", "A/c"], directory, exact)
    finally:
        os.close(directory)
