"""A commit is a whole id, and replicas are counted from 1."""

import pytest

from regolo_git.errors import InvalidInput
from regolo_git.records.pins import REPLICAS_LIMIT, check_commit, check_replicas


def test_a_full_commit_id_is_returned() -> None:
    assert check_commit("0a" * 20) == "0a" * 20


@pytest.mark.parametrize("commit", ["", "0a" * 19, "0a" * 21, "0A" * 20, "main", "0a" * 20 + "\n"])
def test_anything_else_is_refused(commit: str) -> None:
    with pytest.raises(InvalidInput, match="is not a full commit id"):
        check_commit(commit)


@pytest.mark.parametrize("replicas", [1, REPLICAS_LIMIT])
def test_replicas_have_two_ends(replicas: int) -> None:
    assert check_replicas(replicas) == replicas


@pytest.mark.parametrize("replicas", [0, -1, REPLICAS_LIMIT + 1, True, 2.0, "2"])
def test_another_number_of_replicas_is_refused(replicas: int) -> None:
    with pytest.raises(InvalidInput, match="not a whole number between 1 and 1000"):
        check_replicas(replicas)
