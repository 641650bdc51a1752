"""Trees are compared, and those that are the same are not opened."""

from pathlib import Path

import pytest
from support.git_program import commit_files, git
from support.git_repository import opened

from regolo_git.errors import MissingObject
from regolo_git.git.tree_diff import differing_files


def test_a_tree_that_is_the_same_is_not_opened(git_repository: Path) -> None:
    commit_files(git_repository, {"a/b": "1"})
    repository, missing = opened(git_repository), "f" * 40
    assert differing_files(repository, missing, missing, "models") == {}
    assert differing_files(repository, None, None, "models") == {}
    tree = git(git_repository, "rev-parse", "HEAD:a").strip()
    assert differing_files(repository, None, tree, "a").keys() == {"a/b"}
    with pytest.raises(MissingObject):
        differing_files(repository, tree, missing, "a")
