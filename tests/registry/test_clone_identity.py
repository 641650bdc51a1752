"""The id of a clone: it stays when the clone is moved, and a copy has another."""

import shutil
from pathlib import Path

import pytest
from support.git_program import git, new_repository

from regolo_git.git.discover import find_repository
from regolo_git.registry.clone_identity import clone_id


def id_at(top: Path) -> str:
    return clone_id(find_repository(top, {}))


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    top = tmp_path / "clone"
    top.mkdir()
    new_repository(top)
    return top


def test_it_stays_the_same_also_where_the_clone_is_moved(clone: Path) -> None:
    first = id_at(clone)
    assert id_at(clone) == first
    assert id_at(clone.rename(clone.with_name("moved"))) == first


def test_a_copy_has_its_own_and_so_has_a_copy_of_it(clone: Path) -> None:
    first = id_at(clone)
    second = id_at(Path(shutil.copytree(clone, clone.with_name("copy"))))
    third = id_at(Path(shutil.copytree(clone.with_name("copy"), clone.with_name("copy of the copy"))))
    assert len({first, second, third}) == 3
    assert [id_at(clone), id_at(clone.with_name("copy"))] == [first, second]


def test_a_copy_in_the_place_of_the_first_keeps_its_own(clone: Path) -> None:
    first, copy = id_at(clone), Path(shutil.copytree(clone, clone.with_name("copy")))
    second = id_at(copy)
    shutil.rmtree(clone)
    assert id_at(copy.rename(clone)) == second != first


def test_a_backup_that_is_restored_has_the_id_it_had(clone: Path) -> None:
    first, backup = id_at(clone), clone.with_name("backup")
    shutil.copytree(clone, backup)
    shutil.rmtree(clone)
    shutil.copytree(backup, clone)
    assert id_at(clone) == first


def test_the_id_of_an_older_release_is_taken_over(clone: Path) -> None:
    git(clone, "config", "regolo.cloneId", "abc")
    assert id_at(clone) == "abc"
    assert id_at(Path(shutil.copytree(clone, clone.with_name("copy")))) != "abc"


def test_a_value_that_somebody_has_edited_is_passed_over(clone: Path) -> None:
    git(clone, "config", "regolo.clone", "nonsense")
    assert id_at(clone) == id_at(clone) != "nonsense"
